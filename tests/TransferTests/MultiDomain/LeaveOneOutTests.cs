// Leaving a domain out: what is trained on, what chooses, what is tested on; and the check of the
// order of differentiation that stands beside the figures.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class LeaveOneOutTests
{
    private static readonly LabelledSet[] All =
        [.. Enumerable.Range(0, 4).Select(i => Several.Domain(i))];

    private static readonly Objective<Mlp> Classifier = Objective.OfImages(Several.Network());

    [Fact]
    public void TheDomainLeftOutIsNeitherTrainedOnNorChosenBy()
    {
        LeaveOneOut sets = LeaveOneOut.Of(All, unseen: 2, seed: 5);
        Assert.Same(All[2], sets.Unseen);
        int[] sources = [0, 1, 3];
        for (int i = 0; i < sources.Length; i++)
        {
            LabelledSet whole = All[sources[i]], learnt = sets.Sources[i], kept = sets.Kept[i];
            Assert.Equal((81, 9), (learnt.Count, kept.Count));
            Assert.Equal(
                Examples(whole).Order(), Examples(learnt).Concat(Examples(kept)).Order());
            Assert.Empty(Examples(learnt).Intersect(Examples(kept)));
            Assert.Empty(Examples(learnt).Intersect(Examples(All[2])));
        }
    }

    [Fact]
    public void TheModelIsChosenByTheSourcesAlone()
    {
        // Training goes through three models; the second is best on the sources.
        LeaveOneOut sets = LeaveOneOut.Of(All, 3, seed: 0) with { Looks = 3 };
        Mlp trained = new Mldg<Mlp>(Classifier, 0.1).Training(
            Several.Network(), Optim.Adam(1e-2)).Run(Several.Batches(3), 100).Model;
        Mlp bad = Several.Network(seed: 3);
        var training = new Training<TrainedState<Mlp>, Domains>(
            ["none"], new(bad, Optim.Sgd(1).Init(bad)), (state, domains) => (
                state with { Model = state.Model.Map((Tensor w) => w + 0 * domains.X.Sum()) },
                Tensor.Zeros([1])));
        int reads = 0;
        var none = NormStatistics.For(bad);
        double[] first = [.. sets.Kept.Select(
            kept => Several.Accuracy(new Adapted<Mlp>(bad, none), kept))];
        Assert.True(first.Distinct().Count() > 1, "the domains differ for the first model");
        Generalised<Mlp> run = sets.Run(
            training, Several.Batches(3), 3,
            state => new Adapted<Mlp>(reads++ == 1 ? trained : state.Model, none));
        Assert.Equal(3, reads);
        Assert.Equal([1, 2, 3], run.Looks.Select(look => look.Step));
        Assert.Equal(first.Average(), run.Looks[0].Source, 12);
        Assert.True(run.Looks[1].Source > run.Looks[0].Source);
        Assert.True(Fake.Same(trained, run.Chosen.Network));
        Assert.Equal(Several.Accuracy(run.Chosen, All[3]), run.Unseen);
        Assert.Equal(
            sets.Kept.Average(kept => Several.Accuracy(run.Chosen, kept)), run.Looks[1].Source);
    }

    [Fact]
    public void ChangingTheDomainLeftOutChangesNothingButItsAccuracy()
    {
        Generalised<Mlp> Run(LabelledSet unseen)
        {
            LeaveOneOut sets = LeaveOneOut.Of([All[0], All[1], unseen], 2, seed: 1);
            var mldg = new Mldg<Mlp>(Classifier, 0.1);
            var none = NormStatistics.For(Several.Network());
            return sets.Run(
                mldg.Training(Several.Network(), Optim.Adam(1e-2)),
                Domains.Batches(sets.Sources, 8, 0), 30,
                state => new Adapted<Mlp>(state.Model, none));
        }

        Generalised<Mlp> one = Run(All[2]), other = Run(All[3]);
        Assert.True(Fake.Same(one.Chosen, other.Chosen));
        Assert.Equal(one.Looks.AsEnumerable(), other.Looks);
        Assert.NotEqual(one.Unseen, other.Unseen);
    }

    [Fact]
    public void AMamlStartIsAdaptedOnAllSourcesTogether()
    {
        var maml = new Maml<Mlp>(Classifier, 2, 0.3);
        Domains batch = Several.Batches(3)(0);
        Tensor x = Tensor.Concat([batch.X[0], batch.X[1], batch.X[2]], 0);
        Tensor y = Tensor.Concat([batch.Y[0], batch.Y[1], batch.Y[2]], 0);
        Assert.True(Tree.AllClose(
            maml.Adapt(Several.Network(), x, y),
            DomainMaml.Adapt(maml, Several.Network(), batch)));
    }

    [Fact]
    public void TheCheckOfTheOrderTellsExactFromFirst()
    {
        Domains batch = Several.Batches(4)(0);
        var exact = new Mldg<Mlp>(Classifier, InnerRate: 0.5);
        OrderCheck check = exact.CheckOrder(Several.Network(), batch);
        Assert.True(check.Confirmed, check.ToString());
        Assert.Equal(Claim.Exact, check.Claim);
        OrderCheck first =
            (exact with { FirstOrder = true }).CheckOrder(Several.Network(), batch);
        Assert.Equal(Claim.FirstOrder, first.Claim);
        Assert.True(first.Error > 1e-3, first.ToString());
        // A gradient that only says that it is exact is found out.
        OrderCheck wrong = OrderCheck.Measure(
            Claim.Exact, (Mlp at, Domains all) => (exact with { FirstOrder = true }).Loss(at, all),
            Several.Network(), batch);
        Assert.False(wrong.Confirmed);
    }

    [Fact]
    public void WhatCannotBeLeftOutIsRefused()
    {
        Assert.Contains("Give at least 3", Refusal(() => LeaveOneOut.Of(All[..2], 0, 0)));
        Assert.Contains("choose 0 to 3", Refusal(() => LeaveOneOut.Of(All, 4, 0)));
        Assert.Contains("another share", Refusal(() => LeaveOneOut.Of(All, 0, 0, kept: 0)));
        Assert.Contains("another share", Refusal(() => LeaveOneOut.Of(All, 0, 0, kept: 1)));
        LabelledSet other = LabelledSet.FromFloats(
            "other", [Several.Features], new float[12], [0, 1], ["a", "b"]);
        Assert.Contains(
            "do not have the same classes", Refusal(() => LeaveOneOut.Of([.. All, other], 0, 0)));
    }

    [Fact]
    public void SetsBroughtTogetherKeepTheirExamples()
    {
        LabelledSet few = All[1].Rows([4, 2]);
        LabelledSet all = LabelledSet.Together("all", [All[0], few, All[2]]);
        Assert.Equal("all: 182 examples of (6) in 3 classes", all.ToString());
        Assert.Equal(
            [.. Examples(All[0]), .. Examples(few), .. Examples(All[2])], Examples(all));
        Assert.Equal(All[0].Labels.Concat(few.Labels).Concat(All[2].Labels), all.Labels);
        Assert.Equal(Examples(few), Examples(all.Range(90, 2)));
        Assert.Contains("differ in shape or classes", Refusal(() => LabelledSet.Together(
            "all", [few, LabelledSet.FromFloats("other", [2], new float[2], [0], ["a"])])));
        Assert.Contains("no sets", Refusal(() => LabelledSet.Together("all", [])));
    }

    private static string Refusal(Action act) => Assert.Throws<ArgumentException>(act).Message;

    private static string[] Examples(LabelledSet set)
    {
        var values = new float[set.Size];
        return
        [
            .. Enumerable.Range(0, set.Count).Select(i =>
            {
                set.CopyExample(i, values);
                return string.Join(" ", values);
            }),
        ];
    }
}
