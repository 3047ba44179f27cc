// OpenBLAS, called directly, as the peer for products too small to be measured through Python.
using System.Runtime.InteropServices;

namespace Engine.Benchmarks;

internal static unsafe class OpenBlas
{
    private const int RowMajor = 101, NoTranspose = 111;

    private static readonly nint Sgemm = Load();

    /// <summary>Whether the machine has the library.</summary>
    public static bool Exists => Sgemm != 0;

    /// <summary>Some products of two random n x n float32 matrices.</summary>
    public static Action Product(int n, int times)
    {
        float[] a = Random(n), b = Random(n), c = new float[n * n];
        var sgemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*,
            int, float, float*, int, void>)Sgemm;
        return () =>
        {
            fixed (float* x = a, y = b, z = c)
                for (int i = 0; i < times; i++)
                    sgemm(RowMajor, NoTranspose, NoTranspose, n, n, n, 1, x, n, y, n, 0, z, n);
        };
    }

    private static nint Load() =>
        NativeLibrary.TryLoad("libopenblas.so.0", out nint library)
        && NativeLibrary.TryGetExport(library, "cblas_sgemm", out nint sgemm) ? sgemm : 0;

    private static float[] Random(int n)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, n * n).Select(_ => random.NextSingle() - 0.5f)];
    }
}
