// The adversarial terms: the reversal and its ramp, the critic of DANN, the conditional one of CDAN.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class CriticTests
{
    private static readonly Views Views = TermTests.Both;

    [Fact]
    public void ReversalTurnsTheGradientRound()
    {
        Tensor x = Views.SourceF, weight = Tensor.Scalar(0.3);
        Tensor F(Tensor t) => (t * t.Sin()).Sum();
        Assert.Equal(x.ToArray<double>(), Reversal.Of(x, weight).ToArray<double>());
        Tensor plain = Grad.Of((Tensor t) => F(t))(x);
        Tensor reversed = Grad.Of((Tensor t) => F(Reversal.Of(t, weight)))(x);
        Assert.True(Tree.AllClose(-0.3 * plain, reversed, 1e-12));
        // The gradient is a function of what the reversal gave out, and so what differentiates it
        // is turned round once more.
        Tensor Again(Tensor t) =>
            Grad.Of((Tensor s) => F(Reversal.Of(s, weight)))(t).Square().Sum();
        Tensor Squared(Tensor t) => 0.09 * Grad.Of((Tensor s) => F(s))(t).Square().Sum();
        Assert.True(Tree.AllClose(
            -0.3 * Grad.Of((Tensor t) => Squared(t))(x), Grad.Of((Tensor t) => Again(t))(x),
            1e-6));
    }

    [Fact]
    public void TheRampClimbsFromNothingToOne()
    {
        double At(double p) => Reversal.Ramp(Tensor.Scalar(p)).Item();
        Assert.Equal(0, At(0), 12);
        Assert.Equal(2 / (1 + Math.Exp(-5)) - 1, At(0.5), 12);
        Assert.InRange(At(1), 0.9999, 1);
    }

    [Fact]
    public void TheCriticLearnsAndTheFeaturesLearnAgainstIt()
    {
        Mlp critic = Mlp.Create(Key.From(8), [3, 5, 1], type: DType.Float64);
        Tensor weight = Tensor.Scalar(0.4);
        Tensor Plain(Mlp c, Tensor s, Tensor t) =>
            Critic.Loss(c.Forward(Tensor.Concat([s, t], 0)), 5);
        Mlp own = Grad.Of((Mlp c) => Dann.Between(c, Views.SourceF, Views.TargetF, weight))(critic);
        Assert.True(Tree.AllClose(
            Grad.Of((Mlp c) => Plain(c, Views.SourceF, Views.TargetF))(critic), own, 1e-12));
        Tensor features = Grad.Of((Tensor s) =>
            Dann.Between(critic, s, Views.TargetF, weight))(Views.SourceF);
        Assert.True(Tree.AllClose(
            -0.4 * Grad.Of((Tensor s) => Plain(critic, s, Views.TargetF))(Views.SourceF),
            features, 1e-12));
    }

    [Fact]
    public void TheConditionalCriticSeesFeaturesTimesPredictions()
    {
        Mlp critic = Mlp.Create(Key.From(9), [12, 5, 1], type: DType.Float64);
        double[,] f = TermTests.Rows(Tensor.Concat([Views.SourceF, Views.TargetF], 0));
        double[,] p = TermTests.Rows(Tensor.Concat([Views.SourceZ, Views.TargetZ], 0).Softmax(1));
        var joint = new double[11 * 12];
        var certain = new double[11];
        for (int i = 0; i < 11; i++)
        {
            double entropy = 0;
            for (int c = 0; c < 4; c++)
            {
                entropy -= p[i, c] * Math.Log(p[i, c]);
                for (int k = 0; k < 3; k++) joint[i * 12 + c * 3 + k] = p[i, c] * f[i, k];
            }
            certain[i] = 1 + Math.Exp(-entropy);
        }
        double source = certain[..5].Average(), target = certain[5..].Average();
        double[] z = critic.Forward(Tensor.From(joint, [11, 12])).ToDoubles();
        double[] losses = [.. z.Select((v, i) => Math.Log(1 + Math.Exp(i < 5 ? -v : v)))];
        Tensor weight = Tensor.Scalar(1.0);
        Assert.Equal(
            losses.Average(), Cdan.Between(critic, Views, weight, byEntropy: false).Item(), 12);
        Assert.Equal(
            losses.Select((l, i) => l * certain[i] / (i < 5 ? source : target)).Average(),
            Cdan.Between(critic, Views, weight, byEntropy: true).Item(), 12);
        Tensor byPrediction = Grad.Of((Tensor logits) => Cdan.Between(
            critic, Views with { TargetZ = logits }, weight, byEntropy: true))(Views.TargetZ);
        Assert.All(byPrediction.ToArray<double>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void RandomMapsKeepInnerProducts()
    {
        RandomMap map = RandomMap.Create(3, 4, 200_000);
        Tensor f = Views.SourceF.Cast(DType.Float32);
        Tensor p = Views.SourceZ.Softmax(1).Cast(DType.Float32);
        Tensor joint = (p.ExpandDims(2) * f.ExpandDims(1)).Flatten(1);
        Tensor exact = joint.MatMul(joint.Transpose());
        Tensor mapped = map.Forward(f, p);
        Assert.True(Tree.AllClose(exact, mapped.MatMul(mapped.Transpose()), 0.05, 0.05));
    }
}
