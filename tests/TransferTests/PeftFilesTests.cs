// Tests of adapters in PEFT's files: names and shapes as PEFT writes them, what comes back, and
// what is refused.
using System.Text.Json;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

/// <summary>A model with each kind of layer that adapters have names for.</summary>
public sealed partial record Mixed(Conv2d Stem, MultiHeadAttention SelfAttention, Linear Head)
    : ITree
{
    public static Mixed Create(Key key, int classes = 3) => new(
        Conv2d.Create(key.Fold(0), 2, 4, kernel: 3), MultiHeadAttention.Create(key.Fold(1), 4, 2),
        Linear.Create(key.Fold(2), 4, classes));
}

public sealed class PeftFilesTests : IDisposable
{
    private static readonly Mixed Model = Mixed.Create(Key.From(0));

    private readonly string folder = Directory.CreateTempSubdirectory("engine-peft-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Tensors => Path.Combine(folder, "adapter_model.safetensors");

    private string Config => Path.Combine(folder, "adapter_config.json");

    private static Lora Adapters() =>
        Lora.Create(Key.From(1), Model, p => p.EndsWith("Weight"), rank: 2, alpha: 6)
            .Map((path, t) => path.EndsWith("Up") ? t + 0.5 : t);

    [Fact]
    public void NamesAndShapesAreThoseOfPeft()
    {
        Adapters().Save(folder, Model);
        var (tensors, metadata) = SafeTensors.Read(Tensors);
        var expected = new Dictionary<string, Shape>
        {
            ["base_model.model.stem.lora_A.weight"] = [2, 2, 3, 3],
            ["base_model.model.stem.lora_B.weight"] = [4, 2, 1, 1],
            ["base_model.model.self_attention.lora_A.weight"] = [2, 4],
            ["base_model.model.self_attention.lora_B.weight"] = [12, 2],
            ["base_model.model.self_attention.base_layer.out_proj.lora_A.weight"] = [2, 4],
            ["base_model.model.self_attention.base_layer.out_proj.lora_B.weight"] = [4, 2],
            ["base_model.model.head.lora_A.weight"] = [2, 4],
            ["base_model.model.head.lora_B.weight"] = [3, 2],
        };
        Assert.Equal(expected.OrderBy(e => e.Key),
            tensors.Select(t => KeyValuePair.Create(t.Key, t.Value.Shape)).OrderBy(e => e.Key));
        Assert.Equal("pt", metadata["format"]);
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Config)).RootElement;
        Assert.Equal("LORA", config.GetProperty("peft_type").GetString());
        Assert.Equal(2, config.GetProperty("r").GetInt32());
        Assert.Equal(6, config.GetProperty("lora_alpha").GetInt32());
        Assert.Equal(["stem", "self_attention", "head"],
            config.GetProperty("target_modules").EnumerateArray().Select(m => m.GetString()));
    }

    [Fact]
    public void WhatIsWrittenComesBack()
    {
        Lora lora = Adapters();
        lora.Save(folder, Model);
        Lora back = PeftFiles.Load(folder, Model);
        Assert.Equal((2, 6.0), (back.Rank, back.Alpha));
        Assert.True(Fake.Same(lora, back));
        Assert.True(Fake.Same(lora.Merge(Model), back.Merge(Model)));
    }

    [Fact]
    public void AFileOfPeftsIsRead()
    {
        // As PEFT writes for a rank-stabilised adapter of the head, with its other options.
        File.WriteAllText(Config, """
            {"alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "some/model",
             "bias": "none", "fan_in_fan_out": false, "inference_mode": true,
             "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
             "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 16,
             "lora_dropout": 0.1, "megatron_config": null, "modules_to_save": null,
             "peft_type": "LORA", "r": 4, "rank_pattern": {}, "revision": null,
             "target_modules": ["classifier"], "task_type": null, "use_dora": false,
             "use_rslora": true}
            """);
        Tensor down = Key.From(2).Normal([4, 4]).Eval(), up = Key.From(3).Normal([3, 4]).Eval();
        SafeTensors.Save(Tensors, new Dictionary<string, Tensor>
        {
            ["base_model.model.classifier.lora_A.weight"] = down,
            ["base_model.model.classifier.lora_B.weight"] = up,
        });
        Lora lora = PeftFiles.Load(
            folder, Model, path => StateDict.PyTorchName(path).Replace("head", "classifier"));
        Assert.Equal("Head.Weight", Assert.Single(lora.Pairs).Path);
        Assert.True(Tree.AllClose(
            Model.Head.Weight + 16 / Math.Sqrt(4) * up.MatMul(down),
            lora.Merge(Model).Head.Weight, 1e-5, 1e-6));
    }

    [Fact]
    public void AnAdapterForAnotherModelIsRefusedWithNamesAndShapes()
    {
        Adapters().Save(folder, Model);
        Assert.Equal("Lora: 'Head.Weight' is float32 (5, 4), but its adapter of rank 2 has float32 "
            + "(2, 4) and (3, 2). The adapter is of another model.",
            Fake.Error(() => PeftFiles.Load(folder, Mixed.Create(Key.From(0), classes: 5))));
        string error = Fake.Error(() => PeftFiles.Load(folder, Model.Head));
        Assert.Contains("holds 'base_model.model.head.lora_A.weight' (2, 4), which is of no weight "
            + "of Linear: these are called [weight, bias]. The adapter is of another model, or "
            + "needs other `names`.", error);
        Assert.Contains("PEFT has no name for an adapter of 'Weight'", Fake.Error(() =>
            Lora.Create(Key.From(0), Model.Head, p => p == "Weight", 1, 1)
                .Save(folder, Model.Head)));
    }

    [Theory]
    [InlineData("\"use_dora\": false", "\"use_dora\": true", "sets use_dora")]
    [InlineData("\"bias\": \"none\"", "\"bias\": \"all\"", "has bias = all")]
    [InlineData("\"LORA\"", "\"LOHA\"", "is of a LOHA adapter")]
    [InlineData("\"modules_to_save\": null", "\"modules_to_save\": [\"h\"]", "sets modules_to")]
    [InlineData("\"r\": 2", "\"r\": 3", "its adapter of rank 3 has")]
    [InlineData("\"r\": 2", "\"r\": 0", "its adapter of rank 0 has")]
    [InlineData("\"r\": 2", "\"r\": \"two\"", "is damaged or no configuration of PEFT")]
    [InlineData("\"r\": 2,", "", "is damaged or no configuration of PEFT")]
    [InlineData("{", "", "is damaged or no configuration of PEFT")]
    [InlineData("weights\": true", "weights\": \"pissa\"", "init_lora_weights = pissa")]
    [InlineData("weights\": true", "weights\": \"loftq\"", "init_lora_weights = loftq")]
    public void OtherKindsOfAdaptersAreRefused(string from, string to, string message)
    {
        Adapters().Save(folder, Model);
        File.WriteAllText(Config, File.ReadAllText(Config).Replace(from, to));
        Assert.Contains(message, Fake.Error(() => PeftFiles.Load(folder, Model)));
    }

    [Fact]
    public void AFileThatLacksAHalfOrIsMissingIsRefused()
    {
        Lora lora = Adapters();
        Assert.Contains("adapter_config.json cannot be read",
            Fake.Error(() => PeftFiles.Load(folder, Model)));
        lora.Save(folder, Model);
        var tensors = SafeTensors.Read(Tensors).Tensors;
        tensors.Remove("base_model.model.head.lora_B.weight");
        SafeTensors.Save(Tensors, tensors);
        Assert.Contains("holds only one of 'base_model.model.head.lora_A.weight' and "
            + "'base_model.model.head.lora_B.weight'.",
            Fake.Error(() => PeftFiles.Load(folder, Model)));
    }
}
