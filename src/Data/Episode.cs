// Few-shot tasks as tensors: what meta-learners take.
namespace Engine.Data;

/// <summary>
/// A task, or a batch of tasks when every tensor has the tasks as its first axis: inputs and
/// targets to adapt on (support) and to be judged on (query).
/// </summary>
/// <param name="SupportX">Inputs to adapt on.</param>
/// <param name="SupportY">Their targets.</param>
/// <param name="QueryX">Inputs to be judged on.</param>
/// <param name="QueryY">Their targets.</param>
/// <param name="Ways">
/// Classes in each task, known while a function is traced; 0 where targets are no classes.
/// </param>
public sealed partial record Episode(
    Tensor SupportX, Tensor SupportY, Tensor QueryX, Tensor QueryY, int Ways = 0) : ITree
{
    /// <summary>
    /// Image tasks: inputs float32 (tasks, images, C, H, W), labels int64 (tasks, images).
    /// </summary>
    public static Episode From(EpisodeArrays arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        int support = arrays.Ways * arrays.Shots, query = arrays.Ways * arrays.Queries;
        Shape Images(int n) => [arrays.Tasks, n, arrays.Channels, arrays.Height, arrays.Width];
        return new(
            Tensor.From(arrays.SupportX, Images(support)),
            Tensor.From(arrays.SupportY, [arrays.Tasks, support]),
            Tensor.From(arrays.QueryX, Images(query)),
            Tensor.From(arrays.QueryY, [arrays.Tasks, query]),
            arrays.Ways);
    }

    /// <summary>Regression tasks: inputs and targets float32 (tasks, points, 1).</summary>
    public static Episode From(RegressionArrays arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        Shape support = [arrays.Tasks, arrays.Shots, 1], query = [arrays.Tasks, arrays.Queries, 1];
        return new(
            Tensor.From(arrays.SupportX, support), Tensor.From(arrays.SupportY, support),
            Tensor.From(arrays.QueryX, query), Tensor.From(arrays.QueryY, query));
    }

    /// <summary>Task i of a batch.</summary>
    public Episode Task(int i) => new(SupportX[i], SupportY[i], QueryX[i], QueryY[i], Ways);
}
