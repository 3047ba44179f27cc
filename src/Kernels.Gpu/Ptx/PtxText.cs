// A mending of ILGPU's PTX before the driver sees it.
//
// What an inline instruction writes goes through memory: ILGPU stores it to a slot of the thread's
// stack and loads it from there. ptxas sees through that for numbers of 32 bits, but not of 64. A
// register of PTX may be written many times, so each slot that is only stored to and loaded from
// becomes a register.
using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Kernels.Gpu;

/// <summary>Text of PTX.</summary>
internal static partial class PtxText
{
    /// <summary>
    /// The same functions with registers in place of stack slots, where they can be.
    /// </summary>
    public static string WithoutSlots(string ptx)
    {
        var result = new StringBuilder(ptx.Length);
        var function = new List<string>();
        foreach (string line in ptx.Split('\n'))
        {
            function.Add(line);
            // The names of registers begin anew in each function.
            if (!line.StartsWith('}')) continue;
            Rewrite(function, result);
            function.Clear();
        }
        return result.AppendJoin('\n', function).ToString();
    }

    private static void Rewrite(List<string> function, StringBuilder result)
    {
        Dictionary<string, Slot> slots = Slots(function);
        HashSet<string> memory = [.. slots.Values.Select(slot => slot.Memory)];
        foreach (string line in function)
        {
            if (Address().Match(line) is { Success: true } address)
            {
                if (!slots.TryGetValue(address.Groups["register"].Value, out Slot? slot))
                    result.Append(line).Append('\n');
                else result.Append($"\t.reg .{slot.Type} {slot.Register};\n");
            }
            else if (Declaration().Match(line) is { Success: true } declaration
                && memory.Contains(declaration.Groups["memory"].Value))
                continue;
            else if (Store().Match(line) is { Success: true } store
                && slots.TryGetValue(store.Groups["address"].Value, out Slot? to))
                result.Append($"\tmov.{to.Type} {to.Register}, {store.Groups["value"].Value};\n");
            else if (Load().Match(line) is { Success: true } load
                && slots.TryGetValue(load.Groups["address"].Value, out Slot? from))
                result.Append(
                    $"\tmov.{from.Type} {load.Groups["target"].Value}, {from.Register};\n");
            else result.Append(line).Append('\n');
        }
    }

    /// <summary>
    /// Slots that nothing but loads and stores of one type uses, by their address.
    /// </summary>
    private static Dictionary<string, Slot> Slots(List<string> function)
    {
        var slots = new Dictionary<string, Slot>();
        foreach (string line in function)
            if (Address().Match(line) is { Success: true } m)
                slots[m.Groups["register"].Value] =
                    new(m.Groups["memory"].Value, "%slot" + slots.Count, "");
        foreach (string line in function)
        {
            if (Address().IsMatch(line)) continue;
            Match access = Store().Match(line);
            if (!access.Success) access = Load().Match(line);
            foreach (Match register in WideRegister().Matches(line))
            {
                if (!slots.TryGetValue(register.Value, out Slot? slot)) continue;
                string type = access.Groups["type"].Value;
                bool plain = access.Groups["address"].Value == register.Value
                    && access.Groups["value"].Value != register.Value
                    && (slot.Type.Length == 0 || slot.Type == type);
                if (plain) slots[register.Value] = slot with { Type = type };
                else slots.Remove(register.Value);
            }
        }
        return slots.Where(s => s.Value.Type.Length > 0).ToDictionary();
    }

    /// <summary>A piece of stack, the register in its place, and the type of both.</summary>
    private sealed record Slot(string Memory, string Register, string Type);

    [GeneratedRegex(@"^\s*mov\.b64\s+(?<register>%rd\d+), (?<memory>__local_depot\d+);")]
    private static partial Regex Address();

    [GeneratedRegex(@"^\s*\.local .*(?<memory>__local_depot\d+)\[")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*st\.local\.(?<type>\w+)\s+\[(?<address>%rd\d+)\], (?<value>[^;]+);")]
    private static partial Regex Store();

    [GeneratedRegex(@"^\s*ld\.local\.(?<type>\w+)\s+(?<target>%\w+), \[(?<address>%rd\d+)\];")]
    private static partial Regex Load();

    [GeneratedRegex(@"%rd\d+")]
    private static partial Regex WideRegister();
}
