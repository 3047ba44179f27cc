// Draws the next tasks on a second thread while the current ones are trained on. A call returns
// what the draw function returns for its arguments, whatever was drawn ahead.
namespace Engine.Data;

/// <summary>
/// A draw function that works ahead: when it has given tasks first .. first + count - 1, it draws
/// the count that follow on a second thread. For one caller at a time.
/// </summary>
/// <remarks>
/// The function must depend on its arguments alone, as samplers do; it never runs on two threads at
/// once. One batch is kept besides those in use.
/// </remarks>
/// <param name="draw">Tasks first .. first + count - 1.</param>
/// <param name="end">Nothing is drawn ahead from this task on.</param>
/// <param name="stop">Ends waiting and working ahead.</param>
public sealed class Prefetch(
    Func<long, int, Episode> draw, long end = long.MaxValue, CancellationToken stop = default)
    : IDisposable
{
    private (long First, int Count) ahead;
    private Task<Episode>? drawing;
    private bool disposed;

    /// <summary>
    /// Tasks first .. first + count - 1. If the function throws for them, this call throws the
    /// same.
    /// </summary>
    /// <exception cref="ObjectDisposedException">After disposal.</exception>
    /// <exception cref="OperationCanceledException">After the token was cancelled.</exception>
    public Episode Draw(long first, int count)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        stop.ThrowIfCancellationRequested();
        Task<Episode>? drawn = Await(stop);
        Episode tasks = drawn is not null && ahead == (first, count)
            ? drawn.GetAwaiter().GetResult()
            : draw(first, count);
        long next = first + count;
        if (next < end)
        {
            ahead = (next, count);
            drawing = Task.Run(() => draw(next, count), CancellationToken.None);
        }

        return tasks;
    }

    /// <summary>Waits until the second thread has done; what it drew is forgotten.</summary>
    public void Dispose()
    {
        disposed = true;
        Await(CancellationToken.None);
    }

    /// <summary>What was drawn ahead, complete or failed; it is given once.</summary>
    private Task<Episode>? Await(CancellationToken token)
    {
        if (drawing is not { } task) return null;
        Task.WaitAny([task], token);
        _ = task.Exception; // of no interest unless that batch is asked for
        drawing = null;
        return task;
    }
}
