// Images beside what was made of them: a row for each class, a column for each image, one below the
// other what it was and what became of it.
using System.Text;

namespace Engine.Cli;

/// <summary>Images of one size with all that was made of each.</summary>
/// <param name="Title">What they show.</param>
/// <param name="Caption">What stands below what.</param>
/// <param name="Channels">1 (ink: 1 is dark) or 3 (red, green, blue).</param>
/// <param name="Size">Rows and columns.</param>
/// <param name="Rows">
/// By class: its name, and for each image its stages, which are channels x size x size values of 0
/// to 1.
/// </param>
internal sealed record Pictures(
    string Title, string Caption, int Channels, int Size,
    IReadOnlyList<(string Class, IReadOnlyList<float[][]> Images)> Rows);

internal static class PictureSection
{
    public static void Append(StringBuilder page, Pictures pictures)
    {
        page.Append($"<section>\n<h2>{HtmlReport.Text(pictures.Title)}</h2>\n"
            + $"<p class=\"caption\">{HtmlReport.Text(pictures.Caption)}</p>\n"
            + "<table class=\"episode\">\n<tbody>\n");
        foreach (var (name, images) in pictures.Rows)
        {
            page.Append($"<tr><th>{HtmlReport.Text(name)}</th><td>");
            foreach (float[][] stages in images)
            {
                page.Append("<figure>");
                foreach (float[] stage in stages)
                {
                    string uri = Png.DataUri(
                        stage, pictures.Channels, pictures.Size, pictures.Size);
                    page.Append($"<img src=\"{uri}\" alt=\"{HtmlReport.Text(name)}\"/>");
                }

                page.Append("</figure>");
            }

            page.Append("</td></tr>\n");
        }

        page.Append("</tbody>\n</table>\n</section>\n");
    }
}
