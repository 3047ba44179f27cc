// A batch for ordinary training: what a step of a classifier takes.
namespace Engine.Data;

/// <summary>
/// Examples and their labels: inputs float32 (n, ...), an example in each row; labels int64 (n).
/// </summary>
public sealed partial record LabelledBatch(Tensor X, Tensor Y) : ITree
{
    /// <summary>Number of examples.</summary>
    public int Count => X.Shape[0];
}
