// The network of a run of engine train: the start that a meta-learner has found, to be fine-tuned
// on a task of its own. With --pretrain-steps in training, this is the recipe of three stages.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal sealed class MetaLearnedStart : IStart
{
    private readonly RunConfig config;
    private readonly ITree network;

    private MetaLearnedStart(RunConfig config, ITree network) =>
        (this.config, this.network) = (config, network);

    public string Text => $"{config.Network.Description}, {config.Options.Ways}-way by "
        + config.Method.Learning.Description;

    public static MetaLearnedStart Open(string path, FineTuneOptions options)
    {
        bool file = path.EndsWith(".safetensors", StringComparison.Ordinal);
        string folder = file ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        string model = file ? path : Path.Combine(folder, "model.safetensors");
        RunConfig config =
            RunConfig.Read(Path.Combine(folder, RunConfig.File), Choices.With([]));
        if (options.Size is not null)
            throw CliException.Use(
                "--size: the network of --model has a size of its own; leave it out.");
        if (!File.Exists(model))
            throw CliException.Use($"--model: {model}: not there; engine train --resume {folder} "
                + "goes on with that run.");
        ITree? network = config.Network
            .Create(config.Method.Learning, config.Options, config.Images).Load(model).Network;
        if (network is not (Conv4 or ResNet12 or LeNet))
            throw CliException.Use($"--model: {config.Method.Name} of {config.Network.Name} left "
                + "no network of images that tasks start from; give a run of maml, anil, boil, "
                + "meta-sgd, imaml or reptile, of conv4, resnet12 or lenet.");
        if (NormStatistics.Paths(network).Count > 0
            && (options.Norm != NormPolicy.PerDomain || options.Plan == PlanName.Probe))
            throw CliException.Use("--norm: meta-learning keeps no running statistics of batch "
                + $"normalisation, which {config.Network.Name} has, so none can go on or stay; "
                + "give --norm per-domain, and another plan than probe.");
        return new(config, network);
    }

    /// <summary>Whether a path is of a run of engine train, or of the model in it.</summary>
    public static bool IsOne(string path)
    {
        string folder = path.EndsWith(".safetensors", StringComparison.Ordinal)
            ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        return RunConfig.VerbOf(Path.Combine(folder, RunConfig.File)) == "train";
    }

    public LabelledSet Prepare(LabelledSet data)
    {
        Shape shape = [config.Images.Channels, config.Images.Height, config.Images.Width];
        return Starts.Fit(Starts.Sized(data, shape), shape, "the network of --model");
    }

    public R Use<R>(StartSeed seed, IStartUse<R> use) => network switch
    {
        Conv4 net => use.With(Of(net, seed)),
        ResNet12 net => use.With(Of(net, seed)),
        LeNet net => use.With(Of(net, seed)),
        _ => throw new InvalidOperationException(network.GetType().Name),
    };

    /// <summary>
    /// A meta-learned head was learned to be adapted to any classes: it is kept for as many.
    /// </summary>
    private static StartNetwork<N> Of<N>(N net, StartSeed seed) where N : IFeatureNetwork
    {
        var model = new Adapted<N>(net, NormStatistics.For(net));
        return net.Head.Weight.Shape[0] == seed.Classes.Length
            ? new(model, NewHead: false) : Starts.For(model, [], seed);
    }
}
