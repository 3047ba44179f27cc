// engine info: what a bug report needs to say about version and machine.
using System.Runtime;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Cli;

internal static class InfoVerb
{
    private const double Gibibyte = 1L << 30;

    public static Verb Verb { get; } =
        new("info", "Show version, machine and vector widths", [], _ => Run);

    private static void Run(VerbContext context)
    {
        context.Figure("version", "engine", EngineVersion.Text);
        context.Figure("runtime", "runtime", RuntimeInformation.FrameworkDescription);
        context.Figure("os", "system", RuntimeInformation.OSDescription.Trim());
        context.Figure("architecture", "architecture", $"{RuntimeInformation.ProcessArchitecture}");
        context.Figure("cpu", "processor", ProcessorName());
        context.Figure("vector_bits", "widest vector", WidestVector(), "bits");
        context.Figure("fma", "fused multiply-add", Fma() ? "yes" : "no", Fma());
        context.Figure("processors", "processors", Environment.ProcessorCount);
        context.Figure("threads", "threads used", context.Threads);
        context.Figure(
            "memory_gib", "memory",
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gibibyte, "F1", "GiB");
        context.Figure(
            "server_gc", "garbage collector", GCSettings.IsServerGC ? "server" : "workstation",
            GCSettings.IsServerGC);
    }

    private static int WidestVector() =>
        Vector512.IsHardwareAccelerated ? 512
        : Vector256.IsHardwareAccelerated ? 256
        : Vector128.IsHardwareAccelerated ? 128
        : 0;

    private static bool Fma() =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported
        || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported;

    private static string ProcessorName()
    {
        if (X86Base.IsSupported && Brand() is { Length: > 0 } brand) return brand;
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(
                l => l.StartsWith("model name", StringComparison.OrdinalIgnoreCase));
            if (line is not null) return line[(line.IndexOf(':') + 1)..].Trim();
        }
        catch (IOException)
        {
            // Not Linux.
        }

        return "unknown";
    }

    /// <summary>The brand string of x86 processors: leaves 0x80000002 to 0x80000004.</summary>
    private static string Brand()
    {
        const int first = unchecked((int)0x80000002);
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004) return "";
        Span<int> words = stackalloc int[12];
        for (int i = 0; i < 3; i++)
        {
            (words[4 * i], words[(4 * i) + 1], words[(4 * i) + 2], words[(4 * i) + 3]) =
                X86Base.CpuId(first + i, 0);
        }

        return System.Text.Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Trim('\0', ' ');
    }
}
