// Steps of optimisers differentiated through: the derivative of the loss after three of them by
// where they began and by the rate, against central differences of plain loops.
using Engine.Nn;

namespace Engine.NnTests;

internal sealed partial record Start(Tensor Weights, Tensor Rate) : ITree;

public class UnrolledOptimizerTests
{
    private static readonly double[] C = [0.7, -1.3, 2.1];
    private static readonly double[] W = [0.9, -0.4, 1.7];
    private const double Rate = 0.07;

    private static Tensor Objective(Tensor w) =>
        (Tensor.From(C) * w.Sin() + 0.5 * w.Square()).Sum();

    private static Tensor After(Start start, Func<Func<Tensor, Tensor>, Optimizer> make)
    {
        Optimizer rule = make(_ => start.Rate);
        Tensor w = start.Weights;
        OptimizerState state = rule.Init(w);
        for (int n = 0; n < 3; n++)
            (w, state) = rule.Step(w, Grad.Of((Tensor p) => Objective(p))(w), state);
        return Objective(w);
    }

    private static double NaiveAfter(double[] at, bool adam)
    {
        double loss = 0, rate = at[3];
        for (int i = 0; i < 3; i++)
        {
            double w = at[i], m = 0, s = 0;
            for (int n = 1; n <= 3; n++)
            {
                double g = C[i] * Math.Cos(w) + w;
                m = adam ? 0.9 * m + 0.1 * g : 0.9 * m + g;
                s = 0.999 * s + 0.001 * g * g;
                w -= rate * (adam
                    ? m / (1 - Math.Pow(0.9, n)) / (Math.Sqrt(s / (1 - Math.Pow(0.999, n))) + 1e-8)
                    : m);
            }
            loss += C[i] * Math.Sin(w) + 0.5 * w * w;
        }
        return loss;
    }

    private static Optimizer Make(bool adam, Func<Tensor, Tensor> rate) =>
        adam ? Optim.Adam(rate) : Optim.Sgd(rate, momentum: 0.9);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheLossAfterStepsHasDerivativesByTheStartAndTheRate(bool adam)
    {
        var start = new Start(Tensor.From(W), Tensor.Scalar(Rate));
        var (value, g) = Grad.WithValue((Start s) => After(s, rate => Make(adam, rate)))(start);
        double[] at = [.. W, Rate];
        Assert.Equal(NaiveAfter(at, adam), value.Item(), 12);
        double[] expected = Naive.Gradient(x => NaiveAfter(x, adam), at, 1e-4);
        Naive.Near(expected[..3], g.Weights, 1e-8);
        Naive.Near(expected[3..], g.Rate, 1e-8);
        Assert.True(GradCheck.Run(
            (Start s) => After(s, rate => Make(adam, rate)), start, order: 2).Error < 1e-5);
    }

    [Fact]
    public void AGradientThatIsZeroMakesNoStepInfinite()
    {
        // The second weight has no influence: its moments are 0, where the root has no slope.
        Tensor Loss(Tensor w) => (w * Tensor.From([1.0, 0])).Square().Sum();
        Optimizer adam = Optim.Adam(0.1);
        Tensor g = Grad.Of((Tensor start) =>
        {
            Tensor w = start;
            OptimizerState state = adam.Init(w);
            for (int n = 0; n < 3; n++)
                (w, state) = adam.Step(w, Grad.Of((Tensor p) => Loss(p))(w), state);
            return w.Sum();
        })(Tensor.From([0.8, 0.8]));
        Assert.Equal(1, g[1].Item());
        Assert.True(double.IsFinite(g[0].Item()));
    }
}
