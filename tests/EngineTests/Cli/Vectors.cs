// Two small domains of vectors in svmlight's format.
using System.Globalization;
using System.Text;

namespace Engine.Tests.Cli;

internal static class Vectors
{
    /// <summary>
    /// Writes a source and a target of three classes, 40 examples of 6 features each, and returns
    /// the options that name them. The target's labels go through a function.
    /// </summary>
    public static string[] Domains(string folder, Func<int, int>? permute = null)
    {
        string source = Path.Combine(folder, "a.svmlight");
        string target = Path.Combine(folder, "b.svmlight");
        Write(source, 40, label => label, shift: 0);
        Write(target, 40, permute ?? (label => label), shift: 0.5);
        return ["--source", source, "--target", target, "--features", "6"];
    }

    /// <summary>Writes examples of three classes in turn.</summary>
    public static void Write(string file, int count, Func<int, int> label, double shift)
    {
        var random = new Random(count);
        var text = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            text.Append(label(i % 3));
            for (int f = 1; f <= 6; f++)
            {
                double value = (f % 3 == i % 3 ? 2 : 0) + shift + (0.3 * random.NextDouble());
                text.Append(CultureInfo.InvariantCulture, $" {f}:{value:F3}");
            }

            text.Append('\n');
        }

        File.WriteAllText(file, text.ToString());
    }
}
