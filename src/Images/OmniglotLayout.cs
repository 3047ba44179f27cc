// Omniglot (Lake, Salakhutdinov and Tenenbaum, 2015) as published: images_background to train on and
// images_evaluation to test on, in each of them ALPHABET/characterNN/*.png, 105 x 105, black ink.
// Few-shot papers since Vinyals et al. (2016) shrink them to 28 x 28 with ink = 1.
using Engine.Data;

namespace Engine.Images;

internal static class OmniglotLayout
{
    private static readonly ImageOptions AsPapersDo =
        new() { Size = 28, Filter = ImageFilter.Lanczos, Grey = true, Invert = true };

    /// <summary>
    /// The layout of a folder that holds one of the two, or is one; null if it does not.
    /// </summary>
    public static Layout? Find(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        string? Named(string part) => name == part ? folder : Folders.Find(folder, part);
        var background = Named("images_background");
        var evaluation = Named("images_evaluation");
        LayoutClass[] classes =
        [
            .. background is null ? [] : ClassFolders.In(background, SplitPart.Train),
            .. evaluation is null ? [] : ClassFolders.In(evaluation, SplitPart.Test),
        ];
        return classes.Length == 0 ? null : new Layout([.. classes], AsPapersDo);
    }
}
