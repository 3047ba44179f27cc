// Evaluates one element-wise operation on known values without a plan: in code that reads each
// value as it goes, planning would cost many times the work itself. The result has the same bits,
// because the program is the one that a plan of this one node would run.
using System.Collections.Concurrent;
using Engine.Kernels;

namespace Engine;

/// <summary>Evaluates single element-wise nodes whose inputs are ready.</summary>
internal static class EagerElementwise
{
    /// <summary>
    /// Programs by kernel and by which inputs are the same tensor. There is one kernel for each
    /// operator and element type, so the table stays small.
    /// </summary>
    private static readonly ConcurrentDictionary<(TileKernel Kernel, Sharing Inputs), TileProgram>
        Programs = new();

    /// <summary>Loops often evaluate one operation at one size many times.</summary>
    [ThreadStatic] private static Recent? recent;

    /// <summary>Which inputs are the same tensor, and so the same register.</summary>
    private enum Sharing : byte
    {
        None,
        SecondIsFirst,
        ThirdIsSecond,
    }

    /// <summary>
    /// Evaluates the tensor if it is such a node; false if it is not, or if there is an error,
    /// which a plan will report.
    /// </summary>
    public static bool TryEvaluate(Tensor tensor)
    {
        NodeState state = tensor.State;
        if (state.Primitive is not Elementwise operation || state.Value is not null) return false;
        Tensor[] x = state.Inputs;
        if (x.Length > 3 || x[0].State.Value is not { } a) return false;
        Value? b = null, c = null;
        if (x.Length > 1 && !IsBeside(x[1], a, out b)) return false;
        if (x.Length > 2 && !IsBeside(x[2], a, out c)) return false;

        TileKernel kernel = operation.Kernel(x[0].DType, tensor.DType);
        if (SharingOf(x, kernel) is not { } sharing) return false;
        Device device = a.Storage.Device;
        Storage result;
        try
        {
            result = new Storage(device, Slot.Rounded(tensor.Count * tensor.DType.Size()));
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
        var (program, layout) =
            (recent ??= new Recent()).For(kernel, x.Length, sharing, tensor.Count);
        Operand first = Operand(x[0], a, layout);
        Operand second = b is null ? default : Operand(x[1], b, layout);
        Operand third = c is null ? default : Operand(x[2], c, layout);
        ReadOnlySpan<Operand> inputs = [first, second, third];
        ReadOnlySpan<Operand> outputs = [new(result.Buffer, 0, tensor.DType, layout)];
        device.Backend.Elementwise(program, inputs[..program.Inputs.Length], outputs);
        // Another thread may have evaluated the node and let its inputs go.
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        tensor.SetValue(new Value(result));
        return true;
    }

    /// <summary>Whether an input is ready, on the device of another's value.</summary>
    private static bool IsBeside(Tensor x, Value other, out Value? value)
    {
        value = x.State.Value;
        return value is not null && value.Storage.Device == other.Storage.Device;
    }

    /// <summary>Which inputs are the same; null for rare cases, left to plans.</summary>
    private static Sharing? SharingOf(Tensor[] x, TileKernel kernel)
    {
        if (x.Length > 2 && (x[0] == x[1] || x[0] == x[2])) return null;
        if (x.Length == 1 || x[^1] != x[^2]) return Sharing.None;
        if (kernel.Sources[x.Length - 1] != kernel.Sources[x.Length - 2]) return null;
        return x.Length == 2 ? Sharing.SecondIsFirst : Sharing.ThirdIsSecond;
    }

    private static TileProgram Program(TileKernel kernel, int inputs, Sharing sharing)
    {
        int count = sharing == Sharing.None ? inputs : inputs - 1;
        int second = sharing == Sharing.SecondIsFirst ? 0 : 1;
        int third = sharing == Sharing.ThirdIsSecond ? 1 : 2;
        var instruction = new TileInstruction(
            kernel, 0, inputs > 1 ? second : -1, inputs > 2 ? third : -1);
        return new TileProgram(kernel.Sources[..count], [], [instruction], [count]);
    }

    private static Operand Operand(Tensor x, Value value, Layout layout) =>
        new(value.Storage.Buffer, 0, x.DType, layout);

    /// <summary>What the last evaluation of a thread used.</summary>
    private sealed class Recent
    {
        private TileKernel? kernel;
        private Sharing sharing;
        private TileProgram? program;
        private Layout? layout;

        /// <summary>
        /// The program of a kernel and the layout of its operands: values are row-major throughout,
        /// and to a program over elements that is one axis.
        /// </summary>
        public (TileProgram Program, Layout Layout) For(
            TileKernel wanted, int inputs, Sharing shared, long count)
        {
            if (program is null || kernel != wanted || sharing != shared)
            {
                program = Programs.GetOrAdd(
                    (wanted, shared), static (key, n) => Program(key.Kernel, n, key.Inputs),
                    inputs);
                kernel = wanted;
                sharing = shared;
            }
            if (layout is null || layout.Count != count) layout = Layout.Contiguous(count);
            return (program, layout);
        }
    }
}
