// Operations that move no data: a plan turns them into other strides over the same memory. They are
// linear, and their transposes are movements too (or sums, for broadcasting).
using Engine.Kernels;

namespace Engine;

/// <summary>An operation whose result is a strided view of its input.</summary>
public abstract record ViewPrimitive : LinearPrimitive
{
    /// <summary>
    /// Whether the result always has the input's elements in the same row-major order.
    /// </summary>
    internal virtual bool KeepsOrder => false;

    /// <summary>
    /// The view's layout and offset from the input's; null if the input must be copied first.
    /// </summary>
    internal abstract (Layout Layout, long Offset)? View(Layout x, Shape result);

    internal sealed override void Lower(Lowering plan, PlanNode node) =>
        plan.View(node, layout => View(layout, node.Shape));
}
