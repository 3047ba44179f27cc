// How methods with hot loops are compiled, and why.
//
// A kernel's speed rests on inlining: an operator's body, and the lane operations that it is
// written in, become a few instructions of the loop around them. The JIT inlines only so much into
// one method. What is left over it calls, and a call in place of an instruction makes a loop ten
// times slower. A method of its own has room enough for its loop. But a method that is called often
// is compiled again, with what was counted meanwhile; the JIT then likes to put the loops it calls
// into it, and there the room runs out. So a loop must never become part of its caller.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Options for the JIT.</summary>
internal static class Compiled
{
    /// <summary>
    /// For a method with a hot loop: it is compiled at its first call, fully optimised, and stays
    /// as it is. What its loop calls should be <see cref="MethodImplOptions.AggressiveInlining"/>.
    /// </summary>
    public const MethodImplOptions Once =
        MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;
}
