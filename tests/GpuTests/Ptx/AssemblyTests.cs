// Every kernel, in the form that a GPU gets, compiles to PTX for sm_80 and sm_90, and ptxas makes
// of it machine code without a stack and without spilled registers.
using Engine.Kernels.Gpu;
using Xunit.Abstractions;

namespace Engine.GpuTests;

public class AssemblyTests(ITestOutputHelper output)
{
    private const int ThreadsOfAGroup = 256;

    [AssemblerFact]
    public void OperatorsTakeNoStack() => Check(calls => calls.Operators(), 64);

    [AssemblerFact]
    public void ViewsTakeNoStack() => Check(calls => calls.Views(), 64);

    private void Check(Action<KernelCalls> run, int registers)
    {
        var launcher = new RecordingLauncher();
        using GpuBackend backend = Gpu.Simulated(launcher, ThreadsOfAGroup);
        run(new(backend));
        var failures = new List<string>();
        foreach ((int major, int minor) in new[] { (8, 0), (9, 0) })
        {
            using var compiler = new PtxCompiler(major, minor);
            foreach (Type kernel in launcher.Kernels)
            {
                string ptx = compiler.Compile(kernel).PTXAssembly;
                Usage usage = Assembler.Assemble(ptx, $"sm_{major}{minor}");
                string line = $"sm_{major}{minor} {kernel}: {usage}";
                output.WriteLine(line);
                if (usage.Stack + usage.Spills > 0 || usage.Registers > registers)
                    failures.Add(line);
            }
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }
}
