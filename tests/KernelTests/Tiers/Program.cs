// What TierTests starts with the JIT's listing switched on: calls every kernel until the JIT has
// nothing left to compile. The test assembly is a program for this alone; xunit does not run it.
using System.Runtime;

namespace KernelTests.Tiers;

internal static class Program
{
    /// <summary>
    /// Milliseconds without a new method after which the runtime begins to count calls.
    /// </summary>
    public const int DelayMs = 800;

    // A method goes to the next tier after 30 calls, and does so twice, since its branches are
    // counted in between.
    private const int Calls = 40, LeastRounds = 5, QuietRounds = 2, Rounds = 60;

    /// <summary>0 once all kernels have settled; 1 if they do not.</summary>
    public static int Main()
    {
        Action[] kernels = [.. TileCalls.All(), .. BackendCalls.All()];
        foreach (Action kernel in kernels) kernel();
        BackendCalls.Large();
        Thread.Sleep(2 * DelayMs);
        long compiled = -1;
        for (int round = 1, quiet = 0; round <= Rounds; round++)
        {
            foreach (Action kernel in kernels)
                for (int i = 0; i < Calls; i++) kernel();
            Thread.Sleep(DelayMs + DelayMs / 4);
            long now = JitInfo.GetCompiledMethodCount();
            quiet = now == compiled ? quiet + 1 : 0;
            compiled = now;
            if (round >= LeastRounds && quiet >= QuietRounds) return 0;
        }
        Console.Error.WriteLine($"The JIT still compiled after {Rounds} rounds.");
        return 1;
    }
}
