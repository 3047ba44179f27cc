// From a graph to steps: views become strides, constants become registers, fused groups become tile
// programs, everything else a kernel call. Each primitive's Lower says which by calling one of the
// public methods here.
using Engine.Kernels;

namespace Engine;

/// <summary>Collects the steps of one plan.</summary>
internal sealed class Lowering
{
    private readonly bool passesOn;
    private readonly long keptConstant;
    private readonly List<Step> steps = [];
    private readonly List<Step> constants = [];
    private PlanNode? current;

    private Lowering(bool passesOn, long keptConstant)
    {
        this.passesOn = passesOn;
        this.keptConstant = keptConstant;
    }

    /// <summary>
    /// The steps of a graph, whose nodes are in topological order, and those that write the
    /// constants of up to <paramref name="keptConstant"/> bytes, once for all runs. With <paramref
    /// name="passesOn"/>, a result that is all of a parameter shares the parameter's memory;
    /// without, it is copied.
    /// </summary>
    public static (List<Step> Steps, List<Step> Constants) Run(
        List<PlanNode> nodes, bool passesOn, long keptConstant)
    {
        var lowering = new Lowering(passesOn, keptConstant);
        foreach (PlanNode node in nodes)
        {
            lowering.current = node;
            if (node.Parameter >= 0) node.View = New(node, node.Parameter);
            else if (!IsWithin(node)) node.Primitive!.Lower(lowering, node);
            if (node.IsResult) lowering.Settle(node);
        }
        return (lowering.steps, lowering.constants);
    }

    /// <summary>Whether steps of other nodes compute this one, and nothing else needs it.</summary>
    private static bool IsWithin(PlanNode node)
    {
        PlanNode origin = node.Base;
        if (origin.Epilogue is not null) return true;
        return origin.Primitive is Elementwise && !origin.Groups[0].Root.Outputs.Contains(origin);
    }

    /// <summary>
    /// The node is this value everywhere; memory is used only where a kernel needs it.
    /// </summary>
    public void Fill(PlanNode node, long bits) => node.ConstantBits = bits;

    /// <summary>The node is what the host computes and uploads, contiguous.</summary>
    public void Upload(PlanNode node, Func<byte[]> bytes)
    {
        PlanView output = Constant(node.DType, Layouts.Contiguous(node.Shape));
        AddConstant(new UploadStep(node.Primitive!.Name, bytes, output));
        node.View = output;
    }

    /// <summary>The node is its input under another name.</summary>
    public void SameAs(PlanNode node, PlanNode input)
    {
        node.ConstantBits = input.ConstantBits;
        node.View = input.View;
    }

    /// <summary>
    /// The node is a view of its input: <paramref name="view"/> gives layout and offset from the
    /// input's, or null where a contiguous copy must be made first.
    /// </summary>
    public void View(PlanNode node, Func<Layout, (Layout Layout, long Offset)?> view)
    {
        PlanNode input = node.Inputs[0];
        if (input.ConstantBits is not null)
        {
            node.ConstantBits = input.ConstantBits;
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
    /// The node is an output of a step that collects what a fused group computes; where no group
    /// ends in it, or an empty one, its own kernel does as well.
    /// </summary>
    public void Collect(PlanNode node, IKernel kernel)
    {
        if (node.Groups is [{ Root: { IsFused: true } group }]) Fused(node, group);
        else Kernel(node, kernel);
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
        Plan body = LoopStep.BodyOf(loops, keptConstant);
        if (body.ConstantBytes > 0)
        {
            // They are the plan's as well, however large they are together.
            var slot = new Slot(body.ConstantBytes) { IsConstant = true };
            var all = new PlanView(
                slot, 0, DType.Bool, Layout.Contiguous(body.ConstantBytes));
            AddConstant(new ConstantsStep(body, all));
            inputs = [.. inputs, all];
        }
        Add(LoopStep.Of(loops, body, inputs, [.. loops.Results.Select(result => result.View!)]));
    }

    /// <summary>The node is an element-wise output of a fused group.</summary>
    public void Elementwise(PlanNode node) => Fused(node, node.Groups[0].Root);

    /// <summary>The group runs when the last of its outputs is asked for.</summary>
    private void Fused(PlanNode node, FusedGroup group)
    {
        node.View = New(node);
        if (group.Outputs[^1] != node) return;
        if (group.EpilogueOf is { } changed)
        {
            Add(WithEpilogue(changed, group, node.View));
            return;
        }
        PlanView[] outputs = [.. group.Outputs.Select(output => output.View!)];
        var (program, inputs) = Program(group);
        Add(group.Collector is null
            ? new ElementwiseStep(program, inputs, outputs)
            : new CollectStep(group, program, inputs, null, [], outputs));
    }

    /// <summary>The step of a node and of the group that changes its value.</summary>
    private Step WithEpilogue(PlanNode node, FusedGroup epilogue, PlanView result)
    {
        // The kernel sees its own shape; what reads the epilogue's result sees the epilogue's.
        PlanView output = result with { Layout = Layouts.Contiguous(node.Shape) };
        if (node.Groups is [{ Root: { IsFused: true } group }])
        {
            var (before, loaded) = Program(group);
            var (then, beside) = Program(epilogue);
            PlanView[] outputs = [.. group.Outputs.Select(o => o == node ? output : o.View!)];
            return new CollectStep(group, before, loaded, then, beside, outputs);
        }
        var kernel = (IEpilogueKernel)node.Primitive!;
        PlanView[] inputs = Inputs(node, kernel);
        var (after, operands) = Program(epilogue);
        return new EpilogueStep(kernel, node.Primitive!.Name, after, inputs, operands, output);
    }

    private (TileProgram Program, PlanView[] Inputs) Program(FusedGroup group)
    {
        var (program, loads) = TileEmitter.Emit(group);
        return (program, [.. loads.Select(ViewOf)]);
    }

    /// <summary>
    /// Where a node's value lies; a constant gets one element of memory, repeated.
    /// </summary>
    private PlanView ViewOf(PlanNode node)
    {
        if (node.View is not null) return node.View;
        long bits = node.ConstantBits!.Value;
        PlanView one = Constant(node.DType, Layout.Contiguous());
        AddConstant(new FillStep(bits, one));
        return node.View = one with { Layout = Layouts.Repeated(node.Shape) };
    }

    /// <summary>
    /// Makes sure that a result is alone and in order in memory that can leave the plan, be it a
    /// parameter's.
    /// </summary>
    private void Settle(PlanNode node)
    {
        if (node.ConstantBits is { } bits)
        {
            PlanView filled = New(node);
            Add(new FillStep(bits, filled));
            node.View = filled;
        }
        else if (!node.View!.IsWholeSlot || node.View.Slot.IsConstant
            || (node.View.Slot.IsParameter && !passesOn))
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

    /// <summary>Memory for a constant, which is kept if it is small.</summary>
    private PlanView Constant(DType type, Layout layout)
    {
        long bytes = layout.Count * type.Size();
        return new(new Slot(bytes) { IsConstant = bytes <= keptConstant }, 0, type, layout);
    }

    /// <summary>Adds the step that writes a constant, to run once if it is kept.</summary>
    private void AddConstant(Step step)
    {
        if (step.Outputs[0].Slot.IsConstant) constants.Add(step);
        else Add(step);
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
        steps.Add(step);
    }
}
