// What transforms take and give besides tensors and trees: which leaves a gradient is by, and lists
// of trees.
using System.Collections.Immutable;

namespace Engine.OpTests;

public class ArgumentTests
{
    private static readonly Layer Model = new(Tensor.From([1.0, 2]), Tensor.Scalar(3.0));

    private static Tensor Loss(Layer m) => m.Weight.Square().Sum() + m.Bias!;

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    /// <summary>A misspelt path would otherwise freeze the whole model without a word.</summary>
    [Fact]
    public void AWhereThatChoosesNoLeafListsThePaths()
    {
        const string text = "Grad: where chooses none of the float leaves [Weight, Bias]. It is "
            + "asked about each of these paths; let it be true of one.";
        static bool Misspelt(string path) => path == "weight";
        Tensor two = Tensor.Scalar(2.0);
        Assert.Equal(text, Error(() => Grad.Of((Layer m) => Loss(m), Misspelt)(Model)));
        Assert.Equal(text, Error(() =>
            Grad.Of((Layer m, Tensor s) => s * Loss(m), Misspelt)(Model, two)));
        Assert.Equal(text, Error(() => Grad.WithValue((Layer m) => Loss(m), Misspelt)(Model)));
        Assert.Equal(text, Error(() =>
            Grad.WithAux((Layer m) => (Loss(m), m.Bias), Misspelt)(Model)));
        Assert.Equal(text, Error(() =>
            Compile.Of(Grad.Of((Layer m) => Loss(m), Misspelt))(Model)));
        Assert.StartsWith("Grad: where chooses none of the float leaves [Item1.Weight, Item1.Bias, "
            + "Item2].", Error(() => Grad.Of(
                ((Layer M, Tensor S) p) => p.S * Loss(p.M), _ => false)((Model, two))));
        // Integers have no gradient to choose.
        var mixed = new Mixed(two, Tensor.From([1]), Tensor.From([true]));
        Assert.StartsWith("Grad: where chooses none of the float leaves [Scale].",
            Error(() => Grad.Of((Mixed m) => m.Scale, path => path == "Steps")(mixed)));
    }
    private static Layer Twice(Layer m) => m.Map((Tensor w) => 2 * w);

    /// <summary>A trajectory of models is what an inner loop naturally gives back.</summary>
    [Fact]
    public void ListsOfTreesAreAuxiliaryResults()
    {
        var ((value, aux), g) = Grad.WithAux((Layer m) =>
        {
            Layer twice = Twice(m);
            return (Loss(twice), (
                Array: (Layer[])[m, twice], List: new List<Layer> { twice },
                Fixed: ImmutableArray.Create(m, twice),
                Pairs: new[] { (m.Bias!, 1), (m.Weight, 2) },
                Nested: (Tensor[][])[[m.Weight], [m.Bias!, m.Weight]]));
        })(Model);
        Assert.Equal(4 * 5 + 6, value.Item());
        Assert.True(Tree.AllClose(new Layer(Tensor.From([8.0, 16]), Tensor.Scalar(2.0)), g));
        Layer expected = Twice(Model);
        Assert.True(Tree.AllClose(Model, aux.Array[0]));
        Assert.All((Layer[])[aux.Array[1], aux.List[0], aux.Fixed[1]], twice =>
        {
            Assert.True(Tree.AllClose(expected, twice));
            Assert.DoesNotContain("not computed", twice.Weight.ToString());
            Assert.False(twice.Weight.Traced);
        });
        Assert.Equal(2, aux.Pairs[1].Item2);
        Assert.Equal(3, aux.Pairs[0].Item1.Item());
        Assert.Equal(3, aux.Nested[1][0].Item());
    }

    [Fact]
    public void ListsOfTreesAreStatesOfCompiledSteps()
    {
        Check((Layer[])[Model.Copy(), Twice(Model)], list => [.. list.Select(Twice)]);
        Check(new List<Layer> { Model.Copy(), Twice(Model) }, list => [.. list.Select(Twice)]);
        Check<ImmutableArray<Layer>>([Model.Copy(), Twice(Model)], list => [.. list.Select(Twice)]);
        Check<ImmutableArray<Tensor>>([Tensor.From([1.0, 2]), Tensor.From([2.0, 4])],
            list => [.. list.Select(x => 2 * x)]);

        static void Check<S>(S state, Func<S, S> twice) where S : IEnumerable<ITree>
        {
            S first = state;
            var step = Compile.Step((S s, Tensor x) => (twice(s), x));
            for (int i = 0; i < 3; i++) (state, _) = step(state, Tensor.Scalar(1.0));
            Assert.Equal([8.0, 16], ((ITree)state.First()).Leaves()[0].ToArray<double>());
            Assert.Equal([16.0, 32], ((ITree)state.Last()).Leaves()[0].ToArray<double>());
            Assert.Equal(2, Compile.Explain(step).Hits);
            Assert.StartsWith("Compile.Step: the old state's",
                Error(() => ((ITree)first.First()).Leaves()[0].ToArray<double>()));
        }
    }

    [Fact]
    public void ListsOfTreesGoThroughTheOtherTransforms()
    {
        List<Layer> models = [Model, Twice(Model)];
        static Tensor Total(IEnumerable<Layer> all) =>
            all.Select(Loss).Aggregate((a, b) => a + b);
        List<Layer> g = Grad.Of(
            (List<Layer> all) => Total(all), path => path == "1.Weight")(models);
        Assert.Equal([4.0, 8], g[1].Weight.ToArray<double>());
        Assert.True(g[0].Weight.IsSymbolicZero && g[1].Bias!.IsSymbolicZero);
        Assert.Equal(5 + 3 + 20 + 6, Remat.Of((List<Layer> all) => Total(all))(models).Item());

        // In a batch, also in chunks, which run as a loop.
        ImmutableArray<Layer> batch =
            [.. models.Select(m => m.Map((Tensor w) => Tensor.Stack([w, 2 * w, -w])))];
        foreach (int chunk in (int[])[0, 1])
        {
            ImmutableArray<Layer> twice = Vmap.Of(
                (ImmutableArray<Layer> all) => all.Select(Twice).ToImmutableArray(),
                chunk: chunk)(batch);
            Assert.True(Tree.AllClose(Twice(batch[1]), twice[1]));
        }
        Tensor shared = Vmap.Of((List<Layer> all, Tensor s) => s * Total(all), (Axis.Shared, 0))(
            models, Tensor.From([1.0, 2]));
        Assert.Equal([34.0, 68], shared.ToArray<double>());

        // The length belongs to the signature; what was given is never changed.
        var total = Compile.Of((List<Layer> all) =>
        {
            Tensor sum = Total(all);
            all.Clear();
            return sum;
        });
        Assert.Equal(34, total(models).Item());
        Assert.Equal(34, total(models).Item());
        Assert.Equal(8, total([Model]).Item());
        Assert.Equal(2, models.Count);
        Assert.Equal("argument 0 'Length' = 2 became 1",
            Compile.Explain(total).Traces[1].Change);
        // Lists that hold no tensors are plain values.
        ImmutableArray<(int, int)> pairs = [(1, 2)];
        var plain = Compile.Of((Tensor x, ImmutableArray<(int, int)> p) => x * p[0].Item2);
        Assert.Equal(6, plain(Tensor.Scalar(3.0), pairs).Item());
    }
}
