// Derivatives by differences: right where there is one, named where there is none; and gradient
// checks that tell a kink from a wrong derivative.
namespace Engine.OpTests;

public class DifferencesTests
{
    [Theory]
    [InlineData(0.7)]
    [InlineData(30)]
    [InlineData(1e-4)]
    public void SmoothFunctionsHaveTheirDerivative(double rate)
    {
        foreach (double offset in (double[])[0, 1, -1000])
        {
            Difference found = Differences.Of(t => Math.Sin(rate * t + 0.3) + offset);
            double error = Math.Abs(found.Value - rate * Math.Cos(0.3));
            Assert.InRange(error, 0, 1e-10 * rate + 1e-12 * (1 + Math.Abs(offset)));
            Assert.False(found.IsKink, $"{found}");
        }
        Assert.Equal(0, Differences.Of(t => 5).Value);
        Assert.False(Differences.Of(t => 5 + 1e-13 * Math.Sin(1e9 * t)).IsKink);
        Assert.False(Differences.Of(t => 3 + 2 * t * t).IsKink);
    }

    [Theory]
    [InlineData(3e-4)]
    [InlineData(2e-5)]
    [InlineData(-7e-7)]
    public void AKinkAtADistanceIsSteppedShortOf(double at)
    {
        foreach (double jump in (double[])[0, 0.1])
        {
            // A corner there, or a step as that of a loss after adaptation.
            Difference found = Differences.Of(
                t => Math.Exp(2 * t) + (t > at ? 3 * (t - at) + jump : 0));
            Assert.Equal(at < 0 ? 5 : 2, found.Value, 1e-6);
            Assert.False(found.IsKink, $"{found}");
            Assert.InRange(2 * found.Step, 0, 100 * Math.Abs(at));
        }
    }

    [Fact]
    public void AKinkAtThePointIsNamed()
    {
        Assert.True(Differences.Of(t => Math.Abs(t)).IsKink);
        Assert.True(Differences.Of(t => Math.Max(t, 0) + Math.Sin(t)).IsKink);
        Assert.True(Differences.Of(t => t > 0 ? 1 : 0).IsKink);
        Assert.True(Differences.Of(t => t + (t > 1e-10 ? 1 : 0)).IsKink);
        Assert.True(Differences.Of(t => Math.Max(2e-10, t)).IsKink);
        // One at every scale.
        Assert.True(Differences.Of(t => t == 0 ? 0 : t * Math.Sin(Math.Log(Math.Abs(t)))).IsKink);
        Assert.True(double.IsNaN(Differences.Of(t => double.NaN).Value));
    }

    [Fact]
    public void AlongADirectionOfATree()
    {
        var at = new Layer(Tensor.From([0.5, 2]), Tensor.From([1.0]), 3);
        var v = new Layer(Tensor.From([1.0, -1]), Tensor.From([0.5]), 3);
        Difference found = Differences.Along(
            (Layer n) => (n.Weight.Square().Sum() * n.Bias!).Sum(), at, v);
        Assert.Equal(2 * (0.5 - 2) + 0.5 * 4.25, found.Value, 1e-9);
    }

    /// <summary>Three numbers, of which one is at a kink of f.</summary>
    private static readonly Tensor X = Tensor.From([0.5, 1e-10, -0.3]);

    private static Tensor F(Tensor x) => x.Relu().Sum() + (x * x.Flip(0)).Sum();

    [Fact]
    public void KinksAreNotWrongDerivatives()
    {
        GradCheckResult check = GradCheck.Run((Tensor x) => F(x), X);
        Assert.InRange(check.Error, 0, 1e-9);
        Assert.Equal((1, 3), (check.Kinks, check.Directions));
        Assert.EndsWith("; along 1 of them the function has a kink, where differences say nothing",
            check.ToString());
        // Nothing but kinks is nothing confirmed.
        GradCheckResult none = GradCheck.Run((Tensor x) => x.Relu().Sum(), Tensor.From([0.0, 0]));
        Assert.True(double.IsNaN(none.Error));
        Assert.Equal(2, none.Kinks);
        // One at a distance is no kink, though the first step reaches over it.
        GradCheckResult near = GradCheck.Run((Tensor x) => F(x), X + 2e-5);
        Assert.InRange(near.Error, 0, 1e-7);
        Assert.Equal(0, near.Kinks);
    }

    [Fact]
    public void WrongDerivativesAreNotKinks()
    {
        var wrong = CustomRule.Of((Tensor x) => x.Sin(), vjp: (x, y, g) => 1.001 * g * x.Cos());
        Tensor Loss(Tensor x) => wrong(x).Sum() + F(x);
        GradCheckResult check = GradCheck.Run((Tensor x) => Loss(x), X);
        Assert.Equal(1, check.Kinks);
        Assert.InRange(check.Error, 3e-4, 1e-3);
        // A derivative that is missing altogether, beside one that is there.
        GradCheckResult missing = GradCheck.Run(
            (Tensor x) => x.StopGradient().Square().Sum() + x.Sum(), X + 1);
        Assert.Equal(0, missing.Kinks);
        Assert.InRange(missing.Error, 0.5, 1);
        GradCheckResult zero = GradCheck.Run((Tensor x) => x.StopGradient().Square().Sum(), X + 1);
        Assert.Equal(1, zero.Error, 1e-12);
    }

    [Fact]
    public void StepsOfOnesOwnAreTakenAsTheyAre()
    {
        GradCheckResult over = GradCheck.Run((Tensor x) => F(x), X + 2e-5, step: 1e-3);
        Assert.InRange(over.Error, 0.1, 1);
        Assert.Equal(0, over.Kinks);
        Assert.InRange(GradCheck.Run((Tensor x) => F(x), X + 2e-5, step: 1e-6).Error, 0, 1e-8);
        Assert.Equal("GradCheck: step -1 is none. Give a positive one, or 0 to try several.",
            Assert.Throws<EngineException>(
                () => GradCheck.Run((Tensor x) => F(x), X, step: -1)).Message);
    }
}
