// Steps that only move bytes: copies, constants, what the host uploads.
using Engine.Kernels;

namespace Engine;

/// <summary>Copies a view to contiguous memory.</summary>
internal sealed class CopyStep(PlanView input, PlanView output) : Step("Copy", [input], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Copy(x[0], y[0]);
}

/// <summary>Writes one value everywhere.</summary>
internal sealed class FillStep(long bits, PlanView output) : Step("Fill", [], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Fill(y[0], bits);
}

/// <summary>Writes the constants that a loop's iterations read.</summary>
internal sealed class ConstantsStep(Plan body, PlanView output) : Step("Constants", [], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        body.WriteConstants(backend, y[0].Buffer, y[0].Offset * y[0].Type.Size());
}

/// <summary>Uploads what the host computes.</summary>
internal sealed class UploadStep(string name, Func<byte[]> bytes, PlanView output)
    : Step(name, [], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Upload(bytes(), y[0].Buffer, y[0].Offset * y[0].Type.Size());
}
