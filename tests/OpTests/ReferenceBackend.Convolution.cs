// Convolutions and pooling of the backend of plain loops.
using Engine.Kernels;

namespace Engine.OpTests;

internal sealed unsafe partial class ReferenceBackend
{
    public void Convolution(
        in ConvolutionShape s, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default)
    {
        Calls++;
        foreach (long[] at in Places(y.Layout)) Set(y, at, 0);
        foreach (var (image, filter, output) in Taps(s))
            Set(y, output, Get(y, output) + Get(x, image) * Get(w, filter));
        Finish(epilogue, y);
    }

    public void InputGradient(
        in ConvolutionShape s, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default)
    {
        Calls++;
        foreach (long[] at in Places(dx.Layout)) Set(dx, at, 0);
        foreach (var (image, filter, output) in Taps(s))
            Set(dx, image, Get(dx, image) + Get(g, output) * Get(w, filter));
        Finish(epilogue, dx);
    }

    public void WeightGradient(in ConvolutionShape s, in Operand x, in Operand g, in Operand dw)
    {
        Calls++;
        foreach (long[] at in Places(dw.Layout)) Set(dw, at, 0);
        foreach (var (image, filter, output) in Taps(s))
            Set(dw, filter, Get(dw, filter) + Get(g, output) * Get(x, image));
    }

    public void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default)
    {
        long planes = positions.Layout.Sizes[0];
        long from = (long)shape.Height * shape.Width, to = (long)shape.OutHeight * shape.OutWidth;
        var images = new Operand(
            Rent(Math.Max(1, planes * from) * values.Type.Size()), 0, values.Type,
            Layout.Contiguous(sizes.Sizes));
        Elementwise(program, inputs, [images]);
        MaxPoolIndices(
            shape,
            images with { Layout = Layout.Contiguous(planes, shape.Height, shape.Width) },
            positions);
        Gather(
            images with { Layout = Layout.Contiguous(planes, from, 1) },
            positions with { Layout = Layout.Contiguous(planes, to) },
            values with { Layout = Layout.Contiguous(planes, to, 1) });
        Return(images.Buffer);
        Finish(epilogue, values);
    }

    public void MaxUnpool(
        in PoolShape shape, in Operand g, in Operand positions, in Operand y)
    {
        long planes = y.Layout.Sizes[0], from = (long)shape.OutHeight * shape.OutWidth;
        ScatterAdd(
            g with { Layout = Layout.Contiguous(planes, from, 1) },
            positions with { Layout = Layout.Contiguous(planes, from) },
            y with { Layout = Layout.Contiguous(planes, (long)shape.Height * shape.Width, 1) });
    }

    public void MaxPoolIndices(in PoolShape s, in Operand x, in Operand y)
    {
        Calls++;
        foreach (long[] at in Places(y.Layout))
        {
            long best = -1;
            double top = 0;
            for (int i = 0; i < s.Window * s.Window; i++)
            {
                long h = at[1] * s.Stride - s.Padding + i / s.Window;
                long w = at[2] * s.Stride - s.Padding + i % s.Window;
                if (h < 0 || w < 0 || h >= s.Height || w >= s.Width) continue;
                double value = Get(x, [at[0], h, w]);
                if (best >= 0 && !(value > top || (double.IsNaN(value) && !double.IsNaN(top))))
                    continue;
                best = h * s.Width + w;
                top = value;
            }
            SetWhole(y, at, best);
        }
    }

    private static IEnumerable<(long[] Image, long[] Filter, long[] Output)> Taps(
        ConvolutionShape s)
    {
        var sizes = Layout.Contiguous(
            s.Tasks, s.Batch, s.Filters, s.GroupChannels, s.OutHeight, s.OutWidth,
            s.KernelHeight, s.KernelWidth);
        foreach (long[] i in Places(sizes))
        {
            long h = i[4] * s.StrideHeight - s.PaddingHeight + i[6] * s.DilationHeight;
            long w = i[5] * s.StrideWidth - s.PaddingWidth + i[7] * s.DilationWidth;
            if (h < 0 || w < 0 || h >= s.Height || w >= s.Width) continue;
            long channel = i[2] / s.GroupFilters * s.GroupChannels + i[3];
            yield return ([i[0], i[1], channel, h, w], [i[0], i[2], i[3], i[6], i[7]],
                [i[0], i[1], i[2], i[4], i[5]]);
        }
    }
}
