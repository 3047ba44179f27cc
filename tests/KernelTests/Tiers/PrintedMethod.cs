// A method as the JIT prints it, Type`1[arguments]:Name[arguments](parameters):result, and what
// reflection knows of it.
using System.Reflection;
using System.Runtime.Intrinsics;
using Engine;
using Engine.Kernels;

namespace KernelTests.Tiers;

internal sealed class PrintedMethod
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Assembly[] Assemblies =
    [
        typeof(CpuBackend).Assembly, typeof(Tensor).Assembly, typeof(PrintedMethod).Assembly,
        typeof(Vector128).Assembly,
    ];

    private static readonly Dictionary<string, PrintedMethod> Known = [];

    private readonly MethodBase[] candidates;

    private PrintedMethod(string printed)
    {
        int colon = End(printed, 0, ':'), bracket = printed.IndexOf('[');
        string type = printed[..(bracket < 0 ? colon : Math.Min(bracket, colon))];
        int parameters = End(printed, colon + 1, '('), close = End(printed, parameters + 1, ')');
        string name = printed[(colon + 1)..parameters], arguments = "";
        if (name.IndexOf('[') is > 0 and var at) (name, arguments) = (name[..at], name[at..]);
        (TypeName, Name) = (type, name);
        int count = Count(printed[(parameters + 1)..close]);
        int generic = arguments.Length == 0 ? 0 : Count(arguments[1..^1]);
        Type? owner = Assemblies.Select(a => a.GetType(type)).FirstOrDefault(t => t is not null);
        IEnumerable<MethodBase> methods = owner is null ? [] : owner.GetMethods(All);
        if (owner is not null && name is ".ctor" or ".cctor")
            methods = owner.GetConstructors(All);
        candidates = [.. methods.Where(m => m.Name == name
            && m.GetParameters().Length == count
            && (m.IsGenericMethod ? m.GetGenericArguments().Length : 0) == generic)];
    }

    public string TypeName { get; }

    public string Name { get; }

    /// <summary>Whether it is to be part of whatever calls it.</summary>
    public bool AsksToBeInlined => Has(MethodImplAttributes.AggressiveInlining);

    /// <summary>Whether it is a call on purpose, or the throwing of an error.</summary>
    public bool IsCalledOnPurpose => Has(MethodImplAttributes.NoInlining)
        || Name.StartsWith("Throw", StringComparison.Ordinal);

    /// <summary>Whether it is compiled once: <c>Compiled.Once</c>.</summary>
    public bool IsCompiledOnce => Has(MethodImplAttributes.AggressiveOptimization);

    /// <summary>
    /// Whether it is of what kernels are written in: lanes, vectors, their mathematics, the bodies
    /// of operators and loops.
    /// </summary>
    public bool IsLaneOperation => candidates.Any(m => m.DeclaringType is { } type
        && (type == typeof(LaneMath) || type == typeof(Scalars)
            || type.GetInterfaces().Any(i => i.Assembly == typeof(CpuBackend).Assembly
                && i.GetMethods().Any(member => member.IsStatic))));

    /// <summary>Whether it is of the class library's vectors.</summary>
    public bool IsOfVectors =>
        TypeName.StartsWith("System.Runtime.Intrinsics.", StringComparison.Ordinal)
        || TypeName.StartsWith("System.Numerics.Vector", StringComparison.Ordinal);

    public static PrintedMethod Of(string printed)
    {
        if (!Known.TryGetValue(printed, out PrintedMethod? method))
            Known[printed] = method = new PrintedMethod(printed);
        return method;
    }

    private bool Has(MethodImplAttributes flag) =>
        candidates.Any(m => (m.MethodImplementationFlags & flag) != 0);

    /// <summary>The first such character outside brackets.</summary>
    private static int End(string text, int start, char wanted)
    {
        int depth = 0;
        for (int i = start; i < text.Length; i++)
        {
            if (text[i] == wanted && depth == 0) return i;
            if (text[i] == '[') depth++;
            if (text[i] == ']') depth--;
        }
        throw new FormatException($"No {wanted} in {text}");
    }

    /// <summary>How many items a list has.</summary>
    private static int Count(string list)
    {
        if (list.Length == 0) return 0;
        int count = 1;
        for (int at = 0; (at = Comma(list, at)) >= 0; at++) count++;
        return count;
    }

    private static int Comma(string list, int start)
    {
        int depth = 0;
        for (int i = start; i < list.Length; i++)
        {
            if (list[i] == ',' && depth == 0) return i;
            if (list[i] == '[') depth++;
            if (list[i] == ']') depth--;
        }
        return -1;
    }
}
