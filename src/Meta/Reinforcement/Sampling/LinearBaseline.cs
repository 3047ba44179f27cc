// The baseline of Duan et al., "Benchmarking deep reinforcement learning for continuous control"
// (2016): returns as a linear function of features of observation and time.
namespace Engine.Meta;

/// <summary>Forecasts of returns, fitted to each task's by itself.</summary>
internal static class LinearBaseline
{
    private const double Ridge = 1e-5;

    /// <summary>
    /// One task's returns (transitions) by least squares with a small ridge from observations
    /// (transitions, observation) and steps since the episode began: a forecast for each
    /// transition, 0 for those not taken. Powers of the time need float64.
    /// </summary>
    public static Tensor Fit(Tensor observations, Tensor steps, Tensor returns, Tensor taken)
    {
        Tensor seen = observations.Clip(-10.0, 10.0);
        Tensor time = (steps / 100).ExpandDims(-1);
        Tensor features = Tensor.Concat(
            [
                seen, seen.Square(), time, time.Square(), time.Square() * time,
                Tensor.Ones(time.Shape, DType.Float64),
            ], -1);
        Tensor x = features * taken.ExpandDims(-1);
        Tensor squares = x.Transpose().MatMul(x) + Ridge * Tensor.Eye(x.Shape[1], DType.Float64);
        return x.MatMul(squares.Solve(x.Transpose().MatMul(returns)));
    }
}
