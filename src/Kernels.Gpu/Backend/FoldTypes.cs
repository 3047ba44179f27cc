// The types of folds: which struct does it, what it reads and what it keeps.
namespace Engine.Kernels.Gpu;

/// <summary>A fold, its values and its parts, as types.</summary>
internal readonly record struct FoldTypes(Type Fold, Type Value, Type Part)
{
    /// <summary>The fold of one output.</summary>
    public static FoldTypes Of(ReduceKind kind, Type numbers, Type value)
    {
        if (kind == ReduceKind.Sum && value == typeof(float))
            return new(typeof(SumFloat32), typeof(float), typeof(double));
        Type fold = kind switch
        {
            ReduceKind.Sum => typeof(Sum<,>),
            ReduceKind.Max => typeof(Largest<,>),
            _ => typeof(Smallest<,>),
        };
        return new(fold.MakeGenericType(numbers, value), value, value);
    }

    /// <summary>The fold of up to four outputs side by side.</summary>
    public FoldTypes Several(int outputs)
    {
        if (outputs == 1) return this;
        Type fold = outputs switch
        {
            2 => typeof(Fold2<,,>),
            3 => typeof(Fold3<,,>),
            _ => typeof(Fold4<,,>),
        };
        return new(
            fold.MakeGenericType(Fold, Value, Part), ProgramTypes.Pack(Value, outputs),
            ProgramTypes.Pack(Part, outputs));
    }
}
