// A network with adapters as a network: whatever trains or adapts networks then trains and adapts
// the adapters, chosen by path.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// A network whose weights are changed by adapters. As a network of its own it can be fine-tuned
/// with <c>TunePlan.Of(path => path.StartsWith("Lora."))</c>, and be adapted to another domain.
/// </summary>
public sealed partial record WithLora<N>(N Base, Lora Lora) : IFeatureNetwork
    where N : IFeatureNetwork
{
    /// <summary>The network with the adapters merged.</summary>
    public N Merged => Lora.Merge(Base);

    /// <summary>The head, with its change if it is adapted.</summary>
    public Linear Head => Lora.Only(Heads.In(Base)).Merge(Base).Head;

    /// <summary>Inputs (N, ...) to features (N, F).</summary>
    public Tensor Features(Tensor x, Normalize normalize) => Merged.Features(x, normalize);

    /// <summary>The same, with the network's dropout if there is a key.</summary>
    public Tensor Features(Tensor x, Normalize normalize, Key? dropout) =>
        Merged.Features(x, normalize, dropout);
}
