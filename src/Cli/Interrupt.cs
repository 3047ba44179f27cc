// Ctrl-C and SIGTERM: the first asks for an end, the second ends the process at once.
using System.Runtime.InteropServices;

namespace Engine.Cli;

internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private readonly TextWriter _error;

    public Interrupt(TextWriter error)
    {
        _error = error;
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested) return; // not cancelled: the system ends the process
        context.Cancel = true;
        _error.WriteLine("stopping after this step; press Ctrl-C again to quit at once");
        _source.Cancel();
    }
}
