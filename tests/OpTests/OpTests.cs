// The generated tests: every property of every row, on every device.
using Engine.Tests;

namespace Engine.OpTests;

/// <summary>What every op must give on a device.</summary>
public abstract class OpsOn(Device device)
{
    public static TheoryData<string> Names => [.. OpTable.Rows.Select(row => row.Name)];

    [Theory, MemberData(nameof(Names))]
    public void ValueEqualsNaiveReference(string op) =>
        OpProperties.Value(OpTable.Row(op), device);

    [Theory, MemberData(nameof(Names))]
    public void SpecialValuesPassAsInTheReference(string op) =>
        OpProperties.SpecialValues(OpTable.Row(op), device);

    [Theory, MemberData(nameof(Names))]
    public void VjpEqualsCentralDifferences(string op)
    {
        OpProperties.Gradient(OpTable.Row(op), device, 1);
        OpProperties.NoGradient(OpTable.Row(op), device);
    }

    [Theory, MemberData(nameof(Names))]
    public void SecondOrderEqualsCentralDifferences(string op) =>
        OpProperties.Gradient(OpTable.Row(op), device, 2);

    [Theory, MemberData(nameof(Names))]
    public void JvpAndVjpAreTransposed(string op) =>
        OpProperties.DotProduct(OpTable.Row(op), device);

    [Theory, MemberData(nameof(Names))]
    public void VmapEqualsStack(string op) => OpProperties.Batched(OpTable.Row(op), device);

    [Theory, MemberData(nameof(Names))]
    public void DevicesAgree(string op) => OpProperties.Devices(OpTable.Row(op), device);

    [Theory, MemberData(nameof(Names))]
    public void CompiledEqualsPlain(string op) => OpProperties.Compiled(OpTable.Row(op), device);
}

/// <summary>
/// On a second device, which takes no buffer of the CPU: nothing lands on the CPU unseen.
/// </summary>
public class OpsOnASecondDevice() : OpsOn(Guarded)
{
    private static readonly Device Guarded = new(new GuardedBackend());
}

public class OpTests() : OpsOn(Device.Cpu)
{
    [Theory, MemberData(nameof(Names))]
    public void ErrorsSayWhatToDo(string op) => OpProperties.ErrorTexts(OpTable.Row(op));

    [Fact]
    public void NamesAreUnique() =>
        Assert.Equal(OpTable.Rows.Count, OpTable.Rows.Select(row => row.Name).Distinct().Count());

    /// <summary>
    /// A primitive that no row reaches, forwards or in a gradient, is not tested.
    /// </summary>
    [Fact]
    public void EveryPrimitiveHasARow()
    {
        var reached = new HashSet<Type>();
        foreach (OpRow row in OpTable.Rows)
        {
            Tensor[] x = row.Inputs(row.Cases[0], Device.Cpu);
            Reach(row.Apply(x), reached);
            if (!row.Differentiable) continue;
            Vmap.Of((Tensor t) =>
            {
                Tensor[] inputs = [.. x];
                for (int i = 0; i < inputs.Length; i++)
                    if (inputs[i].DType.IsFloat())
                        inputs[i] = inputs[i] * t;
                var loss = (Leaves v) => row.Apply(v.Items).Sum();
                foreach (Tensor g in Grad.Of(loss)(new(inputs)).Items)
                    Reach(g, reached);
                return t;
            })(Tensor.Ones(1, DType.Float64));
        }
        IEnumerable<string> missing = typeof(Primitive).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(Primitive)) && !type.IsAbstract)
            .Where(type => !reached.Contains(type))
            // These compute nothing.
            .Where(type => type != typeof(Donated) && type != typeof(Move))
            .Select(type => type.Name)
            .Order();
        Assert.Equal([], missing);
    }

    private static void Reach(Tensor tensor, HashSet<Type> reached)
    {
        var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<Tensor>([tensor]);
        while (stack.TryPop(out Tensor? node))
        {
            if (!seen.Add(node)) continue;
            if (node.State.Primitive is { } primitive) reached.Add(primitive.GetType());
            foreach (Tensor input in node.State.Inputs) stack.Push(input);
        }
    }
}
