// What plans and tensors make of a device's promises that the CPU makes no use of: wrong indices
// that are found late, memory that runs out while dead results still hold it, wider chunks.
using System.Runtime.CompilerServices;

namespace Engine.OpTests;

public class BackendContractTests
{
    private static readonly Device Late = new(new ReferenceBackend { FindsLate = true });

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void AWrongIndexFoundLateIsToldWhenValuesAreRead()
    {
        Tensor x = Tensor.Ones([3, 5]).To(Late), bad = Tensor.From([1L, 5]).To(Late);
        Tensor taken = x.Take(bad, 1);
        taken.Eval(); // computes, and does not know yet
        Assert.Equal(
            "Take: index 5 at (0, 1) is outside 0 .. 4.", Error(() => taken.ToArray<float>()));

        // Another read tells first where one is earlier; then the device is as before.
        Tensor other = (x * 2).Eval();
        x.TakeAlongAxis(Tensor.From([0L, -1, 2], Shape.Of(3, 1)).To(Late), 1).Eval();
        x.Take(bad, 1).Eval();
        Assert.Equal("TakeAlongAxis: index -1 at (1, 0) is outside 0 .. 4.",
            Error(() => other.ToArray<float>()));
        Assert.All(other.ToArray<float>(), value => Assert.Equal(2, value));
    }

    [Fact]
    public void LateErrorsReadAsThoseOfTheCpuInGradientsAndSums()
    {
        Tensor x = Tensor.Ones([4]), bad = Tensor.From([3L, 7, 0, 1]);
        Same(d =>
        {
            Tensor index = bad.To(d);
            return Grad.Of((Tensor t) => t.Take(index).Sum())(x.To(d));
        });
        Same(d => x.To(d).ScatterAdd(bad.To(d), x.To(d)));
        Same(d => Compile.Of((Tensor t, Tensor i) => t.Take(i) * 2)(x.To(d), bad.To(d)));
    }

    [Fact]
    public void LateErrorsNameTheChunksThatTheyAreIn()
    {
        Tensor x = Tensor.Ones([6, 4]);
        Tensor index = Tensor.From([0L, 1, 2, 3, 4, 0], Shape.Of(6, 1));
        Func<Tensor, Tensor, Tensor> rows = Vmap.Of(
            (Tensor row, Tensor i) => row.Take(i).Sum(), chunk: 2);
        Assert.Equal(
            "Take: index 4 at (0, 0) is outside 0 .. 3. (Places are within chunk 2 of 3, from 0.)",
            Same(d => rows(x.To(d), index.To(d))));

        Tensor many = Tensor.Ones([2, 6, 4]);
        Func<Tensor, Tensor, Tensor> nested = Vmap.Of(
            (Tensor a, Tensor i) => rows(a, i), chunk: 1);
        Tensor indices = Tensor.Stack([index * 0, index]);
        Assert.EndsWith("chunk 2 of 3, from 0.) (Places are within chunk 1 of 2, from 0.)",
            Same(d => nested(many.To(d), indices.To(d))));
    }

    [Fact]
    public void DeadResultsMakeRoom()
    {
        var device = new Device(new ReferenceBackend { Room = 40_000 });
        Tensor kept = Tensor.Ones([1000]).To(device);
        for (int i = 0; i < 50; i++) Drop(kept);
        Assert.Equal(5, (kept * 5).ToArray<float>()[999]);
        Assert.StartsWith("Eval: reference has no room for",
            Error(() => (kept.ExpandDims(1) * kept).CumSum(0).Eval()));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(Tensor x) => (x + 1).Eval();
    }

    [Fact]
    public void BytesInUseAreCountedForEachDevice()
    {
        Device one = new(new ReferenceBackend()), two = new(new ReferenceBackend());
        Tensor x = Tensor.Ones([1000]).To(one);
        Assert.InRange(one.Memory.Owned, 4000, 4096);
        Assert.Equal(0, two.Memory.Owned);
        GC.KeepAlive(x);
    }

    [Fact]
    public void ChunksAreAsLargeAsTheDeviceLikes()
    {
        Tensor x = Tensor.Ones([64, 100]);
        int narrow = Calls(400), wide = Calls(1 << 20);
        Assert.True(narrow >= 64 && wide < 16, $"{narrow} calls and {wide}");

        int Calls(long chunkBytes)
        {
            var backend = new ReferenceBackend { ChunkBytes = chunkBytes };
            Tensor there = x.To(new Device(backend));
            int before = backend.Calls;
            Vmap.Of((Tensor row) => row.Sin().Sum())(there).Eval();
            return backend.Calls - before;
        }
    }

    /// <summary>What is thrown on the CPU, and on a device that finds it late when read.</summary>
    private static string Same(Func<Device, Tensor> f)
    {
        string expected = Error(() => f(Device.Cpu).ToDoubles());
        Assert.Equal(expected, Error(() => f(Late).ToDoubles()));
        return expected;
    }
}
