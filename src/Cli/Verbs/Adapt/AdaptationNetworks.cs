// The networks that engine adapt knows.
using Engine.Data;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>What is done with a network, whatever its type.</summary>
internal interface INetworkUse<out R>
{
    R With<N>(N network) where N : IFeatureNetwork;
}

internal static class AdaptationNetworks
{
    public const string Names = "lenet-bn (batch-normalised), lenet, conv4 or mlp";

    private const int Hidden = 100;

    private static readonly string[] Known = ["lenet-bn", "lenet", "conv4", "mlp"];

    /// <summary>Refuses a name of no network.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static void CheckName(string? name)
    {
        if (name is not null && !Known.Contains(name))
            throw CliException.Use($"--network: '{name}' is wrong; give one of {Names}.");
    }

    /// <summary>Refuses a network that does not take the examples of a set.</summary>
    /// <exception cref="CliException">It does not.</exception>
    public static void Check(string? name, LabelledSet examples) =>
        Use(name, examples, Key.From(0), new Nothing());

    /// <summary>The network of a name for the examples of a set, handed to what uses it.</summary>
    /// <exception cref="CliException">There is none, or it does not take such examples.</exception>
    public static R Use<R>(string? name, LabelledSet examples, Key key, INetworkUse<R> use)
    {
        CheckName(name);
        Shape shape = examples.Shape;
        int classes = examples.Classes.Length;
        bool images = shape.Rank == 3;
        name ??= images ? "lenet-bn" : "mlp";
        if (name != "mlp" && !images)
        {
            throw CliException.Use($"--network: {name} is for images, but {examples.Name} has "
                + $"vectors of {shape[0]} numbers; mlp takes them.");
        }

        if (name == "mlp" && images)
        {
            throw CliException.Use($"--network: mlp is for vectors, but {examples.Name} has images "
                + $"of {shape}; lenet-bn takes them.");
        }

        if (images && shape[1] != shape[2])
        {
            throw CliException.Use($"--network: {name} takes square images, but {examples.Name} "
                + $"has {shape[1]} x {shape[2]}; --size 28 makes them so.");
        }

        return name switch
        {
            "lenet-bn" => use.With(NormalizedLeNet.Create(key, classes, shape[0], shape[1])),
            "lenet" => use.With(LeNet.Create(key, classes, shape[0], shape[1])),
            "conv4" => use.With(Conv4.Create(key, shape[0], shape[1], 32, classes)),
            "mlp" => use.With(Mlp.Create(key, [examples.Size, Hidden, classes])),
            _ => throw new InvalidOperationException(name),
        };
    }

    private sealed class Nothing : INetworkUse<bool>
    {
        public bool With<N>(N network) where N : IFeatureNetwork => true;
    }
}
