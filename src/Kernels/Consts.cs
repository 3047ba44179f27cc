// Numbers as types: the JIT compiles a method anew for each, with the number as a constant, so that
// loops unroll and branches on it vanish.
namespace Engine.Kernels;

/// <summary>A number known when code is compiled.</summary>
internal interface IConst
{
    static abstract int Value { get; }
}

internal readonly struct C0 : IConst { public static int Value => 0; }

internal readonly struct C1 : IConst { public static int Value => 1; }

internal readonly struct C2 : IConst { public static int Value => 2; }

internal readonly struct C3 : IConst { public static int Value => 3; }

internal readonly struct C4 : IConst { public static int Value => 4; }

internal readonly struct C5 : IConst { public static int Value => 5; }

internal readonly struct C6 : IConst { public static int Value => 6; }

internal readonly struct C7 : IConst { public static int Value => 7; }

internal readonly struct C8 : IConst { public static int Value => 8; }
