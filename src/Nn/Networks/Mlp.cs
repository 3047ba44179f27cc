// The multi-layer perceptron.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>Linear layers with an activation between them (none after the last).</summary>
public sealed partial record Mlp(ImmutableArray<Linear> Layers, Activation Activation)
    : IFeatureNetwork
{
    /// <summary>The last layer, from features to outputs.</summary>
    public Linear Head => Layers[^1];

    /// <summary>
    /// Layers of the given sizes, inputs first: [1, 40, 40, 1]; Xavier-uniform weights.
    /// </summary>
    public static Mlp Create(
        Key key, ReadOnlySpan<int> sizes, Activation activation = Activation.Relu,
        DType type = DType.Float32)
    {
        if (sizes.Length < 2)
            throw new EngineException("Mlp: needs at least the sizes of input and output, such as "
                + "[784, 256, 10].");
        Key[] keys = key.Split(sizes.Length - 1);
        var layers = ImmutableArray.CreateBuilder<Linear>(keys.Length);
        for (int i = 0; i < keys.Length; i++)
            layers.Add(Linear.Create(keys[i], sizes[i], sizes[i + 1], type: type));
        return new(layers.MoveToImmutable(), activation);
    }

    /// <summary>(N, inputs) to (N, outputs).</summary>
    public Tensor Forward(Tensor x) => Layers[^1].Forward(Features(x));

    /// <summary>(N, inputs) to the activations before the last layer, (N, units).</summary>
    public Tensor Features(Tensor x)
    {
        foreach (Linear layer in Layers.AsSpan()[..^1])
            x = layer.Forward(x).Activate(Activation);
        return x;
    }

    // It has no normalisation to apply.
    Tensor IFeatureNetwork.Features(Tensor x, Normalize normalize) => Features(x);
}
