// Activation functions by name, so that a network's choice is part of its structure.
namespace Engine.Nn;

/// <summary>An element-wise non-linearity.</summary>
public enum Activation
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>1 / (1 + e^-x).</summary>
    Sigmoid,

    /// <summary>ln(1 + e^x).</summary>
    Softplus,

    /// <summary>x itself.</summary>
    None,
}

/// <summary>Applies activations.</summary>
public static class Activations
{
    /// <summary>The activation of each element.</summary>
    public static Tensor Activate(this Tensor x, Activation activation) => activation switch
    {
        Activation.Relu => x.Relu(),
        Activation.Tanh => x.Tanh(),
        Activation.Sigmoid => x.Sigmoid(),
        Activation.Softplus => x.Softplus(),
        _ => x,
    };
}
