// An LSTM that forecasts a series from a window of it.
namespace Engine.Nn;

/// <summary>
/// Reads a window of a series and says by how much the next values differ from the window's last
/// one: with a head of zeros it repeats that value, the naive forecast. The level of a series never
/// enters, as in window normalisation (Smyl, 2020), so that a trend leads nowhere unknown.
/// </summary>
/// <param name="Reader">Reads the window less its last value.</param>
/// <param name="Head">From the reader's last output to the differences.</param>
public sealed partial record LstmForecaster(Lstm Reader, Linear Head) : ITree
{
    /// <summary>A forecaster of that many next values from windows of one variable.</summary>
    public static LstmForecaster Create(
        Key key, int hidden, int horizon = 1, int layers = 1, DType type = DType.Float32)
    {
        Key[] keys = key.Split();
        return new(
            Lstm.Create(keys[0], inputs: 1, hidden, layers, type: type),
            Linear.Create(keys[1], hidden, horizon, type: type));
    }

    /// <summary>Windows (N, window, 1) to the values that follow, (N, horizon).</summary>
    public Tensor Forward(Tensor windows)
    {
        if (windows.Rank != 3 || windows.Shape[2] != 1 || windows.Shape[1] < 1)
            throw Errors.Fail("LstmForecaster", $"needs windows (N, window, 1), but got "
                + $"{windows.Shape}.");
        Tensor last = windows[.., ^1..];
        Tensor read = Reader.Forward(windows - last).Output[.., ^1..].Squeeze(1);
        return last.Squeeze(2) + Head.Forward(read);
    }
}
