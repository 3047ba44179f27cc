// The tables of docs/performance.md, written from the figures that the other verbs left in files,
// so that the page is refreshed by one command and its numbers are nobody's typing.
using System.Text;
using static System.FormattableString;

namespace Engine.Benchmarks;

internal static class Tables
{
    /// <summary>
    /// Replaces what stands between &lt;!-- NAME:begin --&gt; and &lt;!-- NAME:end --&gt;, for each
    /// table; an error if the page lacks a mark.
    /// </summary>
    public static void Write(DirectoryInfo figures, FileInfo page)
    {
        string text = File.ReadAllText(page.FullName);
        StepsRow[] steps = Json.Read<StepsRow>(figures, "steps.json");
        KernelRow[] kernels = Json.Read<KernelRow>(figures, "kernels.json");
        ScaleRow[] scale = Json.Read<ScaleRow>(figures, "scale.json");
        SteadyRow[] steady = ReadIfThere<SteadyRow>(figures, "steady.json");
        OverheadRow[] overhead = ReadIfThere<OverheadRow>(figures, "overhead.json");
        text = Replace(text, page, "steps", Steps(steps));
        text = Replace(text, page, "memory", Memory(steps));
        text = Replace(text, page, "kernels", Kernels(kernels));
        text = Replace(text, page, "scale", Growth(scale));
        text = Replace(text, page, "steady", Steady(steady));
        text = Replace(text, page, "overhead", Overhead(overhead));
        File.WriteAllText(page.FullName, text);
        Console.WriteLine($"wrote the tables of {page.Name}");
    }

    /// <summary>Where a file may be missing, its section is left out, heading and all.</summary>
    private static T[] ReadIfThere<T>(DirectoryInfo figures, string name) =>
        File.Exists(Path.Combine(figures.FullName, name)) ? Json.Read<T>(figures, name) : [];

    private static string Replace(string text, FileInfo page, string name, string table)
    {
        string begin = $"<!-- {name}:begin -->\n", end = $"<!-- {name}:end -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal);
        int to = text.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from)
            throw new InvalidOperationException(
                $"{page.Name} has no place for the table {name}: put {begin.Trim()} and {end}, "
                + "each on a line of its own, where it shall stand.");
        return text[..(from + begin.Length)] + table + text[to..];
    }

    private static string Steps(StepsRow[] rows) => Table(
        ["case", "threads", "ms (± %)", "PyTorch ms", "ratio", "goal ms (stretch)", "GFLOP",
            "GFLOP/s", "of peak", "MB moved", "limit ms", "of limit"],
        rows.Select(r => (string[])
        [
            r.Case, $"{r.Threads}", Invariant($"{Short(r.Ms)} ({100 * r.Spread:F0})"),
            Short(r.PeerMs), Ratio(r.Ratio),
            Cases.Find(r.Case).Goal is { } g ? $"{Short(g.Ms)} ({Short(g.StretchMs)})" : "",
            Short(r.Gflop), Invariant($"{r.Gflops:F0}"), Percent(r.OfPeak), Short(r.MbMoved),
            Short(r.LimitMs), Percent(r.OfLimit),
        ]));

    private static string Memory(StepsRow[] rows) => Table(
        ["case", "threads", "MiB", "PyTorch MiB", "of it", "goal MiB (stretch)"],
        rows.Select(r => (string[])
        [
            r.Case, $"{r.Threads}", Short(r.PeakMb), Short(r.PeerPeakMb),
            Percent(r.PeakMb / r.PeerPeakMb),
            Cases.Find(r.Case).Goal is { Mb: not null } g
                ? $"{Short(g.Mb)} ({Short(g.StretchMb)})" : "",
        ]));

    private static string Kernels(KernelRow[] rows) => Table(
        ["kernel", "threads", "ms (± %)", "peer ms", "ratio", "goal ms", "GFLOP/s", "of peak",
            "limit ms", "of limit"],
        rows.Select(r => (string[])
        [
            r.Case, $"{r.Threads}", Invariant($"{Short(r.Ms)} ({100 * r.Spread:F0})"),
            Short(r.PeerMs), Ratio(r.Ratio), Short(KernelTable.Find(r.Case).GoalMs),
            r.Gflops is { } g ? Invariant($"{g:F0}") : "", Percent(r.OfPeak), Short(r.LimitMs),
            Percent(r.OfLimit),
        ]));

    private static string Growth(ScaleRow[] rows) => Table(
        ["case", "what grows 16-fold", "ms, from ... to", "exponent", "plan's MiB, from ... to",
            "exponent", "resident MiB, from ... to", "exponent"],
        rows.Select(r => (string[])
        [
            r.Case, r.Size, Range(r.Ms), Invariant($"{r.TimeExponent:F2}"), Range(r.PlanMb),
            Invariant($"{r.PlanExponent:F2}"), Range(r.PeakMb),
            Invariant($"{r.MemoryExponent:F2}"),
        ]));

    private static string Steady(SteadyRow[] rows) => rows.Length == 0 ? "" :
        "## Steadiness\n\nThe time of a call at first, at best, and after as many as the JIT needs "
        + "to compile again all that\nis called often. Last over first is 1 for what is steady, "
        + "and below where the runtime warms up; last\nover best would also tell what became slow "
        + "within moments, and is above 1 by noise alone. A loop that\nbecomes part of its caller "
        + "may call what it had inlined, and is slower for good: so none may\n"
        + "(`src/Kernels/Compiled.cs`).\n\n"
        + Table(["case", "threads", "ms at first", "ms at best", "ms at last", "last / first",
                "last / best", "calls", "seconds", "methods compiled"],
            rows.Select(r => (string[])
            [
                r.Case, $"{r.Threads}", Short(r.FirstMs), Short(r.BestMs), Short(r.LastMs),
                Ratio(r.Ratio), Invariant($"{r.OverBest:F2}"), Invariant($"{r.Calls}"),
                Invariant($"{r.Seconds:F1}"), $"{r.Compiled}",
            ]))
        + "\n";

    private static string Overhead(OverheadRow[] rows) => rows.Length == 0 ? "" :
        "## Overhead\n\nWhat the engine itself costs, apart from arithmetic: the best of several "
        + "runs on all cores. An x\nis a ratio.\n\n"
        + Table(["what", "cost"], rows.Select(r => (string[])
            [r.Case, $"{Short(r.Value)} {r.Unit}"]));

    private static string Table(string[] heads, IEnumerable<string[]> rows)
    {
        var text = new StringBuilder($"| {string.Join(" | ", heads)} |\n");
        text.Append($"|{string.Concat(Enumerable.Repeat("---|", heads.Length))}\n");
        foreach (string[] row in rows) text.Append($"| {string.Join(" | ", row)} |\n");
        return text.ToString();
    }

    private static string Range(double[] values) => $"{Short(values[0])} ... {Short(values[^1])}";

    private static string Ratio(double? value) => value is { } r ? Invariant($"**{r:F2}**") : "";

    private static string Percent(double? value) => value is { } p ? Invariant($"{p:P0}") : "";

    /// <summary>Three digits, never an exponent.</summary>
    private static string Short(double? value)
    {
        if (value is not { } x) return "";
        int digits = x == 0 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(Math.Abs(x))), 0, 10);
        return Math.Round(x, digits).ToString("0.##########",
            System.Globalization.CultureInfo.InvariantCulture);
    }
}
