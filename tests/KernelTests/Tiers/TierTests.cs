// Kernels keep the code that they are fast by. The JIT compiles what is called often a second time,
// and may then put a loop into its caller, where what the loop is made of no longer finds room and
// is called: ten times slower, for good (see Compiled). No clock is asked here: a child process
// calls every kernel until the JIT is done, and the code that it then runs is read.
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.Intrinsics.X86;
using Engine.Kernels;

namespace KernelTests.Tiers;

public class TierTests
{
    /// <summary>What to go without: the machine's widest vectors, then narrower ones.</summary>
    public static TheoryData<string> Without => ["", "AVX512", "AVX2", "HWIntrinsic"];

    [Theory]
    [MemberData(nameof(Without))]
    public void NoKernelEndsUpCallingWhatItIsMadeOf(string without)
    {
        Dictionary<string, Code> final = Settled(without);
        string[] missed = [.. final.Values
            .Select(c => (Code: c, Calls: Missed(c, emulated: without == "HWIntrinsic")))
            .Where(c => c.Calls.Length > 0)
            .Select(c => $"{c.Code.Method} ({c.Code.Tier}) makes {c.Calls.Length} calls, as of "
                + c.Calls[0])];
        Assert.True(missed.Length == 0, $"{missed.Length} methods call what their loops are made "
            + $"of:\n{string.Join('\n', missed)}");

        // Else this were a test of other code.
        string[] runs = [.. TileCalls.Kernels().Select(k => $"{Printed(k.GetType())}:Run(")];
        string[] unseen = [.. runs.Where(run =>
            !final.Keys.Any(m => m.StartsWith(run, StringComparison.Ordinal)))];
        Assert.True(unseen.Length == 0, $"not seen: {string.Join(", ", unseen)}");
        string[] wider = [.. Wider(without)];
        Assert.DoesNotContain(final.Keys, m => wider.Any(m.Contains));
        // Some loops are for vectors alone.
        if (without.Length > 0 || !Avx.IsSupported) return;
        var loops = final.Keys.Select(PrintedMethod.Of).Where(m => m.IsCompiledOnce)
            .Select(m => (m.TypeName, m.Name)).ToHashSet();
        MethodInfo[] others = [.. CompiledOnce().Where(m =>
            !loops.Contains((m.DeclaringType!.FullName!, m.Name)))];
        Assert.True(others.Length == 0, $"{others.Length} loops not called, as:\n"
            + string.Join('\n', others.Select(m => $"{m.DeclaringType}: {m}")));
    }

    /// <summary>A loop may be inlined unless it says otherwise.</summary>
    [Fact]
    public void LoopsStayMethodsOfTheirOwn() =>
        Assert.All(CompiledOnce(), m => Assert.True(
            (m.MethodImplementationFlags & MethodImplAttributes.NoInlining) != 0,
            $"{m.DeclaringType}: {m}"));

    /// <summary>What the JIT printed of a loop that had become part of its caller.</summary>
    [Fact]
    public void CallsOfLaneOperationsAreFound()
    {
        string[] lines =
        [
            "; Assembly listing for method Engine.Kernels.UnaryTile`2[Engine.SigmoidOp,float]"
                + ":Run(ptr,ptr,ptr,ptr,nint):this (Tier1)",
            "       call     [Engine.Kernels.Lanes512`1[float]:op_Addition(Engine.Kernels."
                + "Lanes512`1[float],Engine.Kernels.Lanes512`1[float]):Engine.Kernels.Lanes512"
                + "`1[float]]",
            "       call     [Engine.Kernels.Scalars:From[float](double):float]",
            "       call     [Engine.Kernels.TileLoop:Loop[Engine.Kernels.UnaryBody`1[Engine."
                + "SigmoidOp],Engine.Kernels.Lanes512`1[float]](ptr,ptr,ptr,ptr,nint)]",
            "       call     [r10+0x38]Engine.Kernels.TileKernel:Run(ptr,ptr,ptr,ptr,nint):this",
            "       jmp      SHORT G_M000_IG08",
            "; Total bytes of code 210",
        ];
        Code code = Assert.Single(Listing.Read(lines));
        Assert.Equal(4, code.Calls.Count);
        Assert.Equal(code.Calls.Take(2), Missed(code, emulated: false));
    }

    /// <summary>
    /// The calls that should have been inlined. What is compiled once is fast by all that its loop
    /// asks for; elsewhere a rare call is of no account, unless a loop came there. Without vector
    /// instructions the class library emulates vectors by calls, so that only lanes count.
    /// </summary>
    private static string[] Missed(Code code, bool emulated)
    {
        PrintedMethod caller = PrintedMethod.Of(code.Method);
        return caller.AsksToBeInlined ? [] : [.. code.Calls.Where(call =>
        {
            PrintedMethod callee = PrintedMethod.Of(call);
            return (callee.IsLaneOperation && !callee.IsCalledOnPurpose)
                || (callee.AsksToBeInlined && !emulated
                    && (callee.IsOfVectors || caller.IsCompiledOnce));
        })];
    }

    /// <summary>The code that runs in the end, by method.</summary>
    private static Dictionary<string, Code> Settled(string without)
    {
        for (int trial = 1; ; trial++)
        {
            string folder = Directory.CreateTempSubdirectory("engine-tiers").FullName;
            try
            {
                string file = Path.Combine(folder, "listing");
                RunProgram(without, file);
                var final = new Dictionary<string, Code>();
                foreach (Code code in Listing.Read(File.ReadLines(file)))
                    if (code.IsFinal) final[code.Method] = code;
                return final;
            }
            catch (InvalidDataException) when (trial < 3)
            {
                // A busy machine let two threads of the JIT print at a time.
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void RunProgram(string without, string listing)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location])
        {
            RedirectStandardError = true,
        };
        foreach (string set in start.Environment.Keys.ToArray())
            if (set.StartsWith("DOTNET_T", StringComparison.Ordinal))
                start.Environment.Remove(set);
        start.Environment["DOTNET_JitStdOutFile"] = listing;
        start.Environment["DOTNET_JitDisasm"] = "Engine.Kernels*:*";
        // The second thread of the JIT begins so long after the last new method, by when all are
        // compiled for the first time; and no loop is compiled while it runs.
        start.Environment["DOTNET_TC_CallCountingDelayMs"] =
            Program.DelayMs.ToString("X", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_TC_OnStackReplacement"] = "0";
        if (without.Length > 0) start.Environment[$"DOTNET_Enable{without}"] = "0";
        using Process child = Process.Start(start)!;
        string errors = child.StandardError.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, errors);
    }

    /// <summary>The lanes that a program without something must not use.</summary>
    private static IEnumerable<string> Wider(string without) => without switch
    {
        "AVX512" => ["Lanes512"],
        "AVX2" => ["Lanes512", "Lanes256"],
        "HWIntrinsic" => ["Lanes512", "Lanes256", "Lanes128"],
        _ => [],
    };

    private static IEnumerable<MethodInfo> CompiledOnce() =>
        typeof(CpuBackend).Assembly.GetTypes().SelectMany(t => t.GetMethods(
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
                | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(m => (m.MethodImplementationFlags
                & MethodImplAttributes.AggressiveOptimization) != 0);

    /// <summary>A type as the JIT prints it.</summary>
    private static string Printed(Type type)
    {
        if (type == typeof(float)) return "float";
        if (type == typeof(double)) return "double";
        if (type == typeof(int)) return "int";
        if (type == typeof(long)) return "long";
        if (!type.IsGenericType) return type.FullName!;
        return $"{type.GetGenericTypeDefinition().FullName}["
            + string.Join(',', type.GetGenericArguments().Select(Printed)) + "]";
    }
}
