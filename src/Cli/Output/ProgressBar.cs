// Shows how far a long job is: a live line on a terminal, a plain line every few seconds elsewhere.
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Engine.Cli;

/// <summary>Where a job stands.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all, if that ends the job.</param>
/// <param name="Tasks">Tasks seen so far; examples where there are no tasks.</param>
/// <param name="Loss">Latest loss, NaN if there is none.</param>
/// <param name="Before">Steps done before the clock started, by a run that is resumed.</param>
internal readonly record struct ProgressState(
    long Step, long? Steps, long Tasks, double Loss, long Before = 0)
{
    /// <summary>Tasks seen since the clock started.</summary>
    public double NewTasks => Step == 0 ? 0 : Tasks * ((double)(Step - Before) / Step);
}

/// <summary>Shows the progress of one job. Report may be called at every step.</summary>
internal abstract class ProgressBar
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan? limit;
    private string unit = "tasks";

    /// <summary>Shows where the job stands, if it is time to.</summary>
    public abstract void Report(ProgressState state);

    /// <summary>A line of its own that stays: "meta-gradient verified".</summary>
    public abstract void Note(string text);

    /// <summary>
    /// Runs a job with progress shown; the limit is the time after which it ends.
    /// </summary>
    public static T Run<T>(
        string title, TextWriter output, TimeSpan? limit, Func<ProgressBar, T> job,
        TimeSpan? every = null, string unit = "tasks")
    {
        var console = AnsiConsole.Console;
        bool live = ReferenceEquals(output, Console.Out)
            && !Console.IsOutputRedirected
            && console.Profile.Capabilities is { Interactive: true, Ansi: true };
        if (!live)
        {
            return job(
                new Plain(title, output, every ?? TimeSpan.FromSeconds(5))
                {
                    limit = limit,
                    unit = unit,
                });
        }

        return console.Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 24 },
                new PercentageColumn())
            .Start(context =>
                job(new Live(title, context.AddTask(title), console)
                {
                    limit = limit,
                    unit = unit,
                }));
    }

    /// <summary>"step 120 of 500, 1,920 tasks, 41.2 tasks/s, loss 0.532, 1:32 left".</summary>
    internal static string Describe(
        ProgressState state, TimeSpan elapsed, TimeSpan? limit, string unit = "tasks")
    {
        string Number(double value, string format) =>
            value.ToString(format, CultureInfo.InvariantCulture);
        string text = $"step {Number(state.Step, "N0")}";
        if (state.Steps is { } steps) text += $" of {Number(steps, "N0")}";
        text += $", {Number(state.Tasks, "N0")} {unit}";
        if (elapsed > TimeSpan.Zero)
        {
            text += $", {Number(state.NewTasks / elapsed.TotalSeconds, "F1")} {unit}/s";
        }
        if (!double.IsNaN(state.Loss)) text += $", loss {Number(state.Loss, "F3")}";
        double done = Done(state, elapsed, limit);
        if (done > 0)
        {
            var left = TimeSpan.FromSeconds(Math.Round(elapsed.TotalSeconds * (1 - done) / done));
            text += left.TotalHours >= 1
                ? $", {(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00} left"
                : $", {left.Minutes}:{left.Seconds:00} left";
        }

        return text;
    }

    /// <summary>
    /// Share of this session's job that is done: by steps or by time, whichever ends it sooner.
    /// </summary>
    private static double Done(ProgressState state, TimeSpan elapsed, TimeSpan? limit)
    {
        double bySteps = state.Steps - state.Before is > 0 and { } steps
            ? (double)(state.Step - state.Before) / steps : 0;
        double byTime = limit is { } l ? elapsed / l : 0;
        return Math.Min(1, Math.Max(bySteps, byTime));
    }

    private sealed class Plain(string title, TextWriter output, TimeSpan every) : ProgressBar
    {
        private TimeSpan next;

        public override void Report(ProgressState state)
        {
            var elapsed = clock.Elapsed;
            if (elapsed < next) return;
            next = elapsed + every;
            output.WriteLine($"{title}: {Describe(state, elapsed, limit, unit)}");
            output.Flush();
        }

        public override void Note(string text) => output.WriteLine(text);
    }

    private sealed class Live(string title, ProgressTask task, IAnsiConsole console) : ProgressBar
    {
        public override void Report(ProgressState state)
        {
            var elapsed = clock.Elapsed;
            task.Description = Markup.Escape($"{title}: {Describe(state, elapsed, limit, unit)}");
            task.Value = 100 * Done(state, elapsed, limit);
        }

        public override void Note(string text) => console.WriteLine(text);
    }
}
