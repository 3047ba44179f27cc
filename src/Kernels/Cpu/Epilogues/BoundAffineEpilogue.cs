// An affine epilogue bound to memory: the result and the views it is combined with are walked row
// by row, each with its own strides, so that nothing is copied and a result in L1 is passed over
// once. Rows may be short, so the walk is written out here instead of being StridedAxes'.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>An <see cref="AffineEpilogue"/> over a contiguous result.</summary>
internal unsafe struct BoundAffineEpilogue
{
    private const int MaxAxes = 4, Views = 3;

    private byte* result;
    private double scale, signY, signZ;
    private delegate*<in BoundAffineEpilogue, long, long, void> body;

    // Columns are contiguous in every view; the axes, innermost first, count the rows.
    private long columns;
    private int axes;
    private fixed long sizes[MaxAxes];
    private fixed long strides[Views * MaxAxes];
    private fixed long views[Views];

    /// <summary>
    /// Binds an epilogue; false if it is not affine or its views do not allow it.
    /// </summary>
    [SkipLocalsInit]
    public static bool Bind(in Epilogue epilogue, in Operand result, out BoundAffineEpilogue job)
    {
        Unsafe.SkipInit(out job);
        if (CompiledTileProgram.Of(epilogue.Program!).Epilogue is not { } form) return false;
        job.result = (byte*)CpuBackend.Pointer(result);
        job.signY = form.SubtractsY ? -1 : 1;
        job.signZ = form.SubtractsZ ? -1 : 1;
        job.scale = form.IsNegative ? -1 : 1;
        bool isDouble = result.Type == DType.Float64;
        if (form.Scale >= 0)
        {
            if (!Number(form.Scale, epilogue, isDouble, out double scale)) return false;
            job.scale *= scale;
        }
        if (!job.Walk([form.Y, form.Z, form.Mask], epilogue, result.Layout.Count)) return false;
        job.body = isDouble ? Body<double>(form, job.columns) : Body<float>(form, job.columns);
        return true;
    }

    /// <summary>Runs elements start .. end - 1.</summary>
    public readonly void Run(long start, long end)
    {
        if (start < end) body(in this, start, end);
    }

    private static bool Number(
        int register, in Epilogue epilogue, bool isDouble, out double number)
    {
        int inputs = epilogue.Program!.Inputs.Length;
        if (register >= inputs)
        {
            long bits = epilogue.Program.Constants[register - inputs].Bits;
            number = isDouble
                ? BitConverter.Int64BitsToDouble(bits)
                : BitConverter.Int32BitsToSingle((int)bits);
            return true;
        }
        ref readonly Operand operand = ref epilogue.Operands[register - 1];
        void* at = CpuBackend.Pointer(operand);
        number = isDouble ? *(double*)at : *(float*)at;
        return operand.Layout.IsUniform;
    }

    /// <summary>
    /// Finds axes common to all views, adjacent ones merged where every view allows it; false if a
    /// view is not contiguous along the innermost.
    /// </summary>
    private bool Walk(ReadOnlySpan<int> inputs, in Epilogue epilogue, long count)
    {
        long* stride = stackalloc long[Views], last = stackalloc long[Views];
        int* axis = stackalloc int[Views];
        long* done = stackalloc long[Views];
        axes = 0;
        columns = 1;
        for (int view = 0; view < Views; view++)
        {
            views[view] = stride[view] = 0;
            if (inputs[view] < 0) continue;
            ref readonly Operand operand = ref epilogue.Operands[inputs[view] - 1];
            views[view] = (long)CpuBackend.Pointer(operand);
            axis[view] = operand.Layout.Rank - 1;
            done[view] = 1;
        }
        for (long left = count; left > 1;)
        {
            // Views agree on the order of elements but not on sizes. The next common axis, from the
            // inside, is as long as the shortest of theirs; the rest of a longer one comes next.
            long size = left;
            for (int view = 0; view < Views; view++)
            {
                if (inputs[view] < 0) continue;
                Layout layout = epilogue.Operands[inputs[view] - 1].Layout;
                while (layout.Sizes[axis[view]] == done[view])
                {
                    axis[view]--;
                    done[view] = 1;
                }
                size = Math.Min(size, layout.Sizes[axis[view]] / done[view]);
            }
            bool merges = true, follow = true;
            for (int view = 0; view < Views; view++)
            {
                if (inputs[view] < 0) continue;
                Layout layout = epilogue.Operands[inputs[view] - 1].Layout;
                long room = layout.Sizes[axis[view]] / done[view];
                if (room % size != 0) return false;
                stride[view] = layout.Strides[axis[view]] * done[view];
                done[view] *= size;
                merges &= stride[view] == last[view];
                follow &= stride[view] == 1;
            }
            left /= size;
            if (columns == 1)
            {
                if (!follow) return false;
                columns = size;
            }
            else if (merges)
            {
                if (axes == 0) columns *= size;
                else sizes[axes - 1] *= size;
            }
            else
            {
                if (axes == MaxAxes) return false;
                sizes[axes] = size;
                for (int view = 0; view < Views; view++)
                    strides[view * MaxAxes + axes] = stride[view];
                axes++;
            }
            for (int view = 0; view < Views; view++) last[view] = stride[view] * size;
        }
        return true;
    }

    private static delegate*<in BoundAffineEpilogue, long, long, void> Body<T>(
        AffineEpilogue form, long columns) where T : unmanaged, INumber<T>
    {
        // If half a vector or more would be left of each row, narrower vectors are faster.
        bool narrower = columns % Vector512<T>.Count >= Vector256<T>.Count;
        var choice = new Choice<T>(form);
        Widest.Run<Choice<T>, T>(ref choice, bits: narrower ? 256 : 512);
        return choice.Body;
    }

    private struct Choice<T>(AffineEpilogue form) : IAnyWidth<T> where T : unmanaged, INumber<T>
    {
        public delegate*<in BoundAffineEpilogue, long, long, void> Body;

        public void Run<V>() where V : struct, IKernelLanes<V, T> => Body = Body<V, T>(form);
    }

    private static delegate*<in BoundAffineEpilogue, long, long, void> Body<V, T>(
        AffineEpilogue form)
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T> => form switch
        {
            { Z: >= 0 } => Body<V, T, C2>(form.End),
            { Y: >= 0 } => Body<V, T, C1>(form.End),
            _ => Body<V, T, C0>(form.End),
        };

    private static delegate*<in BoundAffineEpilogue, long, long, void> Body<V, T, N>(AffineEnd end)
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T> where N : struct, IConst =>
        end switch
        {
            AffineEnd.Rectified => &RowLoops<V, T, N, C1>.Run,
            AffineEnd.Kept => &RowLoops<V, T, N, C2>.Run,
            _ => &RowLoops<V, T, N, C0>.Run,
        };

    /// <summary>
    /// The loops with N views added (0 .. 2) and an ending, the AffineEnd's number.
    /// </summary>
    private static class RowLoops<V, T, N, End>
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T>
        where N : struct, IConst where End : struct, IConst
    {
        [SkipLocalsInit]
        [MethodImpl(Compiled.Once)]
        public static void Run(in BoundAffineEpilogue job, long start, long end)
        {
            long* at = stackalloc long[MaxAxes];
            (long row, long column) = StridedAxes.DivRem(start, job.columns);
            T* c = (T*)job.result + start;
            T* y = (T*)job.views[0], z = (T*)job.views[1], m = (T*)job.views[2];
            for (int axis = 0; axis < job.axes; axis++)
            {
                (row, at[axis]) = StridedAxes.DivRem(row, job.sizes[axis]);
                y += at[axis] * job.strides[axis];
                z += at[axis] * job.strides[MaxAxes + axis];
                m += at[axis] * job.strides[2 * MaxAxes + axis];
            }
            V scale = V.Const(job.scale), signY = V.Const(job.signY), signZ = V.Const(job.signZ);
            nint columns = (nint)job.columns, rows = 0;
            nint stepY = 0, stepZ = 0, stepM = 0;
            if (job.axes > 0)
            {
                rows = (nint)(job.sizes[0] - at[0]);
                stepY = (nint)job.strides[0];
                stepZ = (nint)job.strides[MaxAxes];
                stepM = (nint)job.strides[2 * MaxAxes];
            }
            nint first = (nint)column, left = (nint)(end - start);
            while (true)
            {
                nint n = Math.Min(columns, first + left), i = first;
                c -= first;
                for (; i <= n - V.Count; i += V.Count)
                    V.Store(Value(V.Load(c, i), y, z, m, i, scale, signY, signZ), c, i);
                // One by one: a vector would write past the row, where another thread may be.
                for (; i < n; i++)
                    Lanes1<T>.Store(
                        Value(
                            Lanes1<T>.Load(c, i), y, z, m, i, Lanes1<T>.Const(job.scale),
                            Lanes1<T>.Const(job.signY), Lanes1<T>.Const(job.signZ)), c, i);
                left -= n - first;
                if (left == 0) return;
                c += columns;
                first = 0;
                y += stepY;
                z += stepZ;
                m += stepM;
                if (--rows > 0) continue;
                rows = (nint)job.sizes[0];
                y -= rows * stepY;
                z -= rows * stepZ;
                m -= rows * stepM;
                for (int axis = 1; axis < job.axes; axis++)
                {
                    y += job.strides[axis];
                    z += job.strides[MaxAxes + axis];
                    m += job.strides[2 * MaxAxes + axis];
                    long size = job.sizes[axis];
                    if (++at[axis] < size) break;
                    at[axis] = 0;
                    y -= size * job.strides[axis];
                    z -= size * job.strides[MaxAxes + axis];
                    m -= size * job.strides[2 * MaxAxes + axis];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static L Value<L>(L v, void* y, void* z, void* m, nint i, L scale, L signY, L signZ)
            where L : struct, IFloatLanes<L>
        {
            v *= scale;
            if (N.Value > 0) v += L.Load(y, i) * signY;
            if (N.Value > 1) v += L.Load(z, i) * signZ;
            if (End.Value == (int)AffineEnd.Rectified) return L.Max(v, L.Const(0));
            if (End.Value != (int)AffineEnd.Kept) return v;
            return L.Select(L.Less(L.Const(0), L.Load(m, i)), v, L.Const(0));
        }
    }
}
