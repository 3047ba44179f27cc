// A plan as a device sees it: calls to make, and whether they are those of the last time.
namespace Engine.Kernels;

/// <summary>
/// A plan whose views are bound to memory. The object is the plan's identity: one that is replayed
/// comes as the same object again, so that a device can hang on it what it recorded (in a
/// ConditionalWeakTable, say). Threads that run a plan at the same time have an object each.
/// </summary>
public interface IBoundPlan
{
    /// <summary>
    /// Whether something that the steps read or write lies elsewhere than at the last run; true at
    /// the first run.
    /// </summary>
    bool Moved { get; }

    /// <summary>
    /// Calls the device for every step. Each run makes the same calls in the same order with the
    /// same programs and layouts; only buffers and offsets may differ, and what is in the memory.
    /// </summary>
    void Run(IBackend backend);
}
