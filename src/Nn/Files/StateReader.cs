// Takes named tensors into trees and sees that none is missing, different or left over.
namespace Engine.Nn;

/// <summary>
/// Fills trees from named tensors. The source, such as "SafeTensors: model.safetensors", begins
/// every error.
/// </summary>
internal sealed class StateReader(
    string source, IReadOnlyDictionary<string, Tensor> tensors, Func<string, string> names)
{
    private readonly Dictionary<string, Tensor> left = new(tensors);

    /// <summary>Names that nothing asked for, sorted, without PyTorch's counters.</summary>
    public IReadOnlyList<string> LeftOver =>
    [
        .. left.Keys
            .Where(key => !key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Order(),
    ];

    /// <summary>The tree with each leaf's value from under its path's name.</summary>
    public T Fill<T>(T like, IReadOnlyList<string> paths) where T : ITree =>
        FillPart(like, paths, _ => true, mayBeNone: true);

    /// <summary>
    /// The tree with the chosen leaves' values from under their paths' names; some are chosen.
    /// </summary>
    public T FillPart<T>(
        T like, IReadOnlyList<string> paths, Func<string, bool> where, bool mayBeNone = false)
        where T : ITree
    {
        Tensor[] leaves = [.. like.Leaves()];
        int[] chosen = [.. Enumerable.Range(0, leaves.Length).Where(i => where(paths[i]))];
        if (chosen.Length == 0 && !mayBeNone)
            throw new EngineException($"{source} was not loaded: no leaf was chosen, of "
                + $"[{string.Join(", ", paths)}]. Let `where` accept one of these paths.");
        foreach (int i in chosen)
        {
            string name = names(paths[i]);
            if (!left.Remove(name, out Tensor? tensor))
                throw new EngineException($"{source} holds no '{name}', which the model needs"
                    + (name == paths[i] ? "." : $" as {paths[i]}.")
                    + " Was it saved by another kind of model?");
            if (tensor.Shape != leaves[i].Shape || tensor.DType != leaves[i].DType)
                throw new EngineException($"{source} holds '{name}' as {tensor.DType.Name()} "
                    + $"{tensor.Shape}, but the model needs {leaves[i].DType.Name()} "
                    + $"{leaves[i].Shape}. Build the model with the sizes it was saved with.");
            leaves[i] = tensor;
        }
        return like.WithLeaves(leaves);
    }

    /// <summary>Tensors that nothing asked for are an error, PyTorch's counters excepted.</summary>
    public void CheckNothingLeft()
    {
        if (LeftOver is [var name, ..])
            throw new EngineException($"{source} holds '{name}', which the model lacks. Was it "
                + "saved by another kind of model?");
    }
}
