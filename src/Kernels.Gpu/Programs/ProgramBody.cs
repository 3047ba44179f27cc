// The body of an emitted program: load the inputs, call the operators one after another, return or
// store the outputs. Registers of the program become locals.
using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Kernels.Gpu;

internal sealed class ProgramBody(
    TileProgram program, ProgramForm form, FieldBuilder[] fields, ILGenerator il)
{
    private readonly LocalBuilder[] registers =
    [
        .. Enumerable.Range(0, program.RegisterCount)
            .Select(i => il.DeclareLocal(ProgramTypes.Lane(program.TypeOf(i)))),
    ];

    private readonly OpCode element =
        form == ProgramForm.After ? OpCodes.Ldarg_2 : OpCodes.Ldarg_1;

    public void Write()
    {
        int first = form == ProgramForm.After ? 1 : 0;
        if (first == 1)
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(
                OpCodes.Newobj, ProgramTypes.Lane(program.Inputs[0]).GetConstructors().Single());
            il.Emit(OpCodes.Stloc, registers[0]);
        }
        for (int i = first; i < program.Inputs.Length; i++)
            Load(fields[i - first], program.Inputs[i], registers[i]);
        for (int i = 0; i < program.Constants.Length; i++)
        {
            il.Emit(OpCodes.Ldc_I8, program.Constants[i].Bits);
            Call(typeof(ProgramSteps), $"Const{program.Constants[i].Type}");
            il.Emit(OpCodes.Stloc, registers[program.Inputs.Length + i]);
        }
        int result = program.Inputs.Length + program.Constants.Length;
        foreach (TileInstruction instruction in program.Instructions)
        {
            Compute(instruction);
            il.Emit(OpCodes.Stloc, registers[result++]);
        }
        if (form == ProgramForm.Map)
            for (int i = 0; i < program.Outputs.Length; i++)
                Store(fields[program.Inputs.Length + i], program.Outputs[i]);
        else
            Return();
        il.Emit(OpCodes.Ret);
    }

    private void Load(FieldInfo field, RegisterType type, LocalBuilder register)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(element);
        CallFor(field, $"Load{type}");
        il.Emit(OpCodes.Stloc, register);
    }

    private void Store(FieldInfo field, int register)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(element);
        il.Emit(OpCodes.Ldloc, registers[register]);
        CallFor(field, $"Store{program.TypeOf(register)}");
    }

    private void Return()
    {
        foreach (int output in program.Outputs)
        {
            RegisterType type = program.TypeOf(output);
            if (Registers.IsMask(type))
                throw new NotSupportedException("GPU: a mask is no result of a reduction.");
            il.Emit(OpCodes.Ldloc, registers[output]);
            il.Emit(OpCodes.Ldfld, ProgramTypes.Lane(type).GetField("Value")!);
        }
        if (program.Outputs.Length == 1) return;
        Type pack = ProgramTypes.Pack(
            ProgramTypes.Element(program.TypeOf(program.Outputs[0])), program.Outputs.Length);
        il.Emit(OpCodes.Newobj, pack.GetConstructors().Single());
    }

    private void Compute(TileInstruction instruction)
    {
        TileKernel kernel = instruction.Kernel;
        il.Emit(OpCodes.Ldloc, registers[instruction.A]);
        if (kernel is CastTile)
        {
            if (kernel.Sources[0] != kernel.Result)
                Call(typeof(Conversions), $"{kernel.Result}From{kernel.Sources[0]}");
        }
        else if (kernel is UnitFromBitsTile)
            Call(typeof(Conversions), $"UnitFrom{kernel.Sources[0]}");
        else if (kernel is SelectTile)
        {
            il.Emit(OpCodes.Ldloc, registers[instruction.B]);
            il.Emit(OpCodes.Ldloc, registers[instruction.C]);
            Type lane = ProgramTypes.Lane(kernel.Result);
            Type mask = ProgramTypes.Lane(Registers.MaskFor(kernel.Result));
            Call(typeof(ProgramSteps), "Select", mask, lane, lane);
        }
        else Invoke(kernel, instruction);
    }

    private void Invoke(TileKernel kernel, TileInstruction instruction)
    {
        Type lane = ProgramTypes.Lane(kernel.Sources[0]);
        MethodInfo body = kernel.Operator.GetMethod("Invoke")!.MakeGenericMethod(lane);
        // A mask operator of one operand ignores its second.
        if (body.GetParameters().Length == 2)
            il.Emit(
                OpCodes.Ldloc, registers[instruction.B < 0 ? instruction.A : instruction.B]);
        il.Emit(OpCodes.Call, body);
        if (typeof(ICompareOp).IsAssignableFrom(kernel.Operator))
            Call(typeof(ProgramSteps), "Mask", lane);
    }

    private void Call(Type steps, string name, params Type[] types) => il.Emit(
        OpCodes.Call, types.Length == 0 ? steps.GetMethod(name)! : steps.GetMethod(name, types)!);

    /// <summary>A call of a method that is generic over the index of the field's view.</summary>
    private void CallFor(FieldInfo field, string name) => il.Emit(
        OpCodes.Call, typeof(ProgramSteps).GetMethod(name)!
            .MakeGenericMethod(field.FieldType.GetGenericArguments()[1]));
}
