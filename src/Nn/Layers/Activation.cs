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

    /// <summary>x above 0, x / 100 elsewhere.</summary>
    LeakyRelu,

    /// <summary>x above 0, e^x - 1 elsewhere.</summary>
    Elu,

    /// <summary>x times the normal distribution function.</summary>
    Gelu,

    /// <summary>x / (1 + e^-x), the swish.</summary>
    Silu,

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
        Activation.LeakyRelu => x.LeakyRelu(),
        Activation.Elu => x.Elu(),
        Activation.Gelu => x.Gelu(),
        Activation.Silu => x.Silu(),
        _ => x,
    };
}
