// Long short-term memory: the cell and stacks of it.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// What an LSTM remembers: both (N, hidden) of a cell, (layers * directions, N, hidden) of a stack.
/// </summary>
public sealed partial record LstmState(Tensor Hidden, Tensor Cell) : ITree;

/// <summary>
/// One step of long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate of Gers et
/// al., 2000) in PyTorch's layout: <paramref name="InputWeight"/> (4 hidden, inputs), <paramref
/// name="HiddenWeight"/> (4 hidden, hidden) and biases (4 hidden), or none, hold the rows of the
/// input, forget, cell and output gates, in this order.
/// </summary>
public sealed partial record LstmCell(
    Tensor InputWeight, Tensor HiddenWeight, Tensor? InputBias, Tensor? HiddenBias)
    : ITree, IRecurrentCell
{
    /// <summary>
    /// A cell with weights and biases uniform in +-1 / sqrt(hidden), as PyTorch begins.
    /// </summary>
    public static LstmCell Create(
        Key key, int inputs, int hidden, bool bias = true, DType type = DType.Float32)
    {
        Tensor[] w = Recurrence.Weights(key, gates: 4, inputs, hidden, type);
        return new(w[0], w[1], bias ? w[2] : null, bias ? w[3] : null);
    }

    /// <summary>The state after inputs (N, inputs); without a state it begins at zeros.</summary>
    public LstmState Forward(Tensor x, LstmState? state = null)
    {
        Tensor[] next = Recurrence.Step(
            "LstmCell", this, x, state is null ? null : [state.Hidden, state.Cell]);
        return new(next[0], next[1]);
    }

    int IRecurrentCell.StateCount => 2;

    Tensor IRecurrentCell.Project(Tensor x)
    {
        Tensor gates = new Linear(InputWeight, InputBias).Forward(x);
        return HiddenBias is null ? gates : gates + HiddenBias;
    }

    Tensor[] IRecurrentCell.Step(Tensor projected, Tensor[] state)
    {
        Tensor gates = projected + state[0].MatMul(HiddenWeight.Transpose());
        Tensor[] parts = Recurrence.Parts(gates, 4, axis: 1);
        Tensor input = parts[0].Sigmoid(), forget = parts[1].Sigmoid();
        Tensor cell = forget * state[1] + input * parts[2].Tanh();
        return [parts[3].Sigmoid() * cell.Tanh(), cell];
    }
}

/// <summary>
/// Layers of <see cref="LstmCell"/>s over sequences. With <paramref name="Reversed"/> cells, one a
/// layer, each layer also reads from the end, and the next one sees both outputs.
/// </summary>
public sealed partial record Lstm(ImmutableArray<LstmCell> Cells, ImmutableArray<LstmCell> Reversed)
    : ITree
{
    /// <summary>A stack of layers with that many hidden units in each direction.</summary>
    public static Lstm Create(
        Key key, int inputs, int hidden, int layers = 1, bool bidirectional = false,
        bool bias = true, DType type = DType.Float32)
    {
        Key[] keys = key.Split();
        ImmutableArray<LstmCell> Stack(Key k) => Recurrence.Stack(
            "Lstm", k, inputs, hidden, layers, bidirectional ? 2 : 1,
            (cellKey, size) => LstmCell.Create(cellKey, size, hidden, bias, type));
        return new(Stack(keys[0]), bidirectional ? Stack(keys[1]) : []);
    }

    /// <summary>
    /// Sequences (N, T, inputs) to the last layer's outputs (N, T, directions * hidden) and the
    /// last state, (layers * directions, N, hidden). With <paramref name="lengths"/> (N, integers)
    /// sequences end earlier: outputs after the end are zeros, the state is that at the end.
    /// </summary>
    public (Tensor Output, LstmState State) Forward(
        Tensor x, LstmState? state = null, Tensor? lengths = null)
    {
        Tensor[]? start = state is null ? null : [state.Hidden, state.Cell];
        var (output, last) = Recurrence.Run("Lstm", Cells, Reversed, x, start, lengths);
        return (output, new(last[0], last[1]));
    }
}
