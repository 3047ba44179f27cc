// Runs whose model is chosen: each domain is read as the network is used on it, and a look that is
// not finite ends the run.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class SelectedRunTests
{
    private static readonly DomainSets Digits = Sets();

    private static DomainSets Sets()
    {
        LabelledSet fonts = LabelledSet.From(EmbeddedData.FontDigits).Sample(80, 0).Chosen;
        LabelledSet written = LabelledSet.From(EmbeddedData.Mnist).Sample(80, 0).Chosen;
        return new(
            fonts.Range(0, 40), fonts.Range(40, 40), written.Range(0, 40), written.Range(40, 40));
    }

    private static SelectedRun Run(DomainSets sets) => new(sets, Steps: 2, BatchSize: 8, Seed: 0)
    {
        Looks = 1,
        Validator = Validators.SourceRisk,
    };

    [Fact]
    public void TheSourceIsReadByItsOwnStatistics()
    {
        NormalizedLeNet network = NormalizedLeNet.Create(Key.From(0), 10);
        Selected<NormalizedLeNet> run =
            Run(Digits).Run(Adapt.Control(network, Optim.Adam(1e-3)));
        Outputs own = Outputs.Of(run.ChosenOnSource, Digits.SourceTest);
        Outputs others = Outputs.Of(run.Chosen, Digits.SourceTest);
        Assert.Equal(own.Accuracy, run.ChosenLook.SourceAccuracy, 9);
        double Risk(Outputs o) => -Loss.CrossEntropy(o.Logits, o.Labels).Item();
        Assert.Equal(Risk(own), run.ChosenLook.Scores["source risk"], 4);
        Assert.True(Math.Abs(Risk(own) - Risk(others)) > 1e-3);
        Outputs target = Outputs.Of(run.Chosen, Digits.TargetTest);
        Assert.Equal(target.Accuracy, run.ChosenLook.TargetAccuracy, 9);
        Assert.Equal(target.PredictedClasses, run.ChosenLook.PredictedClasses, 9);
    }

    [Fact]
    public void TheSourceOfAddaIsReadByTheSourcesEncoder()
    {
        Mlp trained = Shifted.Network();
        var method = Adda.Create(
            new Adapted<Mlp>(trained, NormStatistics.For(trained)), Key.From(1),
            Optim.Adam(1e-2), hidden: 8);
        var end = Adapt.Run(method, i => Shifted.Batch(i, 2), 2);
        Assert.True(Tree.AllClose(trained, method.ReadSource(end).Network, 0, 0));
        Assert.False(Tree.AllClose(trained, method.Read(end).Network, 0, 1e-4));
    }

    [Fact]
    public void AScoreThatIsNotFiniteEndsTheRun()
    {
        Mlp network = Mlp.Create(Key.From(0), [2, 4, 2]);
        LabelledSet set = LabelledSet.FromFloats(
            "few", 2, [.. Enumerable.Range(0, 40).Select(i => i / 40f)],
            [.. Enumerable.Range(0, 20).Select(i => i % 2)], ["x", "y"]);
        SelectedRun run = Run(new(set, set, set, set)) with
        {
            Validator = new("broken", _ => double.NaN),
        };
        var error = Assert.Throws<DivergenceException>(() =>
            run.Run(Adapt.Control(network, Optim.Adam(1e-3))));
        Assert.Equal(2, error.Step);
    }
}
