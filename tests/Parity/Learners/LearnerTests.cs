// What every learner promises: its meta-gradient is that of its loss, training helps on tasks never
// seen, it is scored after any number of inner steps, and a resumed run is the same run.
namespace Engine.Parity.Learners;

public class LearnerTests
{
    public static TheoryData<string> Names => [.. LearnerCase.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public void MetaGradientIsExact(string name)
    {
        GradCheckResult result = LearnerCase.Of(name).CheckGradient();
        Assert.NotEqual(0, result.Analytic);
        Assert.True(result.Error <= 1e-6, $"{name}: {result}");
    }

    public static TheoryData<string> Recomputing =>
        [.. LearnerCase.All.Where(c => c.Recomputes).Select(c => c.Name)];

    [Theory, MemberData(nameof(Recomputing))]
    public void RecomputedStepsChangeNothing(string name) =>
        Assert.InRange(LearnerCase.Of(name).Distance(remat: true), 0, 1e-12);

    [Theory, MemberData(nameof(Names))]
    public void TrainingHelpsOnTasksNeverSeen(string name)
    {
        LearnerCase learner = LearnerCase.Of(name);
        var (before, after) = learner.Train(steps: 60);
        Assert.Equal([0, 1, 3], after.Steps);
        Assert.True(
            learner.Improves(before, after),
            $"{name}: {string.Join(' ', before.Mean)} then {string.Join(' ', after.Mean)}");
    }

    [Theory, MemberData(nameof(Names))]
    public void ResumesBitForBit(string name)
    {
        var (whole, resumed) = LearnerCase.Of(name).Resume();
        Assert.Equal(whole, resumed);
    }
}
