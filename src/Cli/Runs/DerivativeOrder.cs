// The two orders of differentiation that can be asked for.
namespace Engine.Cli;

/// <summary>How derivatives flow through adaptation.</summary>
internal enum DerivativeOrder
{
    /// <summary>Through every inner gradient.</summary>
    Exact,

    /// <summary>Inner gradients are constants.</summary>
    First,
}
