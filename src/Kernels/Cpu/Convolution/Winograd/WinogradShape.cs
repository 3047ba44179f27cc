// How Winograd's convolution cuts outputs into tiles and blocks. With 3 x 3 taps tiles are 4 x 4,
// but for the last of a row or column, which are as small as what remains (2 or 3): a tile of m
// outputs needs m + 2 of the 6 interpolation points, so small tiles take part in fewer of the 36
// products. Within a block tiles are ordered such that those that take part in a product are
// neighbours. With 5 x 5 taps all tiles are 2 x 2 and use all points.
//
// A convolution that makes images larger, as the input gradient of one without padding does, may
// be computed as the transpose of the one that makes them smaller, on the tiles of that: images of
// 12 x 12 from 8 x 8 have 36 tiles, but only 16 in the other direction.
namespace Engine.Kernels;

/// <summary>
/// Sizes of a Winograd convolution over tasks of images, with 3 or 5 taps in each direction; if
/// it is transposed, sizes are those of the convolution whose transpose is computed.
/// </summary>
internal readonly record struct WinogradShape(
    int Taps, int Tasks, int Images, int Height, int Width, int OutHeight, int OutWidth,
    int Padding, bool Transposed = false)
{
    // A transposed convolution's additions to its result cost some; below this ratio of the numbers
    // of tiles it is not faster.
    private const double TransposedGain = 1.2;

    /// <summary>Interpolation points of a whole tile in one direction, and of both.</summary>
    public const int Points = 6, Positions = Points * Points;

    /// <summary>The points are plus and minus these two, 0 and infinity.</summary>
    public const double PointA = 0.625, PointB = 1.5;

    // Transformed tiles and products of a block, and the filters of a position, stay in the
    // second-level cache.
    private const int TilesPerBlock = 48;
    private const int StagedTiles = 96;
    private const int StagedTilesPerPart = 16;

    /// <summary>
    /// This convolution, or the one whose transpose it is if that has far fewer tiles. Only if all
    /// tiles are whole ones, for 5 taps, can it be transposed.
    /// </summary>
    public WinogradShape WithFewerTiles()
    {
        var other = new WinogradShape(
            Taps, Tasks, Images, OutHeight, OutWidth, Height, Width, Taps - 1 - Padding, true);
        long here = (long)TileRows * TileColumns, there = (long)other.TileRows * other.TileColumns;
        return Taps == 5 && TransposedGain * there < here ? other : this;
    }

    // What takes a division is computed once: it is asked for at each row of tiles and position.

    /// <summary>Outputs of a whole tile in one direction: 4 for 3 taps, 2 for 5.</summary>
    public int Out { get; } = Whole(Taps);

    public int TileRows { get; } = TilesOf(OutHeight, Whole(Taps));

    public int TileColumns { get; } = TilesOf(OutWidth, Whole(Taps));

    /// <summary>
    /// Outputs of the last tiles, downwards and across: 2 to Out, where 2 may be 1 too many.
    /// </summary>
    public int EdgeHeight { get; } = Edge(OutHeight, Whole(Taps));

    public int EdgeWidth { get; } = Edge(OutWidth, Whole(Taps));

    /// <summary>Tiles of a row that are as wide as a whole one.</summary>
    public int FullColumns => EdgeWidth == Out ? TileColumns : TileColumns - 1;

    /// <summary>Points that the highest tiles use downwards.</summary>
    public int MaxPoints => TileRows == 1 ? EdgeHeight + Taps - 1 : Points;

    /// <summary>
    /// Whether there are so few tiles that threads share the slices of filters instead of the
    /// tiles.
    /// </summary>
    public bool Staged => (long)Tasks * Images * TileRows * TileColumns <= StagedTiles;

    /// <summary>Images whose tiles are transformed as one part, if staged.</summary>
    public int StagedImages =>
        Math.Clamp(StagedTilesPerPart / (TileRows * TileColumns), 1, Math.Max(1, Images));

    /// <summary>Number of those parts in a task.</summary>
    public int StagedParts => (Images + StagedImages - 1) / StagedImages;

    /// <summary>The task of a part of all of them, and its rows of tiles.</summary>
    public (int Task, int Start, int End) StagedRows(int part)
    {
        int task = part / StagedParts, first = part % StagedParts * StagedImages;
        return (task, first * TileRows, Math.Min(first + StagedImages, Images) * TileRows);
    }

    /// <summary>
    /// Rows of tiles in a block: some 48 tiles, and enough blocks for threads. Transposed, where
    /// neighbouring tiles add to the same results, they are those of whole images.
    /// </summary>
    public int BlockRows
    {
        get
        {
            if (Staged) return Images * TileRows;
            int unit = Transposed ? TileRows : 1, units = Images * TileRows / unit;
            int limit = Math.Max(1, Math.Min(
                TilesPerBlock / TileColumns, Tasks * Images * TileRows / 4) / unit);
            int blocks = (units + limit - 1) / limit;
            return (units + blocks - 1) / blocks * unit;
        }
    }

    /// <summary>Blocks of a task.</summary>
    public int Blocks => (Images * TileRows + BlockRows - 1) / BlockRows;

    /// <summary>
    /// Distance of positions: an odd number of cache lines, so that they do not share cache sets.
    /// </summary>
    public nint Position(int channels) =>
        (((nint)BlockRows * TileColumns * channels + 15) / 16 | 1) * 16;

    /// <summary>The block with this number.</summary>
    public WinogradBlock Block(int number) => new(
        this, number * BlockRows, Math.Min((number + 1) * BlockRows, Images * TileRows));

    private static int Whole(int taps) => Points + 1 - taps;

    private static int TilesOf(int size, int whole) => (size + whole - 1) / whole;

    private static int Edge(int size, int whole) =>
        size % whole == 0 ? whole : Math.Max(2, size % whole);
}

/// <summary>
/// A row of tiles: their outputs downwards, those of its last tile across, and where they lie in
/// their block.
/// </summary>
internal readonly record struct WinogradRow(
    int Taps, int Height, int FullColumns, int EdgeWidth, int Place, int EdgePlace)
{
    /// <summary>Points used downwards.</summary>
    public int Points => Height + Taps - 1;

    /// <summary>Points that the last tile uses across.</summary>
    public int EdgePoints => EdgeWidth + Taps - 1;
}

/// <summary>
/// Rows Start .. End - 1 of tiles, counted through the images of a task. Order of the tiles: those
/// less high, full ones, those less wide, those less in both.
/// </summary>
internal readonly record struct WinogradBlock(WinogradShape Shape, int Start, int End)
{
    private int LowRows => Shape.EdgeHeight == Shape.Out ? 0 : LowBefore(End);

    private int FullTiles => (End - Start) * Shape.FullColumns;

    /// <summary>Where the tiles of a row are.</summary>
    public WinogradRow Row(int row)
    {
        int low = Shape.EdgeHeight == Shape.Out ? 0 : LowBefore(row), high = row - Start - low;
        bool isLow = Shape.EdgeHeight < Shape.Out && row % Shape.TileRows == Shape.TileRows - 1;
        return new WinogradRow(
            Shape.Taps, isLow ? Shape.EdgeHeight : Shape.Out, Shape.FullColumns, Shape.EdgeWidth,
            (isLow ? low : LowRows + high) * Shape.FullColumns,
            FullTiles + (isLow ? End - Start - LowRows + low : high));
    }

    /// <summary>The tiles that take part in the product of a position.</summary>
    public (int First, int Count) Tiles(int position)
    {
        int low = LowRows, wide = Shape.FullColumns;
        bool withLow = Uses(Shape.EdgeHeight, position / WinogradShape.Points);
        bool withNarrow = Uses(Shape.EdgeWidth, position % WinogradShape.Points);
        int first = withLow ? 0 : low * wide, end = FullTiles;
        if (withNarrow && wide < Shape.TileColumns) end += End - Start - (withLow ? 0 : low);
        return (first, end - first);
    }

    // Of the points in WinogradTransform's order, smaller tiles use the last 4 or the first 5.
    private bool Uses(int outputs, int point) => (outputs + Shape.Taps - 1) switch
    {
        4 => point >= 2,
        5 => point < 5,
        _ => true,
    };

    private int LowBefore(int row) => row / Shape.TileRows - Start / Shape.TileRows;
}
