// The command line: defaults, one-line errors, exit codes, info.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

public class CommandLineTests
{
    [Theory]
    [InlineData("--wayss 5", "Unrecognized command or argument '--wayss'. See 'engine --help'.")]
    [InlineData("fly", "Unrecognized command or argument 'fly'")]
    [InlineData("train --shoots 5",
        "Unrecognized command or argument '--shoots'. See 'engine train --help'.")]
    [InlineData("--ways five", "--ways: 'five' is wrong; give a whole number from 2 up.")]
    [InlineData("--ways 1", "--ways: '1' is wrong; give a whole number from 2 up.")]
    [InlineData("--shots -1", "--shots: '-1' is wrong; give a whole number from 1 up.")]
    [InlineData("--shots 99999999999", "--shots: '99999999999' is wrong")]
    [InlineData("train --inner-rate 0", "--inner-rate: '0' is wrong; give a number above 0.")]
    [InlineData("train --rate nan", "--rate: 'nan' is wrong")]
    [InlineData("train --order third", "--order: 'third' is wrong; give exact or first.")]
    [InlineData("train --seed x", "--seed: 'x' is wrong; give a whole number.")]
    [InlineData("--ways", "Required argument missing for option: '--ways'.")]
    [InlineData("repro tables", "'tables' is not an experiment; engine repro --list names those there are.")]
    [InlineData("repro", "name an experiment; engine repro --list names those there are.")]
    [InlineData("test", "Required argument 'RUN' missing for command: 'test'.")]
    [InlineData("info --json /nowhere/at/all.json",
        "--json: the folder of /nowhere/at/all.json does not exist")]
    public void WrongUseIsOneLineAndExitCodeTwo(string arguments, string expected)
    {
        var (code, output, error) = Run(arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.StartsWith("engine: ", error);
        Assert.Contains(expected, error);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.Empty(output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("train --help")]
    [InlineData("test --help")]
    [InlineData("--version")]
    public void HelpAndVersionSucceed(string arguments)
    {
        var (code, output, error) = Run(arguments.Split(' '));
        Assert.Equal(0, code);
        Assert.NotEmpty(output);
        Assert.Empty(error);
    }

    [Fact]
    public void DefaultsAreThoseOfTheMainJob()
    {
        var options = new OptionSet<RunOptions>().Read(_ => null);
        Assert.Equal(new RunOptions(), options);
        Assert.Equal((5, 1, true), (options.Ways, options.Shots, options.HasTimeBudget));
        Assert.Null(options.Seconds);
        Assert.Null(options.Iterations);
        Assert.Null(options.Data);
        MamlOptions maml = Assert.IsType<MamlOptions>(
            EngineCommand.Choices.Methods.Read(_ => null).Learning);
        Assert.Equal((DerivativeOrder.Exact, 1, 3), (maml.Order, maml.InnerSteps, maml.TestSteps));

        string[] line =
            ("--iterations 10 --order first --rotations off --inner-rate 1e-2 --seed -4 "
            + "--data x").Split(' ');
        string? Typed(string name) =>
            line.SkipWhile(word => word != name).Skip(1).FirstOrDefault();
        var other = new OptionSet<RunOptions>().Read(Typed);
        maml = Assert.IsType<MamlOptions>(EngineCommand.Choices.Methods.Read(Typed).Learning);
        Assert.Equal(10, other.Iterations);
        Assert.Null(other.Seconds);
        Assert.Equal((DerivativeOrder.First, 0.01), (maml.Order, maml.InnerRate));
        Assert.False(other.Rotations);
        Assert.Equal(-4, other.Seed);
        Assert.Equal(Path.GetFullPath("x"), other.Data);
    }

    [Fact]
    public void InfoWritesWhatItPrints()
    {
        string file = Path.GetTempFileName();
        var (code, output, _) = Run("info", "--threads", "3", "--json", file);
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Equal(3, json.RootElement.GetProperty("threads").GetInt32());
        Assert.True(json.RootElement.GetProperty("memory_gib").GetDouble() > 0);
        Assert.Equal(json.RootElement.EnumerateObject().Count(), output.Count(c => c == '\n'));
        Assert.Contains(json.RootElement.GetProperty("cpu").GetString()!, output);
        File.Delete(file);
    }

    [Fact]
    public void AJsonFileThatCannotBeWrittenIsFoundAtTheStart()
    {
        string file = Path.Combine(Path.GetTempPath(), new string('a', 300));
        var (code, output, error) = Run("info", "--json", file);
        Assert.Equal(1, code);
        Assert.Contains("aaa: cannot be written", error);
        Assert.DoesNotContain(".part", error);
        Assert.Empty(output);
    }

    [Fact]
    public void FiguresOfFailedDerivativesAreWritten()
    {
        string file = Path.GetTempFileName();
        using var output = new StringWriter();
        var context = new VerbContext(output, CancellationToken.None, threads: 1);
        GradCheckVerb.Run(new GradCheckOptions { Seed = 0 }, context,
        [
            new("right", (_, _) => new GradCheckResult(1, 1, 1e-9, 0, 0)),
            new("wrong", (_, order) => new GradCheckResult(order, 1, order == 1 ? 0 : 0.25, 0, 0)),
        ]);
        var e = Assert.Throws<CliException>(() => context.Finish(file));
        Assert.Equal(1, e.ExitCode);
        Assert.Contains("1 of 2 derivatives are wrong, wrong most (2.5e-01)", e.Message);
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        Assert.Equal(0.25, json.RootElement.GetProperty("wrong")[1].GetDouble());
        Assert.Equal(1, json.RootElement.GetProperty("failures").GetInt32());
        File.Delete(file);
    }

    [Fact]
    public void WrongArgumentsOfLibrariesAreWrongUse()
    {
        var e = Assert.Throws<CliException>(() => CliException.CheckUse<int>(
            () => throw new ArgumentException("ways: 60 exceeds the 20 classes")));
        Assert.Equal(2, e.ExitCode);
        Assert.Equal("ways: 60 exceeds the 20 classes", e.Message);
    }

    internal static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = CommandLine.Run(
            arguments, EngineCommand.Choices, output, error, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }
}
