// A file of PyTorch's results: for each case an op, its attributes and inputs, and what PyTorch
// made of them: value, vector-Jacobian product and second-order gradient, in float64.
using System.IO.Compression;
using System.Text.Json;

namespace Engine.Parity;

/// <summary>
/// One case. <c>Vjp</c> is the gradient of sum(output * cotangent) by each float input, and
/// <c>Second</c> that of the sum of vjp * directions; null where there is none.
/// </summary>
internal sealed record ReferenceCase(
    string Name, string Op, JsonElement Attributes, Tensor[] Inputs, Tensor Output,
    Tensor Cotangent, Tensor?[] Vjp, Tensor?[] Directions, Tensor?[] Second)
{
    /// <summary>The cases of a file, plain or compressed.</summary>
    public static List<ReferenceCase> Read(string path)
    {
        using Stream file = File.OpenRead(path);
        using Stream json = path.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        JsonElement root = JsonDocument.Parse(json).RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        return [.. root.GetProperty("cases").EnumerateArray().Select(Case)];
    }

    public override string ToString() => Name;

    public int Int(string name) => Attributes.GetProperty(name).GetInt32();

    public int[] Ints(string name) =>
        [.. Attributes.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public bool Bool(string name) => Attributes.GetProperty(name).GetBoolean();

    public double Double(string name, double otherwise = double.NaN) =>
        Attributes.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : otherwise;

    private static ReferenceCase Case(JsonElement c)
    {
        Tensor?[] Arrays(string name) =>
            [.. c.GetProperty(name).EnumerateArray().Select(Array)];
        return new(
            c.GetProperty("name").GetString()!, c.GetProperty("op").GetString()!,
            c.GetProperty("attributes"), [.. Arrays("inputs").Select(x => x!)],
            Array(c.GetProperty("output"))!, Array(c.GetProperty("cotangent"))!,
            Arrays("vjp"), Arrays("directions"), Arrays("second"));
    }

    private static Tensor? Array(JsonElement array)
    {
        if (array.ValueKind == JsonValueKind.Null) return null;
        int[] shape = [.. array.GetProperty("shape").EnumerateArray().Select(n => n.GetInt32())];
        JsonElement.ArrayEnumerator values = array.GetProperty("values").EnumerateArray();
        return array.TryGetProperty("dtype", out _)
            ? Tensor.From([.. values.Select(v => v.GetInt64())], shape)
            : Tensor.From([.. values.Select(v => v.GetDouble())], shape);
    }
}
