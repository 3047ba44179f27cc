// The element types a tensor can have. It lives here because kernels are chosen by it.
namespace Engine;

/// <summary>The element type of a tensor.</summary>
public enum DType : byte
{
    /// <summary>32-bit IEEE float, the default.</summary>
    Float32,

    /// <summary>64-bit IEEE float; gradient checks run in it.</summary>
    Float64,

    /// <summary>32-bit signed integer.</summary>
    Int32,

    /// <summary>64-bit signed integer; indices and labels.</summary>
    Int64,

    /// <summary>Truth value, one byte of 0 or 1.</summary>
    Bool,
}

/// <summary>Facts about element types.</summary>
public static class DTypes
{
    /// <summary>Bytes an element takes in memory.</summary>
    public static int Size(this DType type) => type switch
    {
        DType.Float32 or DType.Int32 => 4,
        DType.Float64 or DType.Int64 => 8,
        _ => 1,
    };

    /// <summary>Whether the type is float32 or float64, the types with derivatives.</summary>
    public static bool IsFloat(this DType type) => type is DType.Float32 or DType.Float64;

    /// <summary>Whether the type is int32 or int64.</summary>
    public static bool IsInteger(this DType type) => type is DType.Int32 or DType.Int64;

    /// <summary>The name as error texts and files print it: float32, int64, bool, ...</summary>
    public static string Name(this DType type) => type switch
    {
        DType.Float32 => "float32",
        DType.Float64 => "float64",
        DType.Int32 => "int32",
        DType.Int64 => "int64",
        _ => "bool",
    };

    /// <summary>
    /// The element type that stores <typeparamref name="T"/>: float, double, int, long or bool.
    /// </summary>
    public static DType Of<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return DType.Float32;
        if (typeof(T) == typeof(double)) return DType.Float64;
        if (typeof(T) == typeof(int)) return DType.Int32;
        if (typeof(T) == typeof(long)) return DType.Int64;
        if (typeof(T) == typeof(bool)) return DType.Bool;
        throw new ArgumentException(
            $"DType: {typeof(T).Name} is not an element type. Use float, double, int, long or "
            + "bool.");
    }
}
