// Reads labelled sets from IDX files: examples, labels and, if there are any, domains and names.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// Reads labelled sets of images or vectors. For <c>data/pacs</c> the files are
/// <c>data/pacs-images.idx.gz</c>, of images or of vectors (n, F), <c>data/pacs-labels.idx.gz</c>
/// and, if there, <c>data/pacs-domains.idx.gz</c> (the number of each example's domain) and
/// <c>data/pacs-names.txt</c>: a line for each class, or "classes: NAME NAME ..." and
/// "domains: NAME NAME ...". Also uncompressed, and with the names MNIST's files have.
/// </summary>
public static class LabelledFiles
{
    /// <summary>Names of the domains of a set, in the order of their numbers.</summary>
    /// <exception cref="DataException">The set has no domains.</exception>
    public static ImmutableArray<string> Domains(string path)
    {
        var (_, _, labels, names) = ImageFiles.FindOne(path);
        var (_, known) = ReadDomains(path, labels, SetNames.Read(names));
        return known;
    }

    /// <summary>Reads a set, or one domain of it.</summary>
    /// <param name="path">
    /// A folder that holds one set, or the path its files begin with.
    /// </param>
    /// <param name="domain">Name of the domain; all of them if null.</param>
    /// <param name="labelsOf">
    /// The path of another set of the same examples in the same order, whose labels, domains and
    /// names are meant: for files that hold examples alone, such as features of its images.
    /// </param>
    /// <param name="divisor">
    /// What a byte is divided by. Without it that is 255 for images, 1 for images of which no byte
    /// is above 1, and 1 for vectors.
    /// </param>
    /// <exception cref="DataException">
    /// Files are missing, damaged or do not fit together; there is no such domain; all examples are
    /// of one class.
    /// </exception>
    public static LabelledSet Load(
        string path, string? domain = null, string? labelsOf = null, float? divisor = null)
    {
        var (name, images, labelPath, namePath) = ImageFiles.FindOne(path);
        if (labelsOf is not null) (_, _, labelPath, namePath) = ImageFiles.FindOne(labelsOf);
        SetNames names = SetNames.Read(namePath);
        IdxFile examples = IdxFile.Read(images), labels = IdxFile.Read(labelPath);
        var (shape, values) = examples.Sizes.Length == 2
            ? IdxExamples.Vectors(examples, divisor) : IdxExamples.Images(examples, divisor);
        IdxExamples.CheckOneEach(labels, examples, "labels");
        int[] numbers = labels.ToInts();
        var set = LabelledSet.Create(
            name, shape, values, numbers, names.Classes ?? Numbered(labelPath, numbers));
        if (domain is not null)
        {
            var (file, known) = ReadDomains(labelsOf ?? path, labelPath, names);
            IdxExamples.CheckOneEach(file, examples, "domains");
            int chosen = known.IndexOf(domain);
            if (chosen < 0)
            {
                throw new DataException(
                    $"{path}: has no domain '{domain}'; choose one of {string.Join(", ", known)}.");
            }

            int[] domains = file.ToInts();
            set = set
                .Rows(Enumerable.Range(0, set.Count).Where(i => domains[i] == chosen))
                .Named($"{name} {domain}");
        }

        CheckClasses(set, labelPath);
        return set;
    }

    /// <summary>Refuses a set from which no classifier can learn.</summary>
    /// <exception cref="DataException">Fewer than two classes have examples.</exception>
    internal static void CheckClasses(LabelledSet set, string path)
    {
        int[] present = [.. set.Labels.Distinct().Take(2)];
        if (present.Length == 2) return;
        string what = present.Length == 0
            ? "there are no examples" : $"every example is of class '{set.Classes[present[0]]}'";
        throw new DataException(
            $"{path}: {what} in {set.Name}; give examples of at least two classes.");
    }

    /// <summary>The numbers of domains beside a file of labels, and the domains' names.</summary>
    private static (IdxFile Numbers, ImmutableArray<string> Names) ReadDomains(
        string path, string labels, SetNames names)
    {
        // The name before the ending, or a folder, may hold the word as well.
        const string Word = "-labels";
        int at = labels.LastIndexOf(Word, StringComparison.Ordinal);
        string file = labels[..at] + "-domains" + labels[(at + Word.Length)..];
        if (!File.Exists(file))
        {
            throw new DataException(
                $"{path}: has no domains; they would be in {file}. Name no domain.");
        }

        IdxFile numbers = IdxFile.Read(file);
        int[] all = numbers.ToInts();
        ImmutableArray<string> known = [.. names.Domains ?? Numbered(file, all)];
        int wrong = Array.FindIndex(all, d => d < 0 || d >= known.Length);
        if (wrong >= 0)
        {
            throw new DataException(
                $"{file}: domain {all[wrong]} of example {wrong} has no name; domains are 0 to "
                + $"{known.Length - 1}.");
        }

        return (numbers, known);
    }

    /// <summary>The numbers 0 to the largest one as names, for a set without.</summary>
    private static string[] Numbered(string path, int[] numbers)
    {
        int most = numbers.Length == 0 ? -1 : numbers.Max();
        return most < numbers.Length
            ? [.. Enumerable.Range(0, most + 1).Select(i => $"{i}")]
            : throw new DataException(
                $"{path}: {most} is not the number of a class or domain of {numbers.Length} "
                + "examples; number them from 0 on.");
    }
}
