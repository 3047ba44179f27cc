// The benchmarks' command line:
//
//   dotnet run -c Release --project benchmarks -- steps [--case NAME] [--threads T] [--peer]
//   dotnet run -c Release --project benchmarks -- scale [--case NAME] [--threads T]
//   dotnet run -c Release --project benchmarks -- kernels [--threads T]
//   dotnet run -c Release --project benchmarks -- overhead
//
// Each takes --json FILE. Times are for people and notes; no test looks at them.
using System.CommandLine;
using Engine.Benchmarks;

var caseName = new Option<string?>("--case") { Description = "Only this case" };
var threads = new Option<int>("--threads")
{
    Description = "Threads to compute with",
    DefaultValueFactory = _ => 1,
};
var peer = new Option<bool>("--peer")
{
    Description = "Run the PyTorch script of the same work in turn with ours, and print ratios",
};
var rounds = new Option<int>("--rounds")
{
    Description = "How many times ours and the peer's take turns",
    DefaultValueFactory = _ => 3,
};
var json = new Option<FileInfo?>("--json") { Description = "Write the figures to FILE" };

var steps = new Command("steps", "Whole training steps") { caseName, threads, peer, rounds, json };
steps.SetAction(r => StepsVerb.Run(
    r.GetValue(caseName), r.GetValue(threads), r.GetValue(peer), r.GetValue(rounds),
    r.GetValue(json)));

var scale = new Command("scale", "How time and memory grow with the size of the work")
{
    caseName, threads, json,
};
scale.SetAction(r =>
    ScaleVerb.Run(r.GetValue(caseName), r.GetValue(threads), r.GetValue(json)));

var kernels = new Command("kernels", "Single kernels") { threads, json };
kernels.SetAction(r => KernelsVerb.Run(r.GetValue(threads), r.GetValue(json)));

var overhead = new Command("overhead", "What nodes, plans and transforms cost") { json };
overhead.SetAction(r => OverheadVerb.Run(r.GetValue(json)));

// What the verbs above start once a measurement, so that each has a process's memory to itself.
var sizes = new Option<int[]>("--scale")
{
    Arity = new ArgumentArity(4, 4),
    AllowMultipleArgumentsPerToken = true,
};
var measure = new Command("measure") { caseName, threads, sizes };
measure.Hidden = true;
measure.SetAction(r =>
{
    int[] s = r.GetValue(sizes) is { Length: 4 } given ? given : [1, 1, 1, 1];
    Measurement.Print(
        r.GetValue(caseName)!, r.GetValue(threads), new Scale(s[0], s[1], s[2], s[3]));
});

var root = new RootCommand("Benchmarks of Engine")
{
    steps, scale, kernels, overhead, measure,
};
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
    });
}
catch (Exception e) when (e is ArgumentException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine($"benchmarks: {e.Message}");
    return 1;
}
