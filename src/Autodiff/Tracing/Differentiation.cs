// Runs a function on stand-ins for its arguments and keeps the tape: what Grad, Vjp and Jvp have in
// common.
namespace Engine;

/// <summary>A function's result together with the tape that made it.</summary>
internal sealed class Differentiation<R>
{
    private Differentiation(
        R result, List<Tensor> outputs, List<Tensor> arguments, Tape tape)
    {
        Result = result;
        Outputs = outputs;
        Arguments = arguments;
        Tape = tape;
    }

    public R Result { get; }

    /// <summary>The tensors of the result, in order.</summary>
    public List<Tensor> Outputs { get; }

    /// <summary>The stand-ins, one for each leaf differentiated by.</summary>
    public List<Tensor> Arguments { get; }

    public Tape Tape { get; }

    /// <summary>
    /// Runs f on a copy of <paramref name="x"/> whose float leaves chosen by
    /// <paramref name="where"/> (a predicate on paths) are stand-ins.
    /// </summary>
    public static Differentiation<R> Run<T>(
        string transform, Func<T, R> f, T x, Func<string, bool>? where)
    {
        var trace = new Trace(transform);
        try
        {
            var leaves = new StandIns(trace, where);
            T arguments = Structure.Map(x, leaves);
            R result = f(arguments);
            List<Tensor> outputs = Structure.Leaves(result);
            return new(result, outputs, leaves.Made, Tape.Record(leaves.Made, outputs));
        }
        finally
        {
            trace.End();
        }
    }
}
