// The README's example is compiled and run here, and its text must be the text below.
// readme:begin
using Engine;
using Engine.Data;
using Engine.Nn;

// readme:end
using Engine.Tests;

namespace ReadmeExample; // outside of Engine, as a user's code is

[Collection("Console")]
public class ReadmeTests
{
    private const int Iterations = 2;
    private const string Indent = "        ";

    [Fact]
    public void TheExampleRuns()
    {
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Example();
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.True(double.IsFinite(double.Parse(output.ToString())));
    }

    [Fact]
    public void TheReadmeShowsThisVeryExample()
    {
        string[] source = File.ReadAllLines(
            Path.Combine(ArchitectureTests.Root, "tests", "EngineTests", "ReadmeTests.cs"));
        string[] readme =
            File.ReadAllLines(Path.Combine(ArchitectureTests.Root, "README.md"));
        int start = Array.IndexOf(readme, "```csharp") + 1;
        string[] shown = readme[start..Array.IndexOf(readme, "```", start)];
        Assert.Equal(Marked(source).ToArray(), shown);
        Assert.InRange(shown.Count(l => l.Length > 0), 10, 24);
    }

    private static void Example()
    {
        // readme:begin
        var tasks = new EpisodeSampler(ClassSplit.ByScript().Train, ways: 5, shots: 1, queries: 5);
        Conv4 model = Conv4.Create(Key.From(0), channels: 1, size: 28, filters: 32, ways: 5);
        Optimizer adam = Optim.Adam(1e-3);
        OptimizerState state = adam.Init(model);

        Tensor LossOf(Conv4 m, Tensor x, Tensor y) => Loss.CrossEntropy(m.Forward(x), y);

        // Adapt on the support set, judge on the query set. A gradient is a tensor program like any
        // other, so the gradient of this is exact: it flows through the inner gradient.
        Tensor TaskLoss(Conv4 m, Episode task)
        {
            Conv4 gradient = Grad.Of((Conv4 p) => LossOf(p, task.SupportX, task.SupportY))(m);
            return LossOf(m.Zip(gradient, (w, g) => w - 0.4 * g), task.QueryX, task.QueryY);
        }

        for (int step = 0; step < Iterations; step++)
        {
            Episode batch = Episode.From(tasks.Sample(seed: 1, first: 4 * step, tasks: 4));
            var meta = Grad.WithValue(
                (Conv4 m) => Vmap.Of((Episode t) => TaskLoss(m, t))(batch).Mean());
            var (loss, metaGradient) = meta(model);
            (model, state) = adam.Step(model, metaGradient, state);
            if (step % 100 == 0) Console.WriteLine(loss.Item());
        }
        // readme:end
    }

    /// <summary>The lines between the marks, without their common indent.</summary>
    private static IEnumerable<string> Marked(string[] lines)
    {
        bool inside = false;
        foreach (string line in lines)
        {
            if (line.TrimStart().StartsWith("// readme:", StringComparison.Ordinal))
                inside = line.EndsWith(":begin", StringComparison.Ordinal);
            else if (inside)
                yield return line.StartsWith(Indent, StringComparison.Ordinal) ? line[8..] : line;
        }
    }
}
