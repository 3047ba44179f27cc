// Weights in TensorFlow.js's layers format: model.json lists groups of tensors, each group the
// concatenation of its shard files.
using System.Text.Json;

namespace Engine.Nn;

/// <summary>Reads the weights of TensorFlow.js models; the topology is not looked at.</summary>
public static class TensorFlowJs
{
    /// <summary>
    /// All weights by name, from a model.json and the shards beside it: float32, int32 and bool,
    /// without quantisation.
    /// </summary>
    /// <exception cref="EngineException">Missing, damaged, or of another format.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        try
        {
            using JsonDocument model = JsonDocument.Parse(File.ReadAllBytes(path));
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            var weights = new Dictionary<string, Tensor>();
            JsonElement manifest = model.RootElement.GetProperty("weightsManifest");
            foreach (JsonElement group in manifest.EnumerateArray())
                ReadGroup(group, folder, weights);
            return weights;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.Fail("TensorFlowJs", $"{path} cannot be read: {Errors.OneLine(e)}", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException
            or InvalidOperationException or OverflowException or ArgumentException
            or EngineException)
        {
            throw Errors.Fail("TensorFlowJs",
                $"{path} is damaged or no model of TensorFlow.js: {Errors.OneLine(e)}", e);
        }
    }

    private static void ReadGroup(
        JsonElement group, string folder, Dictionary<string, Tensor> weights)
    {
        using var data = new MemoryStream();
        foreach (JsonElement shard in group.GetProperty("paths").EnumerateArray())
        {
            string name = shard.GetString() ?? "";
            if (name != Path.GetFileName(name))
                throw new FormatException($"shard '{name}' does not lie beside it.");
            data.Write(File.ReadAllBytes(Path.Combine(folder, name)));
        }
        ReadOnlySpan<byte> left = data.GetBuffer().AsSpan(0, (int)data.Length);
        foreach (JsonElement weight in group.GetProperty("weights").EnumerateArray())
        {
            string name = weight.GetProperty("name").GetString() ?? "";
            DType type = TypeOf(weight, name);
            int[] sizes =
                [.. weight.GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())];
            string shape = $"({string.Join(", ", sizes)})";
            if (sizes.Any(size => size < 0))
                throw new FormatException($"'{name}' of {shape} has a negative size.");
            long bytes = type.Size();
            foreach (int size in sizes) bytes = checked(bytes * size);
            if (bytes > left.Length)
                throw new FormatException(
                    $"'{name}' of {shape} needs {bytes} bytes, but {left.Length} are left.");
            if (!weights.TryAdd(name, Tensor.FromRaw(left[..(int)bytes], sizes, type)))
                throw new FormatException($"'{name}' is there twice.");
            left = left[(int)bytes..];
        }
        if (left.Length > 0)
            throw new FormatException($"{left.Length} bytes of a group belong to no weight.");
    }

    private static DType TypeOf(JsonElement weight, string name)
    {
        if (weight.TryGetProperty("quantization", out _))
            throw new FormatException($"'{name}' is quantised. Convert the model without.");
        return weight.GetProperty("dtype").GetString() switch
        {
            "float32" => DType.Float32,
            "int32" => DType.Int32,
            "bool" => DType.Bool,
            var other => throw new FormatException(
                $"'{name}' has dtype {other}; float32, int32 and bool are understood."),
        };
    }
}
