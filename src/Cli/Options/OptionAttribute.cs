// An option is a property of a record, declared once: its name, help, default and check are what
// the command line, its help and config.json are made from.
namespace Engine.Cli;

/// <summary>
/// Makes a property an option: <c>InnerRate</c> is <c>--inner-rate</c> on the command line and
/// <c>inner_rate</c> in files. Its value in a new record is the default. Its type says which values
/// are right: <see cref="int"/> (a whole number from <see cref="Min"/> up), <see cref="long"/> (any
/// whole number), <see cref="double"/> (a number above 0), <see cref="bool"/> (on or off), an
/// enumeration (one of its names, in lower case), <see cref="Data.Counts"/> (one whole number from
/// <see cref="Min"/> up, or several) or <see cref="string"/> (a text that is not empty). Null is
/// right only where it is the default.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string help) : Attribute
{
    /// <summary>What the option means, in a few words for --help.</summary>
    public string Help { get; } = help;

    /// <summary>The smallest whole number that is right.</summary>
    public int Min { get; init; } = 1;

    /// <summary>
    /// Where <c>engine tune</c> looks for a good number, from here to <see cref="High"/>; nowhere
    /// if both are 0.
    /// </summary>
    public double Low { get; init; }

    /// <summary>Where <c>engine tune</c> stops looking.</summary>
    public double High { get; init; }

    /// <summary>
    /// Whether <c>engine test</c> takes it too: it changes what a trained model predicts.
    /// </summary>
    public bool InTest { get; init; }

    /// <summary>
    /// Whether files of before there was this option lack it; they mean the default.
    /// </summary>
    public bool Later { get; init; }

    /// <summary>What stands for a text in help, such as FOLDER.</summary>
    public string Value { get; init; } = "TEXT";

    /// <summary>
    /// Given by its place, without a name before it; required unless its default is null.
    /// </summary>
    public bool Positional { get; init; }

    /// <summary>Switched on by its name alone; of a <see cref="bool"/> that is off.</summary>
    public bool Flag { get; init; }
}
