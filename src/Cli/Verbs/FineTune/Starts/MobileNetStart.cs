// MobileNet with Keras's published weights, for images of other classes: its head is a new one.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal sealed class MobileNetStart : IStart
{
    private readonly Adapted<MobileNet> model;
    private readonly string folder;
    private readonly int size;

    private MobileNetStart(Adapted<MobileNet> model, string folder, int size) =>
        (this.model, this.folder, this.size) = (model, folder, size);

    public string Text => $"MobileNet of {folder}, {model.ParameterCount():N0} numbers, images of "
        + $"{size} x {size}";

    public static MobileNetStart Open(string folder, int size)
    {
        string file = Path.Combine(folder, "model.json");
        if (!File.Exists(file))
            throw CliException.Use($"--model: {file}: not there; name the folder of MobileNet's "
                + "weights in TensorFlow.js's format, with model.json and its shards.");
        var (network, statistics) = MobileNet.FromKeras(TensorFlowJs.Read(file));
        return new(new(network, statistics), folder, size);
    }

    /// <summary>The same network with random weights, to compare with.</summary>
    public MobileNetStart Untrained(long seed)
    {
        Tensor stem = model.Network.Stem.Convolution.Weight;
        MobileNet fresh = MobileNet.Create(
            Key.From(seed), model.Network.Head.Weight.Shape[0], stem.Shape[0] / 32.0,
            stem.Shape[1]);
        return new(new(fresh, NormStatistics.For(fresh)), folder, size);
    }

    public LabelledSet Prepare(LabelledSet data)
    {
        int channels = model.Network.Stem.Convolution.Weight.Shape[1];
        if (data.Shape.Rank != 3 || data.Shape[0] != channels)
            throw CliException.Use($"--data: MobileNet takes images of {channels} channels, but "
                + $"{data.Name} has examples of {data.Shape}; choose other data.");
        return data.Resize(size, size).Scaled([2], [-1]);
    }

    public R Use<R>(StartSeed seed, IStartUse<R> use) => use.With(Starts.For(model, [], seed));
}
