// From a graph to steps: views become strides, constants become registers, element-wise runs become
// fused groups, everything else a kernel call. Primitives say which by calling back from Lower.
using Engine.Kernels;

namespace Engine;

/// <summary>Collects the steps of one plan.</summary>
internal sealed class Lowering
{
    private readonly bool passesOn;
    private PlanNode? current;

    private Lowering(bool passesOn) => this.passesOn = passesOn;

    public List<Step> Steps { get; } = [];

    /// <summary>
    /// Lowers all nodes of a graph (in topological order) and settles its results: what is all of a
    /// parameter leaves as that parameter's memory if the plan <paramref name="passesOn"/> such.
    /// </summary>
    public static Lowering Run(List<PlanNode> nodes, bool passesOn)
    {
        var lowering = new Lowering(passesOn);
        Fusion.Group(nodes, LoopGroup.Find(nodes));
        foreach (PlanNode node in nodes)
        {
            lowering.current = node;
            if (node.Parameter >= 0)
                node.View = New(node, node.Parameter);
            else if (!IsWithin(node)) node.Primitive!.Lower(lowering, node);
            if (node.IsResult) lowering.Settle(node);
        }
        return lowering;
    }

    /// <summary>Whether steps of other nodes compute this one, and nothing else needs it.</summary>
    private static bool IsWithin(PlanNode node)
    {
        PlanNode origin = FusedGroup.Base(node);
        if (origin.Epilogue is not null) return true;
        return origin.Primitive is Elementwise && !origin.Groups[0].Outputs.Contains(origin);
    }

    /// <summary>
    /// The node is this value everywhere; memory is used only where a kernel needs it.
    /// </summary>
    public void Fill(PlanNode node, long bits) => node.Constant = bits;

    /// <summary>The node is 0, 1, 2, ...</summary>
    public void Iota(PlanNode node, Iota iota)
    {
        PlanView output = New(node);
        Add(new IotaStep(iota.Length, output));
        node.View = output;
    }

    /// <summary>The node is its input under another name.</summary>
    public void SameAs(PlanNode node, PlanNode input)
    {
        node.Constant = input.Constant;
        node.View = input.View;
    }

    /// <summary>
    /// The node is a view of its input: <paramref name="view"/> gives layout and offset from the
    /// input's, or null where a contiguous copy must be made first.
    /// </summary>
    public void View(PlanNode node, Func<Layout, (Layout Layout, long Offset)?> view)
    {
        PlanNode input = node.Inputs[0];
        if (input.Constant is not null)
        {
            node.Constant = input.Constant;
            return;
        }
        PlanView source = input.View!;
        if (view(source.Layout) is not { } result)
        {
            source = input.Packed ??= Contiguous(source);
            result = view(source.Layout)!.Value;
        }
        node.View = source with
        {
            Layout = result.Layout,
            Offset = source.Offset + result.Offset,
        };
    }

    /// <summary>The node is computed by a kernel.</summary>
    public void Kernel(PlanNode node, IKernel kernel)
    {
        PlanView[] inputs = Inputs(node, kernel);
        PlanView output = New(node);
        Add(new KernelStep(kernel, node.Primitive!.Name, inputs, output));
        node.View = output;
    }

    /// <summary>Where a kernel's inputs lie, copied where they lie too irregularly.</summary>
    private PlanView[] Inputs(PlanNode node, IKernel kernel)
    {
        var inputs = new PlanView[node.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            PlanView view = ViewOf(node.Inputs[i]);
            inputs[i] = Fits(view.Layout, kernel.Need(i)) ? view : InOrder(node.Inputs[i]);
        }
        return inputs;
    }

    /// <summary>Where a node's value lies in order without gaps.</summary>
    private PlanView InOrder(PlanNode node)
    {
        PlanView view = ViewOf(node);
        return view.Layout.IsContiguous ? view : node.Packed ??= Contiguous(view);
    }

    /// <summary>
    /// The node is a sum or extremum, of memory or of what a fused group computes.
    /// </summary>
    public void Reduction(PlanNode node, IKernel kernel)
    {
        FusedGroup group = node.Groups[0];
        if (group.Operations == 0 && group.Outputs.Count == 1) Kernel(node, kernel);
        else Fused(node, group);
    }

    /// <summary>The node is a pooling's values or positions.</summary>
    public void Pooling(PlanNode node, IKernel kernel)
    {
        if (node.Groups.Length == 0) Kernel(node, kernel);
        else Fused(node, node.Groups[0]);
    }

    /// <summary>
    /// The node is a result of a loop, which runs when the last of its results is asked for.
    /// </summary>
    public void LoopResult(PlanNode node)
    {
        node.View = New(node);
        LoopGroup loops = node.Loop!;
        if (loops.Results[^1] != node) return;
        PlanView[] inputs = [.. loops.Inputs.Select(input => InOrder(input.Node))];
        Add(LoopStep.Of(loops, inputs, [.. loops.Results.Select(result => result.View!)]));
    }

    /// <summary>The node is an output of a fused group.</summary>
    public void Elementwise(PlanNode node) => Fused(node, node.Groups[0]);

    /// <summary>The group runs when the last of its outputs is asked for.</summary>
    private void Fused(PlanNode node, FusedGroup group)
    {
        node.View = New(node);
        if (group.Outputs[^1] != node) return;
        if (group.EpilogueOf is { } product)
        {
            Add(WithEpilogue(product, group, node.View));
            return;
        }
        PlanView[] outputs = [.. group.Outputs.Select(output => output.View!)];
        var (program, inputs) = TileEmitter.Emit(group, this);
        Add(group.Reduction is not null
            ? new ReduceStep(group, program, inputs, null, [], outputs)
            : group.Pooling is not null ? new PoolStep(group, program, inputs, null, outputs)
            : new ElementwiseStep(program, inputs, outputs));
    }

    /// <summary>A product, reduction or pooling with a group that changes its result.</summary>
    private Step WithEpilogue(PlanNode product, FusedGroup group, PlanView result)
    {
        // The kernel sees its own shape; what reads the group sees the group's.
        PlanView output = result with { Layout = Layouts.Contiguous(product.Shape) };
        if (product.Groups is [{ Pooling: not null } pooled])
        {
            var (before, loaded) = TileEmitter.Emit(pooled, this);
            TileProgram after = TileEmitter.Emit(group, this).Program;
            return new PoolStep(pooled, before, loaded, after, [pooled.Outputs[0].View!, output]);
        }
        if (product.Groups is [{ Operations: > 0 } reduced])
        {
            var (before, loaded) = TileEmitter.Emit(reduced, this);
            var (after, operands) = TileEmitter.Emit(group, this);
            return new ReduceStep(reduced, before, loaded, after, operands, [output]);
        }
        var kernel = (IEpilogueKernel)product.Primitive!;
        PlanView[] inputs = Inputs(product, kernel);
        var (program, others) = TileEmitter.Emit(group, this);
        return new EpilogueStep(kernel, product.Primitive!.Name, program, inputs, others, output);
    }

    /// <summary>
    /// Where a node's value lies; a constant gets one element of memory, repeated.
    /// </summary>
    public PlanView ViewOf(PlanNode node)
    {
        if (node.View is not null) return node.View;
        long bits = node.Constant!.Value;
        var one = new PlanView(
            new Slot(8), 0, node.DType, Layout.Contiguous());
        Add(new FillStep(bits, one));
        return node.View = one with { Layout = Layouts.Repeated(node.Shape) };
    }

    /// <summary>
    /// Makes sure that a result is alone and in order in memory that can leave the plan, be it a
    /// parameter's.
    /// </summary>
    private void Settle(PlanNode node)
    {
        if (node.Constant is { } bits)
        {
            PlanView filled = New(node);
            Add(new FillStep(bits, filled));
            node.View = filled;
        }
        else if (!node.View!.IsWholeSlot || (node.View.Slot.IsParameter && !passesOn))
        {
            node.View = Contiguous(node.View);
        }
        node.View!.Slot.IsResult = !node.View.Slot.IsParameter;
    }

    private PlanView Contiguous(PlanView view)
    {
        var slot = new Slot(view.Layout.Count * view.Type.Size());
        var copy = new PlanView(slot, 0, view.Type, Layout.Contiguous(view.Layout.Sizes));
        Add(new CopyStep(view, copy));
        return copy;
    }

    private static bool Fits(Layout layout, LayoutNeed need)
    {
        if (need == LayoutNeed.Any || layout.IsContiguous) return true;
        if (need == LayoutNeed.Contiguous || layout.Rank == 0) return false;
        return new Layout(layout.Sizes[1..].ToArray(), layout.Strides[1..].ToArray()).IsContiguous
            && layout.Strides[0] >= 0;
    }

    private static PlanView New(PlanNode node, int parameter = -1)
    {
        Layout layout = Layouts.Contiguous(node.Shape);
        var slot = new Slot(layout.Count * node.DType.Size()) { Parameter = parameter };
        return new PlanView(slot, 0, node.DType, layout);
    }

    private void Add(Step step)
    {
        step.Id = current!.Tensor.Id;
        foreach (PlanView output in step.Outputs) output.Slot.Producer = step;
        foreach (PlanView input in step.Inputs)
            if (input.Slot.Readers.Count == 0 || input.Slot.Readers[^1] != step)
                input.Slot.Readers.Add(step);
        Steps.Add(step);
    }
}
