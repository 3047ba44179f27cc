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

    /// <summary>The tree with each leaf's value from under its path's name.</summary>
    public T Fill<T>(T like, IReadOnlyList<string> paths) where T : ITree
    {
        IReadOnlyList<Tensor> leaves = like.Leaves();
        var loaded = new Tensor[leaves.Count];
        for (int i = 0; i < loaded.Length; i++)
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
            loaded[i] = tensor;
        }
        return like.WithLeaves(loaded);
    }

    /// <summary>Tensors that nothing asked for are an error, PyTorch's counters excepted.</summary>
    public void CheckNothingLeft()
    {
        string? name = left.Keys.Order().FirstOrDefault(
            key => !key.EndsWith("num_batches_tracked", StringComparison.Ordinal));
        if (name is not null)
            throw new EngineException($"{source} holds '{name}', which the model lacks. Was it "
                + "saved by another kind of model?");
    }
}
