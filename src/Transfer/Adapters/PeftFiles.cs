// Adapters in the two files of Hugging Face's PEFT: adapter_config.json and
// adapter_model.safetensors. A weight's factors are "base_model.model.<module>.lora_A.weight" and
// "....lora_B.weight", in the shapes that Lora has. Of attention the packed projections are the
// module itself, and the projection behind it is "<module>.base_layer.out_proj"; PEFT always adapts
// both, and what a file lacks of them it leaves unchanged.
using System.Globalization;
using System.Text.Json;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Writes and reads adapters as PEFT does.</summary>
public static class PeftFiles
{
    private const string Op = "Lora";
    private const string Config = "adapter_config.json";
    private const string Tensors = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string Down = ".lora_A.weight";
    private const string Up = ".lora_B.weight";

    /// <summary>Writes both files into a folder, which is made if it is missing.</summary>
    /// <param name="lora">The adapters.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model that they adapt.</param>
    /// <param name="names">
    /// The key that PyTorch's model gives the leaf of a path; <see cref="StateDict.PyTorchName"/>
    /// by default.
    /// </param>
    /// <exception cref="EngineException">
    /// The adapters are of another model, PEFT has no name for one, or a file cannot be written.
    /// </exception>
    public static void Save<T>(
        this Lora lora, string folder, T model, Func<string, string>? names = null) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(lora);
        lora.Merge(model); // says what does not fit
        var weights = new NamedWeights(LoraLayers.Of(model), names ?? StateDict.PyTorchName);
        var tensors = new Dictionary<string, Tensor>();
        var modules = new List<string>();
        foreach (LoraPair pair in lora.Pairs)
        {
            var (module, key) = weights.Of(pair.Path) ?? throw Errors.Fail(Op, $"PEFT has no name "
                + $"for an adapter of '{pair.Path}': in PyTorch it is "
                + $"'{weights.Names(pair.Path)}', and not a module's weight. Give `names`.");
            modules.Add(module);
            tensors.Add(key + Down, pair.Down);
            tensors.Add(key + Up, pair.Up);
        }
        try
        {
            Directory.CreateDirectory(folder);
            SafeTensors.Save(
                Path.Combine(folder, Tensors), tensors,
                new Dictionary<string, string> { ["format"] = "pt" });
            File.WriteAllText(
                Path.Combine(folder, Config), ConfigText(lora, modules.Distinct()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.Fail(Op, $"{folder} cannot be written: {e.Message}");
        }
    }

    /// <summary>Reads adapters of a model from a folder with both files.</summary>
    /// <inheritdoc cref="Save" path="/param[@name='names']"/>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model that they adapt.</param>
    /// <param name="names"/>
    /// <exception cref="EngineException">
    /// A file is missing or damaged, has a kind of adapter that is not LoRA alone, or is of another
    /// model: then the names or shapes that differ are told.
    /// </exception>
    public static Lora Load<T>(string folder, T model, Func<string, string>? names = null)
        where T : ITree
    {
        var (rank, alpha) = ReadConfig(Path.Combine(folder, Config));
        string file = Path.Combine(folder, Tensors);
        Dictionary<string, Tensor> left = SafeTensors.Read(file).Tensors;
        var weights = new NamedWeights(LoraLayers.Of(model), names ?? StateDict.PyTorchName);
        var pairs = new List<LoraPair>();
        foreach (var (path, weight) in model.Paths().Zip(model.Leaves()))
        {
            if (weights.Of(path) is not var (_, key)) continue;
            left.Remove(key + Up, out Tensor? up);
            if (!left.Remove(key + Down, out Tensor? down) && up is null) continue;
            if (down is null || up is null)
                throw Errors.Fail(Op, $"{file} holds only one of '{key}{Down}' and '{key}{Up}'.");
            var pair = new LoraPair(path, down, up);
            weights.Layers.Check(path, weight);
            Lora.Check(pair, weight, rank);
            pairs.Add(pair);
        }
        if (left.Count > 0)
        {
            string extra = left.Keys.Order(StringComparer.Ordinal).First();
            throw Errors.Fail(Op, $"{file} holds '{extra}' {left[extra].Shape}, which is of no "
                + $"weight of {typeof(T).Name}: these are called "
                + $"[{string.Join(", ", model.Paths().Select(weights.Names))}]. The adapter is of "
                + "another model, or needs other `names`.");
        }
        if (pairs.Count == 0) throw Errors.Fail(Op, $"{file} holds no adapter.");
        return Lora.Of(pairs, rank, alpha);
    }

    private static string ConfigText(Lora lora, IEnumerable<string> modules)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new() { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("peft_type", "LORA");
            json.WriteNull("task_type");
            json.WriteNull("base_model_name_or_path");
            json.WriteBoolean("inference_mode", true);
            json.WriteNumber("r", lora.Rank);
            json.WriteNumber("lora_alpha", lora.Alpha);
            json.WriteNumber("lora_dropout", 0.0);
            json.WriteString("bias", "none");
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("init_lora_weights", true);
            json.WriteBoolean("use_rslora", false);
            json.WriteBoolean("use_dora", false);
            json.WriteNull("modules_to_save");
            json.WriteStartArray("target_modules");
            foreach (string module in modules) json.WriteStringValue(module);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static (int Rank, double Alpha) ReadConfig(string file)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = json.RootElement;
            Refuse(file, root);
            int rank = root.GetProperty("r").GetInt32();
            double alpha = root.GetProperty("lora_alpha").GetDouble();
            // Rank-stabilised LoRA divides by the root of the rank instead of the rank.
            return (rank, IsSet(root, "use_rslora") ? alpha * Math.Sqrt(rank) : alpha);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.Fail(Op, $"{file} cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException
            or KeyNotFoundException or FormatException)
        {
            throw Errors.Fail(Op, $"{file} is damaged or no configuration of PEFT: "
                + e.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>An error for what would silently be another change of the model.</summary>
    private static void Refuse(string file, JsonElement root)
    {
        RefuseBeginning(file, root);
        string kind = root.GetProperty("peft_type").GetString() ?? "null";
        if (kind != "LORA")
            throw Errors.Fail(Op, $"{file} is of a {kind} adapter. Only LORA is read.");
        if (root.TryGetProperty("bias", out JsonElement bias) && bias.GetString() != "none")
            throw Errors.Fail(Op, $"{file} has bias = {bias}: biases changed too. Only adapters "
                + "that leave them alone are read.");
        foreach (string option in (string[])
            ["use_dora", "fan_in_fan_out", "lora_bias", "modules_to_save", "rank_pattern",
                "alpha_pattern", "layer_replication", "target_parameters"])
            if (IsSet(root, option))
                throw Errors.Fail(Op, string.Create(CultureInfo.InvariantCulture,
                    $"{file} sets {option}, which is not read: the adapter would be another one."));
    }

    /// <summary>
    /// An error for beginnings that took the adapter's first product off the model's weights, which
    /// are then not those that it is merged into here.
    /// </summary>
    private static void RefuseBeginning(string file, JsonElement root)
    {
        if (!root.TryGetProperty("init_lora_weights", out JsonElement begin)
            || begin.ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
            return;
        string name = begin.ToString();
        if (name is not ("gaussian" or "eva" or "orthogonal"))
            throw Errors.Fail(Op, $"{file} has init_lora_weights = {name}, which may have changed "
                + "the model's own weights as well. Convert it in PEFT, by save_pretrained with "
                + "path_initial_model_for_weight_conversion.");
    }

    private static bool IsSet(JsonElement root, string option) =>
        root.TryGetProperty(option, out JsonElement value) && value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.Object => value.EnumerateObject().Any(),
            JsonValueKind.Array => value.GetArrayLength() > 0,
            _ => true,
        };

    /// <summary>What PEFT calls the weights of a model.</summary>
    private sealed record NamedWeights(LoraLayers Layers, Func<string, string> Names)
    {
        /// <summary>
        /// The module that is adapted and what its factors' keys begin with; null if PEFT has no
        /// name for the leaf.
        /// </summary>
        public (string Module, string Key)? Of(string path)
        {
            LoraLayer layer = Layers[path];
            string end = layer switch
            {
                LoraLayer.Packed => ".in_proj_weight",
                LoraLayer.OutProjection => ".out_proj.weight",
                _ => ".weight",
            };
            string name = Names(path);
            if (!name.EndsWith(end, StringComparison.Ordinal)) return null;
            string module = name[..^end.Length];
            return (module, Prefix + module
                + (layer == LoraLayer.OutProjection ? ".base_layer.out_proj" : ""));
        }
    }
}
