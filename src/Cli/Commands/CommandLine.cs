// The command line: verbs, options, and the one place where errors become lines and exit codes.
using System.CommandLine;
using Engine.Data;
using Engine.Kernels;

namespace Engine.Cli;

internal static class CommandLine
{
    private static readonly Option<string?> Json =
        OptionKinds.PathTo(
            "--json", "Write every figure printed to FILE, as one JSON object", "FILE");

    private static readonly Option<int?> Threads =
        OptionKinds.WholeOrNone(
            "--threads",
            "Threads to compute with [default: ENGINE_THREADS, or as many as processors]");

    private static readonly Option<bool> Verbose =
        new("--verbose") { Description = "Show stack traces of errors" };

    /// <summary>Runs a command line; returns its exit code and never throws.</summary>
    public static int Run(
        string[] args, TextWriter output, TextWriter error, CancellationToken stop)
    {
        try
        {
            var parsed = Build(output, stop).Parse(args);
            if (parsed.Errors.Count > 0)
            {
                string command = parsed.CommandResult.Command is RootCommand
                    ? "engine" : $"engine {parsed.CommandResult.Command.Name}";
                string message = parsed.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
                error.WriteLine($"engine: {message}. See '{command} --help'.");
                return CliException.WrongUse;
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // Interrupt does it
            });
        }
        catch (Exception e)
        {
            return Explain(e, error, verbose: args.Contains("--verbose"), stop);
        }
    }

    private static int Explain(Exception e, TextWriter error, bool verbose, CancellationToken stop)
    {
        var (code, text) = e switch
        {
            CliException c => (c.ExitCode, c.Message),
            DataException or EngineException => (CliException.Failure, e.Message),
            OperationCanceledException when stop.IsCancellationRequested =>
                (CliException.Interrupted, "stopped"),
            OutOfMemoryException => (CliException.Failure,
                "out of memory; choose a smaller --meta-batch or fewer --filters"),
            _ => (CliException.Failure,
                $"internal error: {e.GetType().Name}: {e.Message} (--verbose shows where)"),
        };
        error.WriteLine("engine: " + text.ReplaceLineEndings(" "));
        if (verbose) error.WriteLine(e);
        return code;
    }

    private static RootCommand Build(TextWriter output, CancellationToken stop)
    {
        var root = new RootCommand("Meta-learning with exact gradients. Without a verb: train.");
        void Add(
            Command command, IEnumerable<Option> options, Action<ParseResult, VerbContext> body)
        {
            foreach (var option in options) command.Options.Add(option);
            command.SetAction(parsed => RunVerb(parsed, body, output, stop));
            if (command != root) root.Subcommands.Add(command);
        }

        var train = new TrainSyntax();
        Add(root, train.All, (p, c) => TrainVerb.Run(train.Read(p), c));
        Add(
            new Command("train", "Train by MAML and measure accuracy on unseen classes (default)"),
            train.All, (p, c) => TrainVerb.Run(train.Read(p), c));

        var test = new TestSyntax();
        var testCommand = new Command("test", "Measure a trained model on unseen classes");
        testCommand.Arguments.Add(test.Run);
        Add(testCommand, test.All, (p, c) => TestVerb.Run(test.Read(p), c));

        var repro = new ReproSyntax();
        var reproCommand = new Command("repro", "Repeat a published experiment");
        reproCommand.Arguments.Add(repro.Name);
        Add(reproCommand, repro.All, (p, c) => ReproVerb.Run(repro.Read(p), c));

        var seed = OptionKinds.Seed("--seed", "Seed of the inputs", 0);
        Add(
            new Command(
                "gradcheck", "Check derivatives of ops and layers against finite differences"),
            [seed],
            (p, c) => GradCheckVerb.Run(new GradCheckOptions { Seed = p.GetValue(seed) }, c));

        Add(
            new Command("info", "Show version, machine and vector widths"), [],
            (_, c) => InfoVerb.Run(c));

        foreach (Option option in new Option[] { Json, Threads, Verbose })
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        return root;
    }

    private static int RunVerb(
        ParseResult parsed, Action<ParseResult, VerbContext> body, TextWriter output,
        CancellationToken stop)
    {
        string? json = parsed.GetValue(Json);
        if (json is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(json))))
        {
            // Said now, not after minutes of training.
            throw CliException.Use($"--json: the folder of {json} does not exist; make it first.");
        }

        if (json is not null && Directory.Exists(json))
        {
            throw CliException.Use($"--json: {json} is a folder; name a file in it.");
        }

        if (json is not null) OutputFile.Check(json);
        CpuBackend cpu = CpuBackend.Default;
        int threads = parsed.GetValue(Threads) ?? cpu.Threads;
        CliException.CheckUse(() => UseThreads(threads));
        var context = new VerbContext(output, stop, threads);
        body(parsed, context);
        context.Finish(json);
        return 0;

        int UseThreads(int count)
        {
            cpu.UseThreads(count);
            return count;
        }
    }
}
