// Which layer a weight belongs to: a matrix of numbers does not say whether it is a linear layer's
// or a table of embeddings, and a file of PEFT names the parts of attention in their own way.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>What an adapter must know of the layer that it adapts.</summary>
internal enum LoraLayer
{
    /// <summary>A layer with one weight of its own.</summary>
    Plain,

    /// <summary>The packed projections of queries, keys and values in attention.</summary>
    Packed,

    /// <summary>The projection behind attention.</summary>
    OutProjection,

    /// <summary>A convolution in groups, of which PEFT's two convolutions are no product.</summary>
    Grouped,

    /// <summary>A layer whose weight no adapter is defined for.</summary>
    Unsupported,
}

/// <summary>The layers of a model by the paths of their weights.</summary>
internal sealed class LoraLayers : TreeMap
{
    private readonly Dictionary<string, LoraLayer> layers = [];
    private string path = "";

    public static LoraLayers Of<T>(T model) where T : ITree
    {
        var layers = new LoraLayers();
        layers.Child("", model);
        return layers;
    }

    public LoraLayer this[string path] => layers.GetValueOrDefault(path, LoraLayer.Plain);

    /// <summary>An error unless the leaf at a path can have an adapter.</summary>
    public void Check(string path, Tensor weight)
    {
        string? reason = this[path] switch
        {
            LoraLayer.Grouped => "belongs to a convolution in groups, whose change is no product "
                + "of two small convolutions",
            LoraLayer.Unsupported => "is the weight of an embedding or of a transposed convolution",
            _ when weight.Rank is < 2 or > 4 || !weight.DType.IsFloat() => "is no weight",
            _ => null,
        };
        if (reason is not null)
            throw Errors.Fail("Lora", $"'{path}', {weight.DType.Name()} {weight.Shape}, {reason}. "
                + "Choose weights of linear layers, convolutions and attention.");
    }

    public override Tensor Leaf(string name, Tensor value) => value;

    public override T Child<T>(string name, T value)
    {
        string outer = path;
        path = Join(path, name);
        switch (value)
        {
            case MultiHeadAttention:
                layers[Join(path, nameof(MultiHeadAttention.PackedWeight))] = LoraLayer.Packed;
                layers[Join(path, "OutProjection.Weight")] = LoraLayer.OutProjection;
                break;
            case Conv2d { Groups: > 1 } or Conv1d { Groups: > 1 }:
                layers[Join(path, "Weight")] = LoraLayer.Grouped;
                break;
            case Embedding or ConvTranspose2d:
                layers[Join(path, "Weight")] = LoraLayer.Unsupported;
                break;
        }
        T result = base.Child(name, value);
        path = outer;
        return result;
    }

    private static string Join(string path, string name) =>
        path.Length == 0 ? name : name.Length == 0 ? path : path + "." + name;
}
