// Tests of parts of a model: what is in them, that they come back, and what they refuse.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class PartTests
{
    private static readonly Mlp Model = Mlp.Create(Key.From(0), [3, 4, 2]);

    [Fact]
    public void APartHasItsLeavesUnderTheModelsPaths()
    {
        Part part = Part.Of(Model, path => path.EndsWith("Weight", StringComparison.Ordinal));
        Assert.Equal(["Layers.0.Weight", "Layers.1.Weight"], part.Paths.ToArray());
        Assert.Equal(part.Paths.ToArray(), Tree.Paths(part));
        Assert.Same(Model.Layers[1].Weight, part.Values[1]);
    }

    [Fact]
    public void APartComesBackIntoItsModel()
    {
        Part part = Part.Of(Model, path => path.StartsWith("Layers.1", StringComparison.Ordinal));
        Mlp moved = part.Map((Tensor t) => t + 1).In(Model);
        Assert.Same(Model.Layers[0].Weight, moved.Layers[0].Weight);
        Assert.True(Tree.AllClose(
            Model.Layers[1].Map((Tensor t) => t + 1), moved.Layers[1]));
    }

    [Fact]
    public void AGradientByAPartIsThatOfTheModel()
    {
        Tensor x = Key.From(1).Normal([5, 3]);
        Func<Mlp, Tensor> loss = m => m.Forward(x).Square().Sum();
        Part part = Part.Of(Model, path => path.StartsWith("Layers.0", StringComparison.Ordinal));
        Part gradient = Grad.Of((Part p) => loss(p.In(Model)))(part);
        Mlp whole = Grad.Of(loss)(Model);
        Assert.Equal(
            whole.Layers[0].Weight.ToArray<float>(), gradient.Values[0].ToArray<float>());
    }

    [Fact]
    public void ACompiledFunctionTellsPartsOfOtherPathsApart()
    {
        Mlp square = Mlp.Create(Key.From(2), [3, 4, 4, 2]);
        var first = Compile.Of((Part p, Mlp m) => p.In(m));
        Part a = Part.Of(square, path => path == "Layers.0.Bias");
        Part b = Part.Of(square, path => path == "Layers.1.Bias");
        Mlp ones = first(a.Map((Tensor t) => t + 1), square);
        Mlp twos = first(b.Map((Tensor t) => t + 2), square);
        Assert.Equal(1f, ones.Layers[0].Bias!.ToArray<float>()[0]);
        Assert.Equal(0f, twos.Layers[0].Bias!.ToArray<float>()[0]);
        Assert.Equal(2f, twos.Layers[1].Bias!.ToArray<float>()[0]);
    }

    [Fact]
    public void ChoosingNothingIsAnErrorWithAllPaths()
    {
        var error = Assert.Throws<EngineException>(() => Part.Of(Model, path => path == "Body"));
        Assert.Equal("Part: no leaf of Mlp was chosen, of [Layers.0.Weight, Layers.0.Bias, "
            + "Layers.1.Weight, Layers.1.Bias]. Let `where` accept one of these paths.",
            error.Message);
    }

    [Fact]
    public void APartOfAnotherModelIsRefused()
    {
        Mlp deep = Mlp.Create(Key.From(0), [3, 4, 4, 2]), wide = Mlp.Create(Key.From(0), [3, 5, 2]);
        Part part = Part.Of(deep, path => path == "Layers.2.Weight");
        Assert.Contains("Mlp has no 'Layers.2.Weight'",
            Assert.Throws<EngineException>(() => part.In(Model)).Message);
        part = Part.Of(wide, path => path == "Layers.0.Weight");
        Assert.Equal("Part: 'Layers.0.Weight' of Mlp is float32 (4, 3), but the part's is float32 "
            + "(5, 3). The part is of another model.",
            Assert.Throws<EngineException>(() => part.In(Model)).Message);
    }
}
