// Where fine-tuning starts: a trained network, wherever it comes from.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What stands at the beginning of a seed.</summary>
/// <param name="Model">The network and its normalisation statistics.</param>
/// <param name="NewHead">Whether its head is untrained, since the data have other classes.</param>
internal sealed record StartNetwork<N>(Adapted<N> Model, bool NewHead) where N : IFeatureNetwork;

/// <summary>What is done with the start of a seed, whatever its type.</summary>
internal interface IStartUse<out R>
{
    R With<N>(StartNetwork<N> start) where N : IFeatureNetwork;

    /// <summary>
    /// Refuses what cannot be done with a network like this one, before it is trained.
    /// </summary>
    void Check<N>(StartNetwork<N> untrained) where N : IFeatureNetwork
    {
    }
}

/// <summary>What a start may need of the seed that it is for.</summary>
/// <param name="Number">0 of the first seed, 1 of the next.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Classes">The classes that the head is to tell apart.</param>
/// <param name="Folder">Where a start that has to be made first keeps it.</param>
/// <param name="Context">Where it shows its progress.</param>
internal sealed record StartSeed(
    int Number, long Seed, ImmutableArray<string> Classes, RunFolder Folder, VerbContext Context);

/// <summary>A source of trained networks.</summary>
internal interface IStart
{
    /// <summary>What it is, in words.</summary>
    string Text { get; }

    /// <summary>
    /// What its network has learnt with labels, as a domain's text and the seed of its sample.
    /// </summary>
    IEnumerable<(string Spec, long Seed)> Learned => [];

    /// <summary>
    /// The same start for the run in a folder: of the networks that the run began with, whatever
    /// has come to be there since.
    /// </summary>
    IStart Of(RunFolder folder) => this;

    /// <summary>Examples as the network takes them: resized, scaled.</summary>
    /// <exception cref="CliException">It takes others.</exception>
    LabelledSet Prepare(LabelledSet data);

    /// <summary>Hands over the network of a seed.</summary>
    R Use<R>(StartSeed seed, IStartUse<R> use);
}

internal static class Starts
{
    private const string Keras = "mobilenet:";

    /// <summary>The start that options name.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static IStart Open(FineTuneOptions options) => options.Model switch
    {
        null => TrainedStart.Open(options),
        { } text when text.StartsWith(Keras, StringComparison.Ordinal) =>
            MobileNetStart.Open(text[Keras.Length..], options.Size ?? 96),
        { } run when MetaLearnedStart.IsOne(run) => MetaLearnedStart.Open(run, options),
        { } run => AdaptedStart.Open(run, options),
    };

    /// <summary>What --model names with the whole path of its files.</summary>
    public static string Absolute(string model) =>
        model.StartsWith(Keras, StringComparison.Ordinal)
            ? Keras + Path.GetFullPath(Path.Combine(".", model[Keras.Length..]))
            : Path.GetFullPath(Path.Combine(".", model));

    /// <summary>
    /// A trained network for data: with a new head if the data have other classes than it knows.
    /// </summary>
    public static StartNetwork<N> For<N>(
        Adapted<N> model, ImmutableArray<string> known, StartSeed seed) where N : IFeatureNetwork
    {
        if (known.SequenceEqual(seed.Classes)) return new(model, NewHead: false);
        Linear head = Linear.Create(
            Key.From(seed.Seed).Fold(7), model.Network.Head.Weight.Shape[1], seed.Classes.Length);
        return new(
            model with { Network = Heads.Replace(model.Network, head) }, NewHead: true);
    }

    /// <summary>Refuses data of another shape than a network takes.</summary>
    public static LabelledSet Fit(LabelledSet data, Shape shape, string network) =>
        data.Shape == shape ? data : throw CliException.Use($"--data: {network} takes examples of "
            + $"{shape}, but {data.Name} has {data.Shape}; choose other data or another network.");

    /// <summary>Images in the size of others; what is no image stays.</summary>
    public static LabelledSet Sized(LabelledSet data, Shape like) =>
        data.Shape.Rank == 3 && like.Rank == 3 ? data.Resize(like[1], like[2]) : data;
}
