// An output that lets a test step in at a certain line.
using System.Text;

namespace Engine.Tests.Cli;

/// <summary>Does something when a text is printed for the first time.</summary>
internal sealed class ActingWriter(string text, Action act) : StringWriter
{
    private bool acted;

    /// <summary>Asks for the end, as Ctrl-C does, when a text is printed.</summary>
    public static ActingWriter Cancelling(string text, CancellationTokenSource stop) =>
        new(text, stop.Cancel);

    public override Encoding Encoding => Encoding.UTF8;

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (acted || value?.StartsWith(text, StringComparison.Ordinal) != true) return;
        acted = true;
        act();
    }
}
