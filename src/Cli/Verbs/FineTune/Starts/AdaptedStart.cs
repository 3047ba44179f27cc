// The chosen networks of a run of engine adapt: of all its seeds in turn, or of one file.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal sealed class AdaptedStart : IStart
{
    private readonly AdaptOptions run;
    private readonly LabelledSet example; // of the shape and classes of the run's source
    private readonly string[] files;

    private AdaptedStart(AdaptOptions run, LabelledSet example, string[] files) =>
        (this.run, this.example, this.files) = (run, example, files);

    public string Text => $"{run.Method} from {run.Source} to {run.Target}: "
        + (files.Length == 1 ? files[0] : $"{files.Length} seeds in turn");

    public IEnumerable<(string Spec, long Seed)> Learned => Enumerable.Range(0, run.Seeds)
        .Select(i => (run.Source, unchecked(run.Seed + i)));

    public IStart Of(RunFolder folder) => new AdaptedStart(run, example, folder.Once(
        RunFolder.Starts, "delete the folder and start anew", () => files));

    public static AdaptedStart Open(string path, FineTuneOptions options)
    {
        bool file = path.EndsWith(".safetensors", StringComparison.Ordinal);
        string folder = file ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        if (file ? !File.Exists(path) : !Directory.Exists(path))
            throw CliException.Use($"--model: {path}: not there; name the folder of a run of "
                + "engine adapt or engine train, a model file in it, or mobilenet:FOLDER.");
        AdaptOptions run = AdaptVerb.Runs.ReadConfig(folder);
        if (options.Size is not null)
            throw CliException.Use(
                "--size: the network of --model has a size of its own; leave it out.");
        if (run.Method == "mcd" && options.Plan is not (PlanName.All or PlanName.Lora))
            throw CliException.Use("--plan: mcd made a network with two heads; give all or lora, "
                + "or a run of another method.");
        string[] files = file ? [path] :
        [
            .. Enumerable.Range(0, run.Seeds)
                .Select(i => Path.Combine(folder, AdaptationRunner.ModelFile(
                    $"seed-{unchecked(run.Seed + i)}")))
                .Where(File.Exists),
        ];
        if (files.Length == 0)
            throw CliException.Use($"--model: no seed of {folder} is finished yet; engine adapt "
                + $"--resume {folder} goes on with it.");
        LabelledSet first = DomainSpec.Parse("--source", run.Source)
            .Load("--source", run.Vectors, run.Seed).Chosen.Range(0, 1);
        LabelledSet example = run.Size is { } size && first.Shape.Rank == 3
            ? first.Resize(size, size) : first;
        return new(run, example, files);
    }

    public LabelledSet Prepare(LabelledSet data)
    {
        if (run.Method == "mcd" && !data.Classes.SequenceEqual(example.Classes))
            throw CliException.Use($"--data: {data.Name} has other classes than {example.Name}, "
                + "and the two heads that mcd made cannot be replaced; give a run of another "
                + "method.");
        return Starts.Fit(
            Starts.Sized(data, example.Shape), example.Shape, "the network of --model");
    }

    public R Use<R>(StartSeed seed, IStartUse<R> use) => new AdaptModels(run, example).Chosen(
        files[seed.Number % files.Length], new Hand<R>(example, seed, use));

    private sealed class Hand<R>(LabelledSet known, StartSeed seed, IStartUse<R> use)
        : IModelUse<R>
    {
        public R With<N>(Adapted<N> model) where N : IFeatureNetwork =>
            use.With(Starts.For(model, known.Classes, seed));
    }
}
