// One tile of a bound program: registers get their places, inputs are loaded, the calls run.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

internal readonly unsafe partial struct BoundTileProgram
{
    /// <summary>
    /// Gives registers their places in scratch and fills those that are the same in every tile.
    /// Tiles have at most n elements.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Begin(void** registers, byte* scratch, nint n)
    {
        TileSequence sequence = Sequence;
        int[] offsets = sequence.Offsets;
        for (int i = 0; i < offsets.Length; i++) registers[i] = scratch + offsets[i];
        registers[offsets.Length] = NoRun;
        for (int i = 0; i < Form.Inputs.Length; i++)
            if (inputs[i].Source == TileSource.Uniform)
                inputs[i].Fill(registers[i], i < 64 && !sequence.Repeated[i] ? 1 : n);
        for (int i = 0; i < Form.Constants.Length; i++)
        {
            TileConstant constant = Form.Constants[i];
            void* register = registers[Form.Inputs.Length + i];
            nint count = sequence.Repeated[Form.Inputs.Length + i] ? n : 1;
            if (Registers.Width(constant.Type) == 4)
                TileMemory.Fill(register, count, (int)constant.Bits);
            else TileMemory.Fill(register, count, constant.Bits);
        }
    }

    /// <summary>
    /// Computes elements at .. at + n - 1 into registers. Results that are numbers are written
    /// directly to their targets, from element <paramref name="place"/> on.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Evaluate(
        void** registers, byte* scratch, long at, nint n, byte** targets, long place)
    {
        long length = *run, number = 0, inRun = 0;
        if (length != long.MaxValue) (number, inRun) = StridedAxes.DivRem(at, length);
        if (length == long.MaxValue || inRun + n <= length)
        {
            EvaluateRun(registers, scratch, at, n, targets, place, number);
            return;
        }
        for (nint done = 0; done < n; number++, inRun = 0)
        {
            nint count = (nint)Math.Min(n - done, length - inRun);
            EvaluateRun(registers, scratch, at + done, count, targets, place + done, number);
            for (int i = 0; i < Form.Outputs.Length; i++)
                if (IsMadeAnew(Form.Outputs[i]))
                {
                    int width = Registers.Width(Form.OutputTypes[i]);
                    byte* target = targets[i] + (place + done) * width;
                    nint bytes = count * width;
                    Buffer.MemoryCopy(registers[Form.Outputs[i]], target, bytes, bytes);
                }
            done += count;
        }
        // The runs moved these registers: the next call must load them again.
        registers[Sequence.Offsets.Length] = NoRun;
        for (int i = 0; i < Form.Outputs.Length; i++)
        {
            int register = Form.Outputs[i], direct = Form.DirectOutput[register];
            if (direct >= 0 || IsMadeAnew(register))
                registers[register] = targets[direct < 0 ? i : direct]
                    + place * Registers.Width(Form.OutputTypes[i]);
            else if (register < Form.Inputs.Length
                && inputs[register].Source == TileSource.InPlace)
                registers[register] =
                    inputs[register].Pointer + at * inputs[register].ElementSize;
        }
    }

    /// <summary>Whether a register is an input that each run loads into the same scratch.</summary>
    private bool IsMadeAnew(int register) =>
        register < Form.Inputs.Length
        && inputs[register].Source is (TileSource.Loaded or TileSource.Runs);

    /// <summary>The same for elements that all lie in the run with the given number.</summary>
    [MethodImpl(Compiled.Once)]
    private void EvaluateRun(
        void** registers, byte* scratch, long at, nint n, byte** targets, long place, long number)
    {
        CompiledTileProgram compiled = Form;
        Load(registers, at, n, scratch, number);
        TileCall[] calls = Sequence.Calls;
        for (int i = 0; i < calls.Length; i++)
        {
            ref readonly TileCall call = ref calls[i];
            if (call.Repeats)
            {
                Repeat(registers, scratch, call.Result, n);
                continue;
            }
            int direct = compiled.DirectOutput[call.Result];
            if (direct >= 0)
            {
                int width = Registers.Width(compiled.OutputTypes[direct]);
                registers[call.Result] = targets[direct] + place * width;
            }

            void* result = registers[call.Result];
            if (call.Form is not null)
            {
                call.Form.Run(registers, result, n);
                continue;
            }
            void* a = registers[call.A], b = call.B < 0 ? null : registers[call.B];
            if (call.Single >= 0)
                call.Kernel!.RunUniform(
                    call.Single, call.Single == 0 ? a : b, call.Single == 0 ? b : a, result, n);
            else
                call.Kernel!.Run(
                    a, b, call.C < 0 ? null : registers[call.C], result, call.Once ? 1 : n);
        }
    }

    /// <summary>
    /// Repeats a register's single element over its tile; that of an input lies in scratch.
    /// </summary>
    private void Repeat(void** registers, byte* scratch, int register, nint n)
    {
        void* from = registers[register];
        if (register < Form.Inputs.Length)
            registers[register] = scratch + Sequence.Offsets[register];
        if (Registers.Width(Sequence.TypeOf(register)) == 4)
            TileMemory.Fill(registers[register], n, *(int*)from);
        else TileMemory.Fill(registers[register], n, *(long*)from);
    }

    /// <summary>
    /// Sets the registers of inputs. The number of the run is kept behind the registers: while it
    /// stays the same, `Runs` inputs need not be looked up again.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    private void Load(void** registers, long at, nint n, byte* scratch, long number)
    {
        ref void* last = ref registers[Sequence.Offsets.Length];
        bool known = (void*)number == last;
        last = (void*)number;
        for (int i = 0; i < Form.Inputs.Length; i++)
        {
            ref TileInput input = ref inputs[i];
            if (input.Source == TileSource.InPlace)
                registers[i] = input.Pointer + at * input.ElementSize;
            else if (input.Source == TileSource.Runs)
            {
                if (known) continue;
                registers[i] = input.Like < 0 ? input.At(at)
                    : input.Pointer + ((byte*)registers[input.Like] - inputs[input.Like].Pointer);
            }
            else if (input.Source != TileSource.Uniform)
            {
                registers[i] = scratch + Sequence.Offsets[i];
                input.Load(at, n, registers[i], scratch + Sequence.BytesOffset);
            }
        }
    }
}
