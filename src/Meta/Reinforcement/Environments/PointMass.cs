// The 2-D point mass of Finn, Abbeel and Levine (2017), section 5.3: walk to a goal nobody shows
// you. The details are those of their code, https://github.com/cbfinn/maml_rl: the reward is the
// distance, not its square as in the paper, and the goal is a square of side 0.02, not a disc.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// A point in the plane that starts at the origin; the observation is where it is. An action moves
/// it by at most <see cref="Stride"/> along each axis; what is more is cut off. The reward is minus
/// the distance to the goal after the move.
/// </summary>
/// <param name="goalX">The goal's first coordinate.</param>
/// <param name="goalY">Its second.</param>
/// <param name="terminates">
/// Whether an episode ends once both coordinates are within <see cref="Reach"/> of the goal's.
/// </param>
public sealed class PointMass(double goalX, double goalY, bool terminates = true) : IEnvironment
{
    /// <summary>The longest move along an axis.</summary>
    public const double Stride = 0.1;

    /// <summary>How near the goal an episode ends, along each axis.</summary>
    public const double Reach = 0.01;

    /// <summary>Steps of the longest episode.</summary>
    public const int Horizon = 100;

    private static readonly Space plane =
        Space.Box(2, double.NegativeInfinity, double.PositiveInfinity);

    private static readonly Space moves = Space.Box(2, -Stride, Stride);

    private readonly EpisodeClock clock = new(nameof(PointMass), Horizon);
    private double x;
    private double y;

    /// <summary>Goals uniform in the square of side 1 around the origin.</summary>
    /// <param name="terminates">Whether episodes end at the goal.</param>
    /// <param name="normalised">
    /// Whether policies act in [-1, 1], one standing for <see cref="Stride"/>, as in the original
    /// code (<see cref="NormalisedActions"/>).
    /// </param>
    public static TaskFamily Family(bool terminates = true, bool normalised = true) => new(
        "point mass", plane, normalised ? NormalisedActions.Of(moves) : moves, Horizon,
        random =>
        {
            PointMass task = Draw(random, terminates);
            return normalised ? new NormalisedActions(task) : task;
        });

    /// <summary>The task that a stream gives.</summary>
    public static PointMass Draw(SeededRandom random, bool terminates = true)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new(random.Uniform(-0.5, 0.5), random.Uniform(-0.5, 0.5), terminates);
    }

    /// <summary>
    /// The best return there is, whether episodes end at the goal or not: that of walking straight
    /// there, the whole stride along each axis until the goal is within it. No walk is nearer the
    /// goal at any time. Its mean over all goals is -0.506.
    /// </summary>
    public double BestReturn
    {
        get
        {
            double sum = 0;
            double dx = Math.Abs(goalX), dy = Math.Abs(goalY);
            while (dx > 0 || dy > 0)
            {
                dx = Math.Max(dx - Stride, 0);
                dy = Math.Max(dy - Stride, 0);
                sum -= Math.Sqrt(dx * dx + dy * dy);
            }
            return sum;
        }
    }

    /// <inheritdoc/>
    public Space Observations => plane;

    /// <inheritdoc/>
    public Space Actions => moves;

    /// <inheritdoc/>
    public void Reset(SeededRandom random, Span<double> observation)
    {
        clock.Start();
        (x, y) = (0, 0);
        Show(observation);
    }

    /// <inheritdoc/>
    public Outcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        clock.Check(action, size: 2);
        x += Math.Clamp(action[0], -Stride, Stride);
        y += Math.Clamp(action[1], -Stride, Stride);
        Show(observation);
        double dx = x - goalX, dy = y - goalY;
        bool arrived = terminates && Math.Abs(dx) < Reach && Math.Abs(dy) < Reach;
        return clock.Tick(-Math.Sqrt(dx * dx + dy * dy), arrived);
    }

    private void Show(Span<double> observation) => (observation[0], observation[1]) = (x, y);
}
