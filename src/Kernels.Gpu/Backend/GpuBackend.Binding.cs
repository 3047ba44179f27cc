// From operands to the fields of kernels. Kernels are generic over how they find elements and over
// programs that are made at run time, so the types meet here, by reflection; what is made is kept.
using System.Collections.Concurrent;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    private static readonly ConcurrentDictionary<(Type, TypeList), object> Runners = new();

    /// <summary>The instance of a generic class for these types.</summary>
    private static TRunner Runner<TRunner>(Type definition, params Type[] arguments)
        where TRunner : class =>
        (TRunner)Runners.GetOrAdd((definition, new(arguments)), static key =>
            Activator.CreateInstance(key.Item1.MakeGenericType(key.Item2.Types))!);

    private View<T, TIndex> ViewOf<T, TIndex>(in Operand x)
        where T : unmanaged where TIndex : unmanaged, IIndex<TIndex> =>
        new() { Data = Own(x.Buffer).As<T>(), Index = (TIndex)IndexOf(x) };

    private static object IndexOf(in Operand x) => MergedAxes.Of(x.Layout).Index(x.Offset);

    /// <summary>The view of an operand, boxed.</summary>
    private object BoxedView(in Operand x) => Runner<IViewMaker>(
        typeof(ViewMaker<,>), Stored(x.Type), IndexOf(x).GetType()).Make(this, x);

    /// <summary>
    /// A program with views of its operands, for a launch. An operand of more axes than an index
    /// takes is copied to a dense one first.
    /// </summary>
    private Bound Bind(TileProgram program, ProgramForm form, ReadOnlySpan<Operand> operands)
    {
        var copies = new List<DeviceBuffer>();
        var views = new object[operands.Length];
        for (int i = 0; i < views.Length; i++)
        {
            Operand x = operands[i];
            if (MergedAxes.Of(x.Layout).Rank > MergedAxes.Most) x = Dense(x, copies);
            views[i] = BoxedView(x);
        }
        ProgramType type = ProgramTypes.Of(program, form, [.. views.Select(v => v.GetType())]);
        return new(this, type.Type, type.Bind(views), copies);
    }

    /// <summary>The epilogue of a kernel whose result has this type.</summary>
    private Bound BindAfter(in Epilogue epilogue, DType type)
    {
        if (epilogue.Program is { } program)
            return Bind(program, ProgramForm.After, epilogue.Operands);
        Type same = typeof(Same<>).MakeGenericType(Stored(type));
        return new(this, same, Activator.CreateInstance(same)!, []);
    }

    private Operand Dense(in Operand x, List<DeviceBuffer> copies)
    {
        DeviceBuffer buffer = Rent(x.Layout.Count * x.Type.Size());
        copies.Add(buffer);
        var dense = new Operand(buffer, 0, x.Type, Layout.Contiguous(x.Layout.Sizes));
        CopyViews(x, dense);
        return dense;
    }

    /// <summary>What elements of a type are read and written as.</summary>
    private static Type Stored(DType type) => type switch
    {
        DType.Float32 => typeof(float),
        DType.Float64 => typeof(double),
        DType.Int32 => typeof(int),
        DType.Int64 => typeof(long),
        _ => typeof(byte),
    };

    /// <summary>The arithmetic of a number type.</summary>
    private static Type NumbersOf(DType type) => type switch
    {
        DType.Float32 => typeof(Float32Numbers),
        DType.Float64 => typeof(Float64Numbers),
        DType.Int32 => typeof(Int32Numbers),
        DType.Int64 => typeof(Int64Numbers),
        _ => throw new NotSupportedException($"GPU: no arithmetic on {type.Name()}."),
    };

    private interface IViewMaker
    {
        object Make(GpuBackend backend, in Operand x);
    }

    private sealed class ViewMaker<T, TIndex> : IViewMaker
        where T : unmanaged where TIndex : unmanaged, IIndex<TIndex>
    {
        public object Make(GpuBackend backend, in Operand x) => backend.ViewOf<T, TIndex>(x);
    }

    /// <summary>A program of a launch, and the copies to give back after it.</summary>
    private readonly struct Bound(
        GpuBackend backend, Type type, object program, List<DeviceBuffer> copies) : IDisposable
    {
        public Type Type => type;

        public object Program => program;

        // Launches run in the order of their calls, so the blocks may serve the next one already.
        public void Dispose()
        {
            foreach (DeviceBuffer copy in copies) backend.Return(copy);
        }
    }

    private readonly struct TypeList(Type[] types) : IEquatable<TypeList>
    {
        public Type[] Types => types;

        public bool Equals(TypeList other) => types.AsSpan().SequenceEqual(other.Types);

        public override bool Equals(object? other) => other is TypeList list && Equals(list);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (Type type in types) hash.Add(type);
            return hash.ToHashCode();
        }
    }
}
