// The command line: the verbs, the options all of them have, and the one place where errors become
// lines and exit codes.
using System.CommandLine;
using System.CommandLine.Parsing;
using Engine.Data;
using Engine.Kernels;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>What every verb can be told.</summary>
internal sealed record SharedOptions
{
    [Option("Write every figure printed to FILE, as one JSON object", Value = "FILE")]
    public string? Json { get; init; }

    [Option("Threads to compute with [default: ENGINE_THREADS, or as many as processors]")]
    public int? Threads { get; init; }
}

internal static class CommandLine
{
    private static readonly OptionSet<SharedOptions> Shared = new();

    /// <summary>The verbs, first the one that is meant if none is named.</summary>
    private static Verb[] Verbs(Choices choices) =>
    [
        TrainVerb.Verb(choices),
        TestVerb.Verb(choices),
        ReproVerb.Verb(choices),
        TuneVerb.Verb(choices),
        CompareVerb.Verb(choices),
        AdaptVerb.Runs.Verb,
        FineTuneVerb.Runs.Verb,
        AnalyseVerb.Verb,
        GradCheckVerb.Verb,
        InfoVerb.Verb,
    ];

    /// <summary>Runs a command line; returns its exit code, whatever goes wrong.</summary>
    public static int Run(
        string[] args, Choices choices, TextWriter output, TextWriter error,
        CancellationToken stop)
    {
        RootCommand root = Build(Verbs(choices), output, stop);
        ParseResult? parsed = null;
        try
        {
            parsed = root.Parse(args);
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
            bool canSkip = parsed?.CommandResult.Command.Options.Any(
                option => option.Name == "--diverging") ?? false;
            return Explain(e, error, verbose: args.Contains("--verbose"), canSkip, stop);
        }
    }

    private static int Explain(
        Exception e, TextWriter error, bool verbose, bool canSkip, CancellationToken stop)
    {
        var (code, text) = e switch
        {
            CliException c => (c.ExitCode, c.Message),
            DataException or EngineException => (CliException.Failure, e.Message),
            DivergenceException => (CliException.Failure,
                canSkip ? $"{e.Message} {RunOptions.AgainstDivergence}" : e.Message),
            OperationCanceledException when stop.IsCancellationRequested =>
                (CliException.Interrupted, "stopped"),
            OutOfMemoryException => (CliException.Failure,
                "out of memory; choose a smaller --meta-batch or a smaller network"),
            _ => (CliException.Failure,
                $"internal error: {e.GetType().Name}: {e.Message} (--verbose shows where)"),
        };
        error.WriteLine("engine: " + text.ReplaceLineEndings(" "));
        if (verbose) error.WriteLine(e);
        return code;
    }

    private static RootCommand Build(Verb[] verbs, TextWriter output, CancellationToken stop)
    {
        var root = new RootCommand("Meta-learning with exact gradients. Without a verb: train.");
        Fill(root, verbs[0], output, stop);
        foreach (Verb verb in verbs)
        {
            var command = new Command(verb.Name, verb.Help);
            Fill(command, verb, output, stop);
            root.Subcommands.Add(command);
        }

        var verbose = new Option<bool>("--verbose") { Description = "Show stack traces of errors" };
        foreach (Option option in Shared.Symbols.Append(verbose).Cast<Option>())
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        foreach (Command command in root.Subcommands) CheckNames(command, root);
        return root;
    }

    /// <summary>Gives a command the options and the job of a verb.</summary>
    private static void Fill(
        Command command, Verb verb, TextWriter output, CancellationToken stop)
    {
        foreach (Symbol symbol in verb.Syntax)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else command.Options.Add((Option)symbol);
        }

        command.Validators.Add(result =>
        {
            try
            {
                Read(result);
            }
            catch (CliException e)
            {
                result.AddError(e.Message);
            }
        });
        command.SetAction(parsed =>
        {
            var (options, job) = Read(parsed.CommandResult);
            return RunJob(options, job, output, stop);
        });

        (SharedOptions Options, Action<VerbContext> Job) Read(CommandResult result)
        {
            string? Typed(string name) => result.GetResult(name) switch
            {
                OptionResult { Option: Option<bool>, Implicit: false } => "on",
                { Tokens: [var token] } => token.Value,
                _ => null,
            };
            return (Shared.Read(Typed), verb.Read(Typed));
        }
    }

    /// <summary>Refuses a network's option with the name of another option.</summary>
    private static void CheckNames(Command command, RootCommand root)
    {
        var twice = command.Options.Concat(root.Options.Where(option => option.Recursive))
            .GroupBy(option => option.Name).FirstOrDefault(same => same.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException(
                $"two options of {command.Name} are named {twice.Key}; rename the network's.");
        }
    }

    private static int RunJob(
        SharedOptions options, Action<VerbContext> job, TextWriter output, CancellationToken stop)
    {
        // Said now, not after minutes of training.
        if (options.Json is { } json) OutputFile.CheckTyped("--json", json);
        CpuBackend cpu = CpuBackend.Default;
        int threads = options.Threads ?? cpu.Threads;
        CliException.CheckUse(() =>
        {
            cpu.UseThreads(threads);
            return threads;
        });
        var context = new VerbContext(output, stop, threads);
        job(context);
        context.Finish(options.Json);
        return 0;
    }
}
