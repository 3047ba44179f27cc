// Reads what the JIT prints of the code that it makes (DOTNET_JitDisasm): which methods it
// compiled, at which tier, and what their code calls.
using System.Text.RegularExpressions;

namespace KernelTests.Tiers;

/// <summary>The code of a method at a tier, and the methods that it calls, as printed.</summary>
internal sealed record Code(string Method, string Tier, IReadOnlyList<string> Calls)
{
    /// <summary>Whether it stays, and is not a step on the way to faster code.</summary>
    public bool IsFinal => Tier is "Tier1" or "FullOpts";
}

internal static partial class Listing
{
    /// <summary>
    /// All code in order of compilation. Throws if two threads of the JIT printed at a time.
    /// </summary>
    public static IEnumerable<Code> Read(IEnumerable<string> lines)
    {
        (string Method, string Tier, List<string> Calls)? open = null;
        foreach (string line in lines)
        {
            if (Head().Match(line) is { Success: true } head)
            {
                if (open is not null || head.Index > 0)
                    throw new InvalidDataException(
                        $"The listing of {open?.Method} is broken by {line}");
                open = (head.Groups[1].Value, head.Groups[2].Value, []);
            }
            else if (open is not { } code) continue;
            else if (line.StartsWith("; Total bytes of code", StringComparison.Ordinal))
            {
                yield return new(code.Method, code.Tier, code.Calls);
                open = null;
            }
            else if (Call().Match(line) is { Success: true } call)
                code.Calls.Add(call.Groups["name"].Value);
        }
    }

    [GeneratedRegex(@"; Assembly listing for method (.+) \(([^()]+)\)$")]
    private static partial Regex Head();

    // "call NAME", or "call [NAME]" through a cell, or "call [rax+0x18]NAME" through a table.
    [GeneratedRegex(
        @"^\s+(?:tail\.)?(?:call|jmp)\s+(?:\[\w+(?:\+\w+)?\]|(\[))?(?<name>(?:Engine|System)"
        + @"\..+?)(?(1)\])$")]
    private static partial Regex Call();
}
