// A tile program as a struct made at run time: its fields are views, its one method computes an
// element by calling the operators' bodies in order. Kernels are generic over such structs, so the
// compiler puts the program where the kernel calls it.
using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Kernels.Gpu;

/// <summary>Which interface a program is made for.</summary>
internal enum ProgramForm
{
    /// <summary><see cref="IMap{TSelf}"/>: fields are inputs, then outputs.</summary>
    Map,

    /// <summary><see cref="ISource{TSelf, TValue}"/>: fields are inputs.</summary>
    Source,

    /// <summary><see cref="IAfter{TSelf, T}"/>: fields are inputs from the second on.</summary>
    After,
}

/// <summary>The types of programs, each made once in the process.</summary>
internal static class ProgramTypes
{
    private static readonly ModuleBuilder Module = AssemblyBuilder
        .DefineDynamicAssembly(new("Engine.Kernels.Gpu.Programs"), AssemblyBuilderAccess.Run)
        .DefineDynamicModule("Programs");

    private static readonly ConcurrentDictionary<Key, Lazy<ProgramType>> Made = new();

    private static int number;

    /// <summary>The type of a program whose views are of the given types.</summary>
    public static ProgramType Of(TileProgram program, ProgramForm form, Type[] views) =>
        Made.GetOrAdd(new(program, form, views), static key => new(() => Make(key))).Value;

    /// <summary>The lane type of a register.</summary>
    public static Type Lane(RegisterType type) => type switch
    {
        RegisterType.Float32 => typeof(ThreadFloat32),
        RegisterType.Float64 => typeof(ThreadFloat64),
        RegisterType.Int32 or RegisterType.Mask32 => typeof(ThreadInt32),
        _ => typeof(ThreadInt64),
    };

    /// <summary>What a register is loaded from and stored to.</summary>
    public static Type Element(RegisterType type) => type switch
    {
        RegisterType.Float32 => typeof(float),
        RegisterType.Float64 => typeof(double),
        RegisterType.Int32 => typeof(int),
        RegisterType.Int64 => typeof(long),
        _ => typeof(byte),
    };

    /// <summary>The type that holds several numbers of one type.</summary>
    public static Type Pack(Type element, int count) => count switch
    {
        1 => element,
        2 => typeof(Pack2<>).MakeGenericType(element),
        3 => typeof(Pack3<>).MakeGenericType(element),
        4 => typeof(Pack4<>).MakeGenericType(element),
        _ => throw new NotSupportedException($"GPU: {count} outputs of one reduction; 4 at most."),
    };

    private static ProgramType Make(Key key)
    {
        (TileProgram program, ProgramForm form, Type[] views) = (key.Program, key.Form, key.Views);
        TypeBuilder type = Module.DefineType(
            $"Program{Interlocked.Increment(ref number)}",
            TypeAttributes.Public | TypeAttributes.SequentialLayout | TypeAttributes.Sealed,
            typeof(ValueType));
        FieldBuilder[] fields =
            [.. views.Select((view, i) => type.DefineField($"V{i}", view, FieldAttributes.Public))];
        // A kernel's parameter must not be empty.
        if (fields.Length == 0) type.DefineField("Unused", typeof(int), FieldAttributes.Public);

        Type value = Pack(Element(program.TypeOf(program.Outputs[0])), program.Outputs.Length);
        Type face = form switch
        {
            ProgramForm.Map => typeof(IMap<>).MakeGenericType(type),
            ProgramForm.Source => typeof(ISource<,>).MakeGenericType(type, value),
            _ => typeof(IAfter<,>).MakeGenericType(type, value),
        };
        string name = form == ProgramForm.Map ? "Run" : "Value";
        MethodBuilder method = type.DefineMethod(
            name, MethodAttributes.Public | MethodAttributes.Static,
            form == ProgramForm.Map ? typeof(void) : value,
            form == ProgramForm.After ? [type, value, typeof(long)] : [type, typeof(long)]);
        method.SetImplementationFlags(MethodImplAttributes.AggressiveInlining);
        type.AddInterfaceImplementation(face);
        type.DefineMethodOverride(
            method, TypeBuilder.GetMethod(face, face.GetGenericTypeDefinition().GetMethod(name)!));
        new ProgramBody(program, form, fields, method.GetILGenerator()).Write();
        MakeInstances(type, fields);
        return new(type.CreateType());
    }

    /// <summary>Writes object Make(object[] views), which fills the fields.</summary>
    private static void MakeInstances(TypeBuilder type, FieldBuilder[] fields)
    {
        ILGenerator il = type.DefineMethod(
            "Make", MethodAttributes.Public | MethodAttributes.Static,
            typeof(object), [typeof(object[])]).GetILGenerator();
        LocalBuilder made = il.DeclareLocal(type);
        il.Emit(OpCodes.Ldloca, made);
        il.Emit(OpCodes.Initobj, type);
        for (int i = 0; i < fields.Length; i++)
        {
            il.Emit(OpCodes.Ldloca, made);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            il.Emit(OpCodes.Unbox_Any, fields[i].FieldType);
            il.Emit(OpCodes.Stfld, fields[i]);
        }
        il.Emit(OpCodes.Ldloc, made);
        il.Emit(OpCodes.Box, type);
        il.Emit(OpCodes.Ret);
    }

    private sealed record Key(TileProgram Program, ProgramForm Form, Type[] Views)
    {
        public bool Equals(Key? other) =>
            other is not null && Form == other.Form && Program.Equals(other.Program)
            && Views.AsSpan().SequenceEqual(other.Views);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(Program);
            hash.Add(Form);
            foreach (Type view in Views) hash.Add(view);
            return hash.ToHashCode();
        }
    }
}

/// <summary>A program's type.</summary>
internal sealed class ProgramType(Type type)
{
    private readonly Func<object[], object> make =
        type.GetMethod("Make")!.CreateDelegate<Func<object[], object>>();

    public Type Type => type;

    /// <summary>An instance, boxed, with these views in its fields.</summary>
    public object Bind(object[] views) => make(views);
}
