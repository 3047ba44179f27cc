// Angles too large for the three parts of pi/2 that sine and cosine subtract: Payne and Hanek,
// "Radian reduction for trigonometric functions", 1983. An angle is an integer times a power of
// two; of 2/pi only those bits matter whose product with it is neither a multiple of four quarter
// turns nor too small. All of it is integer arithmetic, without tables or calls, so every machine,
// every vector width and a GPU's threads get the same bits.
namespace Engine.Kernels;

/// <summary>An angle of some quarter turns and a rest: quarters pi / 2 + rest.</summary>
public readonly struct ReducedAngle<V>(V quarters, V rest) where V : struct
{
    /// <summary>Whole quarter turns, 0 .. 4.</summary>
    public readonly V Quarters = quarters;

    /// <summary>What is left, within pi / 4 of 0.</summary>
    public readonly V Rest = rest;
}

/// <summary>
/// One positive angle reduced: whole quarter turns, and the bits of the rest as a float of the
/// angle's type, rounded once. Infinities and NaN have a rest of NaN.
/// </summary>
public readonly struct LargeAngle
{
    private LargeAngle(int quarters, ulong rest)
    {
        Quarters = quarters;
        Rest = rest;
    }

    /// <summary>Whole quarter turns, 0 .. 4.</summary>
    public readonly int Quarters;

    /// <summary>The bits of the rest, in the low half for a float32.</summary>
    public readonly ulong Rest;

    /// <summary>Reduces the float32 of these bits, above 1.</summary>
    public static LargeAngle OfFloat32(uint bits) => (bits >> 23 & 0xff) == 0xff
        ? new LargeAngle(0, 0x7fc00000)
        : Reduce(bits & 0x7fffff | 0x800000, (int)(bits >> 23 & 0xff) - 150, 23, 127);

    /// <summary>Reduces the float64 of these bits, above 1.</summary>
    public static LargeAngle OfFloat64(ulong bits) => (bits >> 52 & 0x7ff) == 0x7ff
        ? new LargeAngle(0, 0x7ff8000000000000)
        : Reduce(
            bits & 0xfffffffffffff | 0x10000000000000, (int)(bits >> 52 & 0x7ff) - 1075, 52, 1023);

    // The angle a 2^exponent. Its rest has a mantissa of so many bits and an exponent with a bias.
    private static LargeAngle Reduce(ulong a, int exponent, int mantissaBits, int bias)
    {
        // 192 bits of 2/pi. Bits before them give multiples of four quarter turns. The nearest that
        // a float64 comes to a whole number of quarter turns is 2^-61 of one, and bits behind them
        // change less than 2^-137.
        int first = exponent - 2, word = first >> 6, shift = first & 63;
        ulong w0 = TwoOverPi(word), w1 = TwoOverPi(word + 1), w2 = TwoOverPi(word + 2);
        if (shift != 0)
        {
            w0 = w0 << shift | w1 >> (64 - shift);
            w1 = w1 << shift | w2 >> (64 - shift);
            w2 = w2 << shift | TwoOverPi(word + 3) >> (64 - shift);
        }

        // a times those bits: two bits of quarter turns, then the fraction of one, in three words.
        ulong last = a * w2, middle = a * w1 + High(a, w2);
        ulong carry = middle < a * w1 ? 1ul : 0;
        ulong top = a * w0 + High(a, w1) + carry;
        int quarters = (int)(top >> 62);
        ulong high = top << 2 | middle >> 62, low = middle << 2 | last >> 62;

        // To the nearest quarter turn: a fraction of a half or more counts down from the next
        // (the complement is off by one in the last of 128 bits).
        bool negative = (long)high < 0;
        if (negative)
        {
            quarters++;
            high = ~high;
            low = ~low;
        }

        // The fraction's first 64 bits from its first one on, times pi / 2.
        int zeros = 0;
        if (high == 0)
        {
            high = low;
            low = 0;
            zeros = 64;
        }
        int left = LeadingZeros(high);
        zeros += left;
        if (left != 0) high = high << left | low >> (64 - left);
        ulong rest = High(high, HalfPi);
        if ((long)rest > 0)
        {
            rest <<= 1;
            zeros++;
        }

        // Rounded to nearest; a carry out of the mantissa raises the exponent.
        int drop = 63 - mantissaBits;
        ulong rounded = (rest >> drop) + (rest >> (drop - 1) & 1);
        ulong bits = ((ulong)(bias - zeros - 1) << mantissaBits) + rounded;
        if (negative) bits |= (ulong)(bias + 1) << (mantissaBits + 1);
        return new LargeAngle(quarters, bits);
    }

    // pi / 2, its point behind the first bit.
    private const ulong HalfPi = 0xC90FDAA22168C234;

    // The bits of 2/pi behind its point, 64 at a time; no finite number needs more.
    private static ulong TwoOverPi(int word) => word switch
    {
        0 => 0xA2F9836E4E441529,
        1 => 0xFC2757D1F534DDC0,
        2 => 0xDB6295993C439041,
        3 => 0xFE5163ABDEBBC561,
        4 => 0xB7246E3A424DD2E0,
        5 => 0x06492EEA09D1921C,
        6 => 0xFE1DEB1CB129A73E,
        7 => 0xE88235F52EBB4484,
        8 => 0xE99C7026B45F7E41,
        9 => 0x3991D639835339F4,
        10 => 0x9C845F8BBDF9283B,
        11 => 0x1FF897FFDE05980F,
        12 => 0xEF2F118B5A0A6D1F,
        13 => 0x6D367ECF27CB09B7,
        14 => 0x4F463F669E5FEA2D,
        15 => 0x7527BAC7EBE5F17B,
        16 => 0x3D0739F78A5292EA,
        17 => 0x6BFB5FB11F8D5D08,
        18 => 0x56033046FC7B6BAB,
        _ => 0,
    };

    // The upper half of the product's 128 bits.
    private static ulong High(ulong a, ulong b)
    {
        ulong aLow = (uint)a, aHigh = a >> 32, bLow = (uint)b, bHigh = b >> 32;
        ulong middle = aHigh * bLow + (aLow * bLow >> 32);
        ulong other = aLow * bHigh + (uint)middle;
        return aHigh * bHigh + (middle >> 32) + (other >> 32);
    }

    private static int LeadingZeros(ulong a)
    {
        int zeros = 0;
        for (int bits = 32; bits > 0; bits >>= 1)
        {
            if (a >> (64 - bits) != 0) continue;
            a <<= bits;
            zeros += bits;
        }
        return zeros;
    }
}
