// A verb that works in a folder of its own and can go on after it was stopped: its options stand in
// config.json, and a run that goes on takes no others.
using System.Text.Json;

namespace Engine.Cli;

/// <summary>Starts runs of a verb, and goes on with them.</summary>
/// <param name="Name">What is typed to call it.</param>
/// <param name="Help">What it does, for --help.</param>
/// <param name="Check">Refuses options that are wrong whatever the data.</param>
/// <param name="Prepare">
/// Reads what a run needs and returns the run itself: what cannot be read leaves no folder.
/// </param>
internal sealed record RunVerb<T>(
    string Name, string Help, Action<T> Check, Func<T, Action<RunFolder, VerbContext>> Prepare)
    where T : class, new()
{
    private static readonly OptionSet<T> OfRuns = new();
    private static readonly OptionSet<RunPlace> OfPlaces = new();

    public Verb Verb => new(
        Name, Help, [.. OfRuns.Symbols, .. OfPlaces.Symbols],
        typed =>
        {
            T options = OfRuns.Read(typed);
            RunPlace place = OfPlaces.Read(typed);
            if (place.Resume is not { } run)
            {
                Check(options);
                return context => Start(options, place.Out, context);
            }

            if (OfRuns.Specs.FirstOrDefault(spec => typed(spec.Name) is not null) is { } other)
                throw CliException.Use($"{other.Name}: a run goes on with the settings that it "
                    + "began with; leave it out.");
            return context => Resume(run, context);
        });

    /// <summary>The options of the run in a folder.</summary>
    /// <exception cref="CliException">There is none, or its file is damaged.</exception>
    public T ReadConfig(string folder)
    {
        string path = Path.Combine(folder, RunConfig.File);
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
            string? verb = file.RootElement.GetProperty("command").GetString();
            if (verb != Name)
                throw CliException.Fail($"{path}: it is of another verb, engine {verb}; name the "
                    + $"folder of a run of engine {Name}.");
            T options = OfRuns.Read(file.RootElement);
            Check(options);
            return options;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CliException.Fail(
                $"{path}: not there; name the folder of a run of engine {Name}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{path}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException
            or InvalidOperationException or CliException { ExitCode: CliException.WrongUse })
        {
            throw CliException.Fail($"{path}: damaged, or written by another version: "
                + e.Message.ReplaceLineEndings(" "), e);
        }
    }

    private void Start(T options, string? place, VerbContext context)
    {
        Action<RunFolder, VerbContext> run = Prepare(options);
        using RunFolder folder = RunFolder.Create(place, DateTime.Now);
        folder.Lock();
        var config = new JsonSummary();
        config.Add("command", Name);
        config.Add("version", EngineVersion.Text);
        foreach (var (name, value) in OfRuns.Entries(options)) config.Add(name, value);
        folder.WriteConfig(config);
        try
        {
            Run(run, folder, context);
        }
        catch (OperationCanceledException e) when (folder.IsUnused)
        {
            folder.Abandon();
            throw CliException.Stopped("stopped before anything was made; nothing is kept.", e);
        }
        catch (Exception) when (folder.IsUnused)
        {
            // The same command, put right, may then name the same folder.
            folder.Abandon();
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw Stopped(folder, e);
        }
    }

    private void Resume(string place, VerbContext context)
    {
        using RunFolder folder = RunFolder.Open(place);
        T options = ReadConfig(folder.FullPath);
        folder.Lock();
        try
        {
            Run(Prepare(options), folder, context);
        }
        catch (OperationCanceledException e)
        {
            throw Stopped(folder, e);
        }
    }

    private CliException Stopped(RunFolder folder, OperationCanceledException e) =>
        CliException.Stopped(
            $"stopped; engine {Name} --resume {folder.FullPath} goes on.", e);

    private static void Run(
        Action<RunFolder, VerbContext> run, RunFolder folder, VerbContext context)
    {
        run(folder, context);
        context.Figure("run", "run folder", folder.FullPath);
    }
}
