// One episode as pictures: a row for each class, support images on the left, query images with what
// was predicted for them on the right. Right and wrong are told by words too, not by colour alone.
using System.Text;

namespace Engine.Cli;

internal static class EpisodeSection
{
    public static void Append(StringBuilder page, ExampleEpisode episode)
    {
        int right = episode.Query.Count(q => q.Predicted == q.Label);
        page.Append($"""
            <section>
            <h2>An example episode</h2>
            <p class="caption">{right} of {episode.Query.Count} query images are recognised. Wrong
            ones are framed and name what was predicted instead.</p>
            <table class="episode">
            <thead><tr><th>class</th><th>support</th><th>query</th></tr></thead>
            <tbody>

            """);
        for (int label = 0; label < episode.Classes.Count; label++)
        {
            page.Append($"<tr><th>{label + 1}. {HtmlReport.Text(episode.Classes[label])}</th><td>");
            foreach (var image in episode.Support.Where(i => i.Label == label))
            {
                Picture(page, episode, image);
            }
            page.Append("</td><td>");
            foreach (var image in episode.Query.Where(i => i.Label == label))
            {
                Picture(page, episode, image);
            }
            page.Append("</td></tr>\n");
        }

        page.Append("</tbody>\n</table>\n</section>\n");
    }

    private static void Picture(StringBuilder page, ExampleEpisode episode, EpisodeImage image)
    {
        string truth = HtmlReport.Text(episode.Classes[image.Label]);
        bool wrong = image.Predicted is { } p && p != image.Label;
        string predicted = image.Predicted is { } q ? HtmlReport.Text(episode.Classes[q]) : "";
        string title = predicted.Length == 0 ? truth : $"{truth}, predicted {predicted}";
        string uri = Png.DataUri(image.Pixels, episode.Channels, episode.Height, episode.Width);
        string caption = wrong ? $"→ {image.Predicted + 1}." : image.Predicted is null ? "" : "✓";
        page.Append(
            $"<figure class=\"{(wrong ? "wrong" : "right")}\"><img src=\"{uri}\" alt=\"{title}\" "
            + $"title=\"{title}\"/>"
            + (caption.Length > 0 ? $"<figcaption>{caption}</figcaption>" : "") + "</figure>");
    }
}
