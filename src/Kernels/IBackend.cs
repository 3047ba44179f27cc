// What a device can do. Plans speak to a device through this interface alone: views in, views out,
// never a pointer. The CPU implements it, and so do plain loops in the tests, against which the
// CPU's kernels are checked; a GPU would be one more implementation.
namespace Engine.Kernels;

/// <summary>How a reduction combines elements.</summary>
public enum ReduceKind : byte
{
    /// <summary>Sum; 0 of nothing.</summary>
    Sum,

    /// <summary>Largest; NaN if any is NaN.</summary>
    Max,

    /// <summary>Smallest; NaN if any is NaN.</summary>
    Min,
}

/// <summary>
/// A device. Every result view is contiguous unless said otherwise, does not overlap the sources,
/// and is fully written. Results do not depend on the number of threads. Zero-sized views are
/// legal. Calls take effect in the order in which a thread makes them, but a device may compute
/// later: only <see cref="Download"/> waits.
/// </summary>
public interface IBackend
{
    /// <summary>Name for people: "cpu", "cuda", ...</summary>
    string Name { get; }

    /// <summary>
    /// How many callers it serves at the same time, each at full speed; 1 for a device that spreads
    /// every call over all it has.
    /// </summary>
    int Threads { get; }

    /// <summary>
    /// Calls <paramref name="body"/> with 0 .. parts - 1, on its threads where it has several, and
    /// returns when all are done. Each may call the device. If some throw, the exception of the
    /// first is thrown.
    /// </summary>
    void SideBySide(int parts, Action<int> body);

    /// <summary>
    /// Bytes that the largest tensor of a chunk should have when a batch is cut into chunks: what
    /// stays in a core's cache for a CPU, what keeps all of it busy for a wider device. Sums depend
    /// on how a batch is cut, so this is one number for a kind of device, whatever the machine.
    /// </summary>
    long ChunkBytes { get; }

    /// <summary>
    /// The largest constant, in bytes, that a compiled plan keeps on the device from its first run
    /// on; it makes a larger one anew at every run. A CPU writes a constant in no time, so it keeps
    /// small ones alone, for which nobody misses the memory. Where each upload or launch costs
    /// microseconds, a device asks for more.
    /// </summary>
    long LargestKeptConstant => 4096;

    /// <summary>
    /// Runs a plan: by calling its steps, or, where a device can record calls and repeat them as
    /// one, by repeating what it recorded at an earlier run. Plans that run only once come here
    /// too: recording pays from the second run on.
    /// </summary>
    void Run(IBoundPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Run(this);
    }

    /// <summary>
    /// A buffer of at least that many bytes, contents undefined, from the pool. Where there is no
    /// room, not even after the pool has given up what it holds unused, it throws
    /// <see cref="OutOfMemoryException"/>; the caller may then let buffers go and ask again.
    /// </summary>
    DeviceBuffer Rent(long bytes);

    /// <summary>
    /// Gives a rented buffer back; no later call uses it, though earlier ones may still be
    /// computing with it. Finalisers call this, on their thread, at any time and beside any other
    /// call: it must not wait, throw, free memory or call a driver, only put the buffer on a list
    /// from which the next <see cref="Rent"/> takes.
    /// </summary>
    void Return(DeviceBuffer buffer);

    /// <summary>Copies host bytes to the buffer from byte <paramref name="offset"/> on.</summary>
    void Upload(ReadOnlySpan<byte> source, DeviceBuffer target, long offset);

    /// <summary>
    /// Copies bytes from byte <paramref name="offset"/> of the buffer to the host, when all calls
    /// made before are done. If one of them found a wrong index meanwhile, that is thrown, once
    /// (see <see cref="LateIndexException"/>).
    /// </summary>
    void Download(DeviceBuffer source, long offset, Span<byte> target);

    /// <summary>
    /// Runs a tile program over views with the same number of elements: element i of an output
    /// depends on the i-th elements of the inputs, in row-major order of each. Inputs may be
    /// strided or broadcast; outputs are contiguous.
    /// </summary>
    void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs);

    /// <summary>Copies a view to a view of the same sizes and type; both may be strided.</summary>
    void Copy(in Operand source, in Operand target);

    /// <summary>
    /// Writes one value, given by its bits, to every element of a view, which may be strided.
    /// </summary>
    void Fill(in Operand target, long bits);

    /// <summary>
    /// Reduces the axes where <paramref name="y"/> has size 1 and <paramref name="x"/> does not.
    /// x (any strides) and y have the same rank and number type; sums of floats are two-level. The
    /// epilogue is applied to y.
    /// </summary>
    void Reduce(ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default);

    /// <summary>
    /// Runs a tile program over <paramref name="sizes"/> (a contiguous layout) and reduces each of
    /// its outputs, numbers of one type, over the axes where the view for it has size 1. Bit for
    /// bit what <see cref="Elementwise"/> and then <see cref="Reduce(ReduceKind, in Operand, in
    /// Operand, in Epilogue)"/> give, but without storing the outputs. An epilogue needs one
    /// output.
    /// </summary>
    void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default);

    /// <summary>
    /// First position of the maximum (a NaN counts as the maximum) along the last axis:
    /// x (rows, n) of any strides, y int64 (rows).
    /// </summary>
    void ArgMax(in Operand x, in Operand y);

    /// <summary>
    /// c = a b for each batch: a (batch..., m, k), b (batch..., k, n), c (batch..., m, n), float32
    /// or float64; a and b of any strides (transposed, broadcast). k = 0 gives zeros. The epilogue
    /// is applied to c.
    /// </summary>
    void MatMul(in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default);

    /// <summary>
    /// y (T, N, K, OH, OW) = cross-correlation of x (T, N, C, H, W) with w (T, K, C/groups, R, S),
    /// zero-padded. All but the first axis contiguous; the first may have stride 0 (shared). The
    /// epilogue is applied to y.
    /// </summary>
    void Convolution(
        in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default);

    /// <summary>
    /// dx (T, N, C, H, W): the transpose of <see cref="Convolution"/> in x, applied to g. The
    /// epilogue is applied to dx.
    /// </summary>
    void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default);

    /// <summary>
    /// dw (T, K, C/groups, R, S): the transpose of <see cref="Convolution"/> in w, applied to g.
    /// </summary>
    void WeightGradient(in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw);

    /// <summary>
    /// Position in the plane, h * W + w, of each window's first maximum (a NaN counts as the
    /// maximum); padding never wins. x (planes, H, W) contiguous, y int32 (planes, OH, OW).
    /// </summary>
    void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y);

    /// <summary>
    /// Runs a tile program of one output over images (planes, H, W) and pools what it computes:
    /// values (planes, OH, OW), the first maximum of each window, and their positions, as
    /// <see cref="MaxPoolIndices"/> gives them. Inputs have <paramref name="sizes"/>, a contiguous
    /// layout with as many elements as the images; the images themselves are never stored. The
    /// epilogue is applied to the values.
    /// </summary>
    void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default);

    /// <summary>
    /// y = 0, then y[plane, positions[plane, i, j]] += g[plane, i, j]: the transpose of taking the
    /// maxima. g (planes, OH, OW), positions int32 of its shape, y (planes, H, W), all contiguous.
    /// </summary>
    void MaxUnpool(in PoolShape shape, in Operand g, in Operand positions, in Operand y);

    /// <summary>
    /// y[b, i, :] = x[b, index[b, i], :]. x (B, n, inner) with contiguous rows (the first axis may
    /// have stride 0), index int32 or int64 (B, m) of any strides, y (B, m, inner). An index
    /// outside 0 .. n-1 throws <see cref="IndexOutOfRangeException"/> with its value and place. A
    /// device that computes later touches nothing for it, notes the first one with its place and
    /// <paramref name="op"/>, the operation that asks, and the next <see cref="Download"/> throws
    /// <see cref="LateIndexException"/>.
    /// </summary>
    void Gather(in Operand x, in Operand index, in Operand y, string op = nameof(Gather));

    /// <summary>
    /// y = 0, then y[b, index[b, i], :] += g[b, i, :] in order of i. g (B, m, inner) of any
    /// strides, index as in <see cref="Gather"/>, y (B, n, inner).
    /// </summary>
    void ScatterAdd(
        in Operand g, in Operand index, in Operand y, string op = nameof(ScatterAdd));

    /// <summary>
    /// The calls from here to the matching <see cref="EndChunk"/> are those of one chunk of a batch
    /// that was cut into <paramref name="chunks"/>: what they find wrong later, they find there.
    /// Chunks may be cut into chunks again. Nothing to do for a device that computes at once.
    /// </summary>
    void BeginChunk(int chunk, int chunks)
    {
    }

    /// <summary>Ends what <see cref="BeginChunk"/> began.</summary>
    void EndChunk()
    {
    }

    /// <summary>
    /// The stable order that sorts each row ascending (NaN last): x (rows, n) contiguous,
    /// y int64 (rows, n).
    /// </summary>
    void ArgSort(in Operand x, in Operand y);

    /// <summary>
    /// y[b, i, :] = the sum of x[b, j, :] over j &lt;= i (j >= i if <paramref name="reverse"/>), in
    /// that order. x (B, n, inner) contiguous, any number type.
    /// </summary>
    void CumSum(in Operand x, in Operand y, bool reverse);

    /// <summary>
    /// The lower triangular y with y yᵀ = x, zeros above the diagonal: x (B, n, n) contiguous,
    /// float, symmetric; its lower triangle is read. A matrix that is not positive definite gives
    /// NaN throughout.
    /// </summary>
    void Cholesky(in Operand x, in Operand y);

    /// <summary>
    /// The x with a x = b: a (B, n, n), b and x (B, n, m), all contiguous floats; only one triangle
    /// of a is read. Zeros on the diagonal give infinities and NaN.
    /// </summary>
    void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle);

    /// <summary>
    /// Factors L (unit diagonal, below the diagonal of y) and U (on it and above) of x with its
    /// rows exchanged by partial pivoting: x (B, n, n) contiguous, float, y (B, n + 1, n). The last
    /// row of y says which row of x each row of L U is.
    /// </summary>
    void Lu(in Operand x, in Operand y);

    /// <summary>
    /// Eigenvalues, ascending, in the first row of y (B, n + 1, n), the unit eigenvectors in the
    /// columns below them: x (B, n, n) contiguous, float, symmetric. Each vector's component of
    /// largest magnitude (the first of equal ones) is positive. A matrix with a number that is not
    /// finite gives NaN throughout.
    /// </summary>
    void Eigh(in Operand x, in Operand y);

    /// <summary>
    /// Counter-based random words (Threefry-2x32-20; Salmon et al., 2011): key int32 (B, 2), y
    /// int32 or int64 (B, n). Block j of a row is threefry(key, (j >> 32, j)); int32 element i is
    /// word i % 2 of block i / 2, int64 element i is block i, first word high.
    /// </summary>
    void RandomBits(in Operand key, in Operand y);
}
