// Derivatives given by the user in place of those of the function's own operations.
namespace Engine;

/// <summary>
/// A function with derivative rules of its own: gradient reversal, straight-through estimators,
/// implicit differentiation. Rules are tensor programs: higher derivatives differentiate them, and
/// Vmap batches them. Values are those of f.
/// </summary>
public static class CustomRule
{
    /// <summary>
    /// f with its own rules; several arguments go in as a tuple or tree.
    /// <paramref name="vjp"/>(x, y, g) gives the cotangents of x, shaped like x, for those of
    /// y = f(x), linear in g; <paramref name="jvp"/>(x, y, v) gives the tangents of y for those of
    /// x, linear in v. Either follows from the other, as its transpose. The derivative is by the
    /// argument alone: being differentiated by a tensor that f captures is an error. Within Vmap, a
    /// rule reads what varies between elements from its arguments, not from captured tensors.
    /// </summary>
    public static Func<A, R> Of<A, R>(
        Func<A, R> f, Func<A, R, R, A>? vjp = null, Func<A, R, A, R>? jvp = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        if (vjp is null && jvp is null)
            throw Errors.Fail("CustomRule", "has no rule. Give a vjp, (x, y, g) to the cotangents "
                + "of x, or a jvp, (x, y, v) to the tangents of y.");
        return a =>
        {
            var closed = ClosedFunction.Trace("CustomRule", f, a);
            R r = closed.Result;
            Tensor[] results = new CustomFunction(
                closed.Function, closed.Own,
                OverTensors("vjp", vjp, a, r, from: r, to: a),
                OverTensors("jvp", jvp, a, r, from: a, to: r))
                .Call(closed.Inputs, closed.Outputs);
            Evaluator.EvaluateResults(results);
            return closed.With(results);
        };
    }

    /// <summary>
    /// The user's rule over the tensors of its arguments: of x like <paramref name="a"/>, of y like
    /// <paramref name="r"/>, and of what it is linear in, like <paramref name="from"/>, it makes
    /// something like <paramref name="to"/>.
    /// </summary>
    private static TensorRule? OverTensors<A, R, From, To>(
        string name, Func<A, R, From, To>? rule, A a, R r, From from, To to)
    {
        if (rule is null) return null;
        (a, r, from, to) = (Blank(a), Blank(r), Blank(from), Blank(to));
        return (x, y, t) =>
        {
            long start = Tensor.NextId();
            Tensor[] parts = Checked(name, to, rule(
                Structure.WithLeaves(a, x), Structure.WithLeaves(r, y),
                Structure.WithLeaves(from, t)));
            CheckCaptured(name, parts, start, [.. x, .. y, .. t]);
            return parts;
        };
    }

    /// <summary>
    /// An error if what a rule made since <paramref name="start"/> reads a tensor of a Vmap that is
    /// over. It stood for one element; the rule may be running for all of them by now.
    /// </summary>
    private static void CheckCaptured(
        string rule, Tensor[] results, long start, Tensor[] arguments)
    {
        var walk = new GraphWalk<Tensor>(results);
        var history = new GraphWalk<Tensor>([]);
        walk.Visited.UnionWith(arguments);
        while (walk.Next(out Tensor? tensor))
            if (tensor.Id > start) walk.Add(tensor.State.Inputs);
            else if (IsOfAnElement(tensor, history))
                throw Errors.Fail("CustomRule", $"the {rule} reads a {tensor.DType.Name()} "
                    + $"{tensor.Shape} tensor that it captured and that varies between the "
                    + "elements of a Vmap. Within Vmap a rule reads what varies from its "
                    + "arguments: pass the tensor in the argument.");
    }

    /// <summary>
    /// Whether its value depends on an element of a Vmap that is over; what was already walked does
    /// not.
    /// </summary>
    private static bool IsOfAnElement(Tensor captured, GraphWalk<Tensor> walked)
    {
        walked.Add(captured);
        while (walked.Next(out Tensor? tensor))
        {
            NodeState state = tensor.State;
            if (state.Primitive is Placeholder { Transform: "Vmap", OfLoop: false }
                && !tensor.Traced)
                return true;
            if (state.Value is null) walked.Add(state.Inputs);
        }
        return false;
    }

    /// <summary>The structure with symbolic zeros: it keeps no tensor alive.</summary>
    private static T Blank<T>(T value) => Structure.WithLeaves(
        value, Structure.Leaves(value).ConvertAll(Tensor.SymbolicZero));

    /// <summary>What a rule gave; an error if shapes or dtypes are not right.</summary>
    private static Tensor[] Checked<T>(string rule, T expected, T given)
    {
        List<Tensor> should = Structure.Leaves(expected), are = Structure.Leaves(given);
        List<string> paths = Structure.Paths(expected);
        string kind = rule == "vjp" ? "cotangent" : "tangent";
        string like = rule == "vjp" ? "argument" : "result";
        if (should.Count != are.Count)
            throw Errors.Fail("CustomRule", $"the {rule} gave {are.Count} tensors for {kind}s of "
                + $"[{string.Join(", ", paths)}]. Return one for each tensor of the {like}.");
        for (int i = 0; i < are.Count; i++)
            if (should[i].DType.IsFloat()
                && (should[i].Shape != are[i].Shape || should[i].DType != are[i].DType))
                throw Errors.Fail("CustomRule", $"the {rule} gave {are[i].DType.Name()} "
                    + $"{are[i].Shape} as the {kind} of the {like}{Errors.Leaf(paths[i])} "
                    + $"{should[i].DType.Name()} {should[i].Shape}. Return tensors shaped like the "
                    + $"{like}.");
        return [.. are];
    }
}

/// <summary>
/// A rule over the tensors of x, of y = f(x), and of the cotangents of y or the tangents of x.
/// </summary>
internal delegate Tensor[] TensorRule(Tensor[] x, Tensor[] y, Tensor[] t);

/// <summary>
/// A function whose first <paramref name="own"/> inputs are differentiated by a rule and whose
/// other inputs, the captured ones, are constants to it.
/// </summary>
internal sealed class CustomFunction(
    ClosedFunction body, int own, TensorRule? pull, TensorRule? push) : InlineFunction(body)
{
    public override Tensor?[] Vjp(CallSite site, Tensor?[] g, bool[] need)
    {
        for (int i = own; i < need.Length; i++)
            if (need[i] && site.Inputs[i].DType.IsFloat())
                throw Captured(site.Inputs[i]);
        Tensor[] x = site.Inputs[..own], y = site.Outputs, full = Full(g, y);
        Tensor[] parts = pull is not null
            ? pull(x, y, full)
            : Transposed(v => push!(x, y, v), x, full);
        return [.. parts.Select(NullIfZero), .. new Tensor?[need.Length - own]];
    }

    public override Tensor?[] Jvp(CallSite site, Tensor?[] dx)
    {
        for (int i = own; i < dx.Length; i++)
            if (dx[i] is not null)
                throw Captured(site.Inputs[i]);
        Tensor[] x = site.Inputs[..own], y = site.Outputs, full = Full(dx[..own], x);
        Tensor[] parts = push is not null
            ? push(x, y, full)
            : Transposed(g => pull!(x, y, g), y, full);
        return [.. parts.Select(NullIfZero)];
    }

    public override Tensor[] Vmap(Tensor[] x, bool[] batched, int size)
    {
        var closed = ClosedFunction.Trace("CustomRule", (Tensor[] inputs) =>
            Batching.OfTensors(Body.Run, inputs, batched[..inputs.Length], size), x);
        bool[] arguments = batched[..own];
        bool[] results = [.. closed.Outputs.Select(_ => true)];
        var function = new CustomFunction(
            closed.Function, own,
            Batched(pull, [.. arguments, .. results, .. results], size, arguments),
            Batched(push, [.. arguments, .. results, .. arguments], size, results));
        return function.Call(closed.Inputs, closed.Outputs);
    }

    /// <summary>
    /// The rule for each element of a batch. What it gives for a tensor that all elements share is
    /// the sum of what it gives for each.
    /// </summary>
    private static TensorRule? Batched(TensorRule? rule, bool[] batched, int size, bool[] kept)
    {
        if (rule is null) return null;
        return (x, y, t) =>
        {
            int first = x.Length, second = x.Length + y.Length;
            Tensor[] parts = Batching.OfTensors(
                all => rule(all[..first], all[first..second], all[second..]),
                [.. x, .. y, .. t], batched, size);
            return [.. parts.Select((part, i) => kept[i] ? part
                : part.IsSymbolicZero || !part.DType.IsFloat() ? Tensor.SymbolicZero(x[i])
                : part.Sum(0))];
        };
    }

    /// <summary>
    /// The transpose of a linear function of tensors shaped like <paramref name="domain"/>, applied
    /// to g.
    /// </summary>
    private static Tensor[] Transposed(
        Func<Tensor[], Tensor[]> linear, Tensor[] domain, Tensor[] g)
    {
        Tensor[] zeros = Array.ConvertAll(domain, x => x.Like("CustomRule", 0));
        var run = Recording.OnAliases("CustomRule", linear, zeros);
        return run.ForAllLeaves(run.Tape.Reverse(run.Outputs, g));
    }

    /// <summary>All parts, zeros where there is none.</summary>
    private static Tensor[] Full(Tensor?[] parts, Tensor[] like) =>
        [.. like.Select((x, i) => parts[i] ?? Tensor.SymbolicZero(x))];

    private static Tensor? NullIfZero(Tensor part) => part.IsSymbolicZero ? null : part;

    private static EngineException Captured(Tensor x) => Errors.Fail("CustomRule",
        $"is differentiated by a {x.DType.Name()} {x.Shape} tensor that its function captures, but "
        + "its rules are for the argument alone. Pass the tensor in the argument, or stop its "
        + "gradient.");
}
