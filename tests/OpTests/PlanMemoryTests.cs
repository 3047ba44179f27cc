// What a compiled function holds and allocates: temporaries share a few buffers, a chunked vmap
// holds those of one chunk, and a replay makes nothing but what it returns.
using Engine.Kernels;

namespace Engine.OpTests;

public class PlanMemoryTests
{
    // A call's list of arguments and its signature; a result's node, storage, buffer and places
    // in lists. Measured: 1.1 KiB and 0.27 KiB.
    private const long BytesOfCall = 2048, BytesOfResult = 512;

    [Fact]
    public void ALongChainTakesAFewBuffers()
    {
        const int size = 64 * 64 * 8;
        Tensor x = Key.From(0).Normal([64, 64], DType.Float64).Eval();
        long Peak(int length)
        {
            var compiled = Compile.Of((Tensor x) =>
            {
                for (int i = 0; i < length; i++) x = x.MatMul(x).Tanh().CumSum(i % 2);
                return x;
            });
            compiled(x);
            return Compile.Explain(compiled).Traces[0].PeakBytes;
        }
        Assert.InRange(Peak(3), size, 3 * size);
        Assert.Equal(Peak(3), Peak(60));
    }

    [Fact]
    public void AChunkedVmapHoldsOneChunk()
    {
        long Peak(int tasks)
        {
            Key[] keys = Key.From(1).Split(2);
            Tensor w = keys[0].Normal([4, 4], DType.Float64);
            Tensor x = keys[1].Normal([tasks, 200, 4], DType.Float64);
            Tensor Loss(Tensor p, Tensor t) => t.MatMul(p).Tanh().MatMul(p).Square().Mean();
            var maml = Compile.Of(Grad.WithValue((Tensor p, Tensor x) => Vmap.Of((Tensor t) =>
                Loss(p - 0.1 * Grad.Of((Tensor q) => Loss(q, t))(p), t), chunk: 1)(x).Mean()));
            maml(w, x);
            return Compile.Explain(maml).Traces[0].PeakBytes;
        }
        long few = Peak(3), many = Peak(48);
        Assert.True(many <= 1.01 * few, $"3 tasks take {few} bytes of temporaries, 48 {many}");
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(1, 200)]
    [InlineData(6, 200)]
    public void AReplayAllocatesNothingButItsResults(int results, int length)
    {
        var compiled = Compile.Of((Tensor x) =>
        {
            var y = new Tensor[results];
            for (int i = 0; i < results; i++)
            {
                y[i] = x + i;
                for (int k = 0; k < length; k++)
                    y[i] = y[i].MatMul(x).Sin() / y[i].Sum(1, keepDims: true).Exp();
            }
            return y;
        });
        // One thread: a pool of several allocates for its jobs on whichever thread is there.
        Tensor x = Key.From(2).Normal([8, 8], DType.Float64).Eval()
            .To(new Device(new CpuBackend(1)));
        for (int i = 0; i < 20; i++) compiled(x);
        const int calls = 50;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < calls; i++) compiled(x);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / calls;
        Assert.InRange(bytes, 1, BytesOfCall + results * BytesOfResult);
    }
}
