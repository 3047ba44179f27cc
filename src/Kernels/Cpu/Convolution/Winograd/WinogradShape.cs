// How Winograd's convolution cuts outputs into tiles and blocks. Tiles are 4 x 4, but for the last
// of a row or column, which are as small as what remains (2 or 3): a tile of m outputs needs m + 2
// of the 6 interpolation points, so small tiles take part in fewer of the 36 products. Within a
// block tiles are ordered such that those that take part in a product are neighbours.
namespace Engine.Kernels;

/// <summary>Sizes of a Winograd convolution over tasks of images.</summary>
internal readonly record struct WinogradShape(
    int Tasks, int Images, int Height, int Width, int OutHeight, int OutWidth, int Padding)
{
    // Transformed tiles and products of a block, and the filters of a position, stay in the
    // second-level cache.
    private const int TilesPerBlock = 48;
    private const int StagedTiles = 96;
    private const int StagedTilesPerPart = 16;

    public int TileRows => (OutHeight + 3) / 4;

    public int TileColumns => (OutWidth + 3) / 4;

    /// <summary>Outputs of the last tiles, downwards and across: 2 (or 1), 3 or 4.</summary>
    public int EdgeHeight => Edge(OutHeight);

    public int EdgeWidth => Edge(OutWidth);

    /// <summary>Tiles of a row that are 4 wide.</summary>
    public int FullColumns => EdgeWidth == 4 ? TileColumns : TileColumns - 1;

    /// <summary>Outputs of the highest tiles.</summary>
    public int MaxHeight => TileRows == 1 ? EdgeHeight : 4;

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

    /// <summary>Rows of tiles in a block: some 48 tiles, and enough blocks for threads.</summary>
    public int BlockRows
    {
        get
        {
            if (Staged) return Images * TileRows;
            int limit = Math.Max(1, Math.Min(
                TilesPerBlock / TileColumns, Tasks * Images * TileRows / 4));
            int blocks = (Images * TileRows + limit - 1) / limit;
            return (Images * TileRows + blocks - 1) / blocks;
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

    private static int Edge(int size) => size % 4 == 0 ? 4 : Math.Max(2, size % 4);
}

/// <summary>A row of tiles: their outputs downwards, and where they lie in their block.</summary>
internal readonly record struct WinogradRow(
    int Height, int FullColumns, int EdgeWidth, int Place, int EdgePlace);

/// <summary>
/// Rows Start .. End - 1 of tiles, counted through the images of a task. Order of the tiles: those
/// less high, full ones, those less wide, those less in both.
/// </summary>
internal readonly record struct WinogradBlock(WinogradShape Shape, int Start, int End)
{
    private int LowRows => Shape.EdgeHeight == 4 ? 0 : LowBefore(End);

    private int FullTiles => (End - Start) * Shape.FullColumns;

    /// <summary>Where the tiles of a row are.</summary>
    public WinogradRow Row(int row)
    {
        int low = Shape.EdgeHeight == 4 ? 0 : LowBefore(row), high = row - Start - low;
        bool isLow = Shape.EdgeHeight < 4 && row % Shape.TileRows == Shape.TileRows - 1;
        return new WinogradRow(
            isLow ? Shape.EdgeHeight : 4, Shape.FullColumns, Shape.EdgeWidth,
            (isLow ? low : LowRows + high) * Shape.FullColumns,
            FullTiles + (isLow ? End - Start - LowRows + low : high));
    }

    /// <summary>The tiles that take part in the product of a position.</summary>
    public (int First, int Count) Tiles(int position)
    {
        int low = LowRows, wide = Shape.FullColumns;
        bool withLow = Uses(Shape.EdgeHeight, position / 6);
        bool withNarrow = Uses(Shape.EdgeWidth, position % 6);
        int first = withLow ? 0 : low * wide, end = FullTiles;
        if (withNarrow && wide < Shape.TileColumns) end += End - Start - (withLow ? 0 : low);
        return (first, end - first);
    }

    // Of the points in WinogradTransform's order, tiles of 2 use the last 4, of 3 the first 5.
    private static bool Uses(int outputs, int point) => outputs switch
    {
        2 => point >= 2,
        3 => point < 5,
        _ => true,
    };

    private int LowBefore(int row) => row / Shape.TileRows - Start / Shape.TileRows;
}
