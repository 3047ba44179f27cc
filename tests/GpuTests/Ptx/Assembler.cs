// NVIDIA's assembler, where it is installed: what a kernel takes of a GPU.
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Engine.GpuTests;

/// <summary>Registers a thread, and bytes of stack and of spilled registers.</summary>
internal sealed record Usage(int Registers, int Stack, int Spills);

internal static partial class Assembler
{
    public static bool IsInstalled { get; } = Find();

    /// <summary>
    /// Assembles for an architecture, such as sm_90; throws what ptxas complains of.
    /// </summary>
    public static Usage Assemble(string ptx, string architecture)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, ptx);
            (int code, string log) = Run("-arch=" + architecture, "-v", "-o", "/dev/null", file);
            if (code != 0) throw new InvalidOperationException($"ptxas: {log}\n{ptx}");
            Match frame = Frame().Match(log);
            return new(
                int.Parse(Used().Match(log).Groups[1].Value),
                int.Parse(frame.Groups[1].Value),
                int.Parse(frame.Groups[2].Value) + int.Parse(frame.Groups[3].Value));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static bool Find()
    {
        try
        {
            return Run("--version").Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Log) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ptxas", arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string log = process.StandardError.ReadToEnd() + output.Result;
        process.WaitForExit();
        return (process.ExitCode, log);
    }

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Used();

    [GeneratedRegex(@"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")]
    private static partial Regex Frame();
}

/// <summary>A fact that needs ptxas.</summary>
internal sealed class AssemblerFactAttribute : FactAttribute
{
    public AssemblerFactAttribute()
    {
        if (!Assembler.IsInstalled)
            Skip = "ptxas is not installed (Debian: nvidia-cuda-toolkit); kernels go unassembled.";
    }
}
