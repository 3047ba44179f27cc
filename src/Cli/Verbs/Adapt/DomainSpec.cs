// What is typed to name a domain, and the labelled set that it stands for.
using System.Globalization;
using System.Text.RegularExpressions;
using Engine.Data;
using Engine.Images;

namespace Engine.Cli;

/// <summary>What svmlight files do not say of themselves.</summary>
/// <param name="Features">Length of their vectors.</param>
/// <param name="FirstIndex">The number that they give the first feature.</param>
internal sealed record VectorFiles(int Features, int FirstIndex);

/// <summary>
/// A set by name or path, perhaps one domain of it, a range of it, and a sample of that: in this
/// order SET, #DOMAIN, @FIRST..END and :COUNT.
/// </summary>
internal sealed partial record DomainSpec(
    string Text, string Set, string? Domain, (int First, int End)? Range, int? Count)
{
    public const string Help = "Labelled examples to learn from: fontdigits, mnist (2,000), "
        + "ucidigits, PATH of IDX files (PATH-images.idx.gz), a folder with a folder of images for "
        + "each class, or FILE.svmlight[.gz]; then #DOMAIN chooses a domain, @FIRST..END a range "
        + "(END is not in it), :COUNT a random sample";

    /// <summary>Takes a text apart.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public static DomainSpec Parse(string option, string text)
    {
        Match m = Form().Match(text);
        if (!m.Success || m.Groups["set"].Value.Length == 0)
        {
            throw CliException.Use($"{option}: '{text}' names no set; give SET, SET#DOMAIN, "
                + "SET@FIRST..END or SET:COUNT, such as mnist:1000.");
        }

        int Number(string group)
        {
            return int.TryParse(
                m.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
                ? n
                : throw CliException.Use(
                    $"{option}: {m.Groups[group].Value} is too large a number.");
        }

        return new(
            text, m.Groups["set"].Value,
            m.Groups["domain"].Success ? m.Groups["domain"].Value : null,
            m.Groups["first"].Success ? (Number("first"), Number("end")) : null,
            m.Groups["count"].Success ? Number("count") : null);
    }

    /// <summary>
    /// The same with the whole path of its files, so that it means the same in any working
    /// directory.
    /// </summary>
    public static string Absolute(string text)
    {
        Group set = Form().Match(text).Groups["set"];
        return !set.Success || IsEmbedded(set.Value)
            ? text : Path.GetFullPath(set.Value) + text[set.Length..];
    }

    /// <summary>Whether it names a file in svmlight's format.</summary>
    public bool IsSvmLight => Set.EndsWith(".svmlight", StringComparison.OrdinalIgnoreCase)
        || Set.EndsWith(".svmlight.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>The chosen examples, and those that the sample leaves.</summary>
    /// <exception cref="CliException">The set has not that many.</exception>
    /// <exception cref="DataException">It cannot be read.</exception>
    public (LabelledSet Chosen, LabelledSet Others) Load(
        string option, VectorFiles vectors, long seed) =>
        SetReader.Of(vectors).Open(option, Text).Draw(seed);

    /// <summary>The range of a set, of which there must be as many examples as asked for.</summary>
    /// <exception cref="CliException">The set has not that many.</exception>
    public LabelledSet Within(string option, LabelledSet all)
    {
        if (Range is var (first, end))
        {
            if (first >= end || end > all.Count)
            {
                throw CliException.Use($"{option}: {first}..{end} is no range of the {all.Count} "
                    + $"examples of {all.Name}; give FIRST below END, END at most {all.Count}.");
            }

            all = all.Range(first, end - first);
        }

        return Count is null || (Count >= 1 && Count <= all.Count) ? all
            : throw CliException.Use($"{option}: {Count} examples are asked for of {all.Name}, "
                + $"which has {all.Count}; give 1 to {all.Count}.");
    }

    private static bool IsEmbedded(string set) => set is "fontdigits" or "mnist" or "ucidigits";

    /// <summary>All of its set, or of a domain of it.</summary>
    /// <exception cref="CliException">It has no domains.</exception>
    /// <exception cref="DataException">It cannot be read.</exception>
    public LabelledSet Read(string option, VectorFiles vectors)
    {
        LabelledSet? embedded = Set switch
        {
            "fontdigits" => LabelledSet.From(EmbeddedData.FontDigits),
            "mnist" => LabelledSet.From(EmbeddedData.Mnist),
            "ucidigits" => LabelledSet.From(EmbeddedData.UciDigits),
            _ => null,
        };
        if (Domain is not null && (embedded is not null || IsSvmLight))
            throw CliException.Use($"{option}: {Set} has no domains; leave out #{Domain}.");
        if (embedded is not null) return embedded;
        if (IsSvmLight) return SvmLight.Read(Set, vectors.Features, vectors.FirstIndex);
        if (Directory.Exists(Set) && !ImageFiles.Exist(Set))
        {
            return Domain is null
                ? LabelledSet.From(ImageFolder.Load(Set, new()))
                : LabelledSet.From(ImageFolder.Load(Path.Combine(Set, Domain), new()));
        }

        if (!ImageFiles.Exist(Set))
        {
            throw new DataException($"{Set}: no such set: neither fontdigits, mnist or ucidigits, "
                + $"nor a folder, nor files {Path.GetFileName(Set)}-images.idx.gz; check the path "
                + $"of {option}.");
        }

        return LabelledFiles.Load(Set, Domain);
    }

    [GeneratedRegex(@"^(?<set>[^#]+?)(#(?<domain>[^@:]+))?(@(?<first>\d+)\.\.(?<end>\d+))?"
        + @"(:(?<count>\d+))?$")]
    private static partial Regex Form();
}
