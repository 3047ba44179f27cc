// The benchmarks' command line:
//
//   dotnet run -c Release --project benchmarks -- steps [--case NAME] [--threads T] [--peer]
//   dotnet run -c Release --project benchmarks -- kernels [--filter TEXT] [--threads T] [--peer]
//   dotnet run -c Release --project benchmarks -- scale [--case NAME] [--threads T]
//   dotnet run -c Release --project benchmarks -- steady [--filter TEXT] [--threads T]
//     [--seconds S]
//   dotnet run -c Release --project benchmarks -- overhead [--filter TEXT]
//   dotnet run -c Release --project benchmarks -- tables
//
// All but the last take --json FILE; the last writes the tables of docs/performance.md from such
// files. Times are for people and notes; no test looks at them. Exit codes: 2 for wrong options, 1
// for what goes wrong later.
using System.CommandLine;
using Engine.Benchmarks;

Option<string?> caseName = Options.Case();
Option<int> threads = Options.Count("--threads", "Threads to compute with", 1);
Option<int> rounds = Options.Count("--rounds", "How many times ours and the peer's take turns", 3);
Option<FileInfo?> json = Options.Output("--json", "Write the figures to FILE");
var peer = new Option<bool>("--peer")
{
    Description = "Run the PyTorch script of the same work in turn with ours, and print ratios",
};
Option<string> filter =
    Options.Filter("kernel", text => KernelTable.Containing(text).Length > 0);
Option<string> steadyCase =
    Options.Filter("case", text => SteadyCases.Containing(text).Length > 0);
Option<double> seconds = Options.Seconds("--seconds", "Seconds for all cases together", 60);
Option<string> figure = Options.Filter("figure", OverheadVerb.Has);

var steps = new Command("steps", "Whole training steps") { caseName, threads, peer, rounds, json };
steps.SetAction(r => StepsVerb.Run(
    r.GetValue(caseName), r.GetValue(threads), r.GetValue(peer), r.GetValue(rounds),
    r.GetValue(json)));

var kernels = new Command("kernels", "Single kernels, by BenchmarkDotNet")
{
    filter, threads, peer, json,
};
kernels.SetAction(r => KernelsVerb.Run(
    r.GetValue(filter)!, r.GetValue(threads), r.GetValue(peer), r.GetValue(json)));

var scale = new Command("scale", "How time and memory grow with the size of the work")
{
    caseName, threads, json,
};
scale.SetAction(r =>
    ScaleVerb.Run(r.GetValue(caseName), r.GetValue(threads), r.GetValue(json)));

var steady = new Command("steady", "Whether steps and kernels stay as fast as they are at first")
{
    steadyCase, threads, seconds, json,
};
steady.SetAction(r => SteadyVerb.Run(
    r.GetValue(steadyCase)!, r.GetValue(threads), r.GetValue(seconds), r.GetValue(json)));

var overhead = new Command("overhead", "What nodes, plans and transforms cost")
{
    figure, json,
};
overhead.SetAction(r => OverheadVerb.Run(r.GetValue(figure)!, r.GetValue(json)));

var folder = new Option<DirectoryInfo>("--figures")
{
    Description = "Folder with steps.json, kernels.json, scale.json and, or not, steady.json "
        + "and overhead.json",
    DefaultValueFactory = _ => new DirectoryInfo("benchmarks/figures"),
};
var page = new Option<FileInfo>("--page")
{
    Description = "The page whose tables are written anew",
    DefaultValueFactory = _ => new FileInfo("docs/performance.md"),
};
var tables = new Command("tables", "Write figures into the tables of a page") { folder, page };
tables.SetAction(r => Tables.Write(r.GetValue(folder)!, r.GetValue(page)!));

// What the verbs above start once a measurement, so that each has a process's memory to itself.
var sizes = new Option<int[]>("--scale")
{
    Arity = new ArgumentArity(4, 4),
    AllowMultipleArgumentsPerToken = true,
};
var measure = new Command("measure") { caseName, threads, sizes, seconds };
measure.Hidden = true;
measure.SetAction(r =>
{
    int[] s = r.GetValue(sizes) is { Length: 4 } given ? given : [1, 1, 1, 1];
    Measurement.Print(
        r.GetValue(caseName)!, r.GetValue(threads), new Scale(s[0], s[1], s[2], s[3]),
        r.GetValue(seconds));
});
var kernel = new Option<string[]>("--kernel");
var measureKernels = new Command("measure-kernels") { kernel, threads };
measureKernels.Hidden = true;
measureKernels.SetAction(r =>
    KernelMeasurement.Print(r.GetValue(kernel)!, r.GetValue(threads)));

var only = new Option<string>("--name");
var measureSteady = new Command("measure-steady") { only, threads, seconds };
measureSteady.Hidden = true;
measureSteady.SetAction(r => SteadyMeasurement.Print(
    r.GetValue(only)!, r.GetValue(threads), r.GetValue(seconds)));

ParseResult parsed = new RootCommand("Benchmarks of Engine")
{
    steps, kernels, scale, steady, overhead, tables, measure, measureKernels, measureSteady,
}.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"benchmarks: {parsed.Errors[0].Message} Try --help.");
    return 2;
}
try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is ArgumentException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine($"benchmarks: {e.Message}");
    return 1;
}
