// Options that say in one line what is wrong with their value, before anything is measured.
using System.CommandLine;
using System.Globalization;

namespace Engine.Benchmarks;

internal static class Options
{
    /// <summary>A whole number of at least 1.</summary>
    public static Option<int> Count(string name, string description, int byDefault)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            DefaultValueFactory = _ => byDefault,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
                    && n >= 1)
                    return n;
                result.AddError($"{name} takes a whole number of at least 1, not {text}.");
                return byDefault;
            },
        };
        return option;
    }

    /// <summary>Some seconds, more than none.</summary>
    public static Option<double> Seconds(string name, string description, double byDefault)
    {
        var option = new Option<double>(name)
        {
            Description = description,
            DefaultValueFactory = _ => byDefault,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (double.TryParse(
                        text, NumberStyles.Float, CultureInfo.InvariantCulture, out double s)
                    && s > 0 && double.IsFinite(s))
                    return s;
                result.AddError($"{name} takes a number of seconds above 0, not {text}.");
                return byDefault;
            },
        };
        return option;
    }

    /// <summary>The name of a case.</summary>
    public static Option<string?> Case()
    {
        var option = new Option<string?>("--case") { Description = "Only this case" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && Cases.Check(name) is { } wrong)
                result.AddError($"--case: {wrong}");
        });
        return option;
    }

    /// <summary>Part of the names of some kind of thing, which one has; all by default.</summary>
    public static Option<string> Filter(string kind, Func<string, bool> exists)
    {
        var option = new Option<string>("--filter")
        {
            Description = $"Only {kind}s whose name contains TEXT",
            DefaultValueFactory = _ => "",
        };
        option.Validators.Add(result =>
        {
            string text = result.GetValueOrDefault<string>();
            if (!exists(text)) result.AddError($"--filter: no {kind}'s name contains {text}.");
        });
        return option;
    }

    /// <summary>A file that can be written: hours may pass before it is.</summary>
    public static Option<FileInfo?> Output(string name, string description)
    {
        var option = new Option<FileInfo?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<FileInfo?>() is { } file
                && (file.Directory is not { Exists: true } || Directory.Exists(file.FullName)))
                result.AddError($"{name}: {file} is not in a folder that is there, or is one.");
        });
        return option;
    }
}
