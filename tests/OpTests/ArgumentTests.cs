// What transforms take and give besides tensors and trees: which leaves a gradient is by, and lists
// of trees.
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
}
