// Ctrl-C and SIGTERM: the first asks for an end, the second ends the process at once.
using System.Runtime.InteropServices;

namespace Engine.Cli;

internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] signals;
    private readonly TextWriter error;

    public Interrupt(TextWriter error)
    {
        this.error = error;
        signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var signal in signals) signal.Dispose();
        source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return; // not cancelled: the system ends the process
        context.Cancel = true;
        error.WriteLine("stopping after this step; press Ctrl-C again to quit at once");
        source.Cancel();
    }
}
