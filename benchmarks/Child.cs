// Child processes, pinned to as many processors as they have threads.
using System.Diagnostics;
using System.Globalization;

namespace Engine.Benchmarks;

internal static class Child
{
    /// <summary>The last line a program prints; an exception if it fails.</summary>
    public static string Run(string program, IEnumerable<string> arguments, int threads)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ENGINE_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        using Process child = Process.Start(start)!;
        // One thread on the last processor: the first one serves most interrupts.
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
            child.ProcessorAffinity = Mask(threads);
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0)
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} failed: {errors.Result.Trim()}");
        return output.TrimEnd().Split('\n')[^1];
    }

    private static nint Mask(int threads)
    {
        int processors = Math.Min(Environment.ProcessorCount, 63);
        int used = Math.Min(threads, processors);
        return (nint)(((1L << used) - 1) << (processors - used));
    }
}
