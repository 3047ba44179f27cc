// Child processes, pinned to as many processors as they have threads.
using System.Diagnostics;
using System.Globalization;

namespace Engine.Benchmarks;

internal static class Child
{
    /// <summary>The last line that this program prints when given these arguments.</summary>
    public static string RunSelf(IEnumerable<string> arguments, int threads)
    {
        string program = Environment.ProcessPath!;
        string own = typeof(Child).Assembly.Location;
        bool host = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return Run(program, host ? [own, .. arguments] : arguments, threads).Split('\n')[^1];
    }

    /// <summary>What a program prints; an exception if it fails.</summary>
    public static string Run(string program, IEnumerable<string> arguments, int threads)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string count = threads.ToString(CultureInfo.InvariantCulture);
        foreach (string variable in (string[])
            ["ENGINE_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
            start.Environment[variable] = count;
        // On one processor the runtime waits ten times as long before it compiles again what is
        // called often; a child has just one by our choice.
        start.Environment["DOTNET_TC_DelaySingleProcMultiplier"] = "1";
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
        return output.TrimEnd();
    }

    private static nint Mask(int threads)
    {
        int processors = Math.Min(Environment.ProcessorCount, 63);
        int used = Math.Min(threads, processors);
        return (nint)(((1L << used) - 1) << (processors - used));
    }
}
