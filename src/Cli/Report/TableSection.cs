// Tables: of texts, and of how often each class is taken for each.
using System.Globalization;
using System.Text;

namespace Engine.Cli;

/// <summary>A table of texts; the first of each row says what the row is of.</summary>
internal sealed record TextTable(
    string Title, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>
/// How many samples of each class (row) were taken for each class (column): a confusion matrix.
/// </summary>
internal sealed record Matrix(string Title, IReadOnlyList<string> Classes, int[,] Counts);

internal static class TableSection
{
    /// <summary>More classes than that do not fit on a page.</summary>
    private const int MostClasses = 40;

    public static void Append(StringBuilder page, TextTable table)
    {
        page.Append($"<section>\n<h2>{HtmlReport.Text(table.Title)}</h2>\n"
            + "<div class=\"chart\"><table class=\"numbers\">\n");
        Head(page, table.Header);
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            page.Append($"<tr><th>{HtmlReport.Text(row[0])}</th>");
            foreach (string cell in row.Skip(1)) page.Append($"<td>{HtmlReport.Text(cell)}</td>");
            page.Append("</tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n</section>\n");
    }

    public static void Append(StringBuilder page, Matrix matrix)
    {
        int classes = matrix.Classes.Count;
        page.Append($"<section>\n<h2>{HtmlReport.Text(matrix.Title)}</h2>\n");
        if (classes > MostClasses)
        {
            page.Append($"<p>{classes} classes are too many to show.</p>\n</section>\n");
            return;
        }

        page.Append("<div class=\"chart\"><table class=\"numbers matrix\">\n");
        Head(page, ["is \\ taken for", .. matrix.Classes]);
        for (int of = 0; of < classes; of++)
        {
            int all = Enumerable.Range(0, classes).Sum(taken => matrix.Counts[of, taken]);
            page.Append($"<tr><th>{HtmlReport.Text(matrix.Classes[of])}</th>");
            for (int taken = 0; taken < classes; taken++)
            {
                int count = matrix.Counts[of, taken];
                string share = (100.0 * count / Math.Max(1, all))
                    .ToString("0", CultureInfo.InvariantCulture);
                page.Append($"<td class=\"{(of == taken ? "right" : "confused")}\" "
                    + $"style=\"--share:{share}%\">{count}</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n<p class=\"caption\">Numbers of examples; the "
            + "darker, the larger the share of the row.</p>\n</section>\n");
    }

    private static void Head(StringBuilder page, IEnumerable<string> names)
    {
        page.Append("<thead><tr>");
        foreach (string name in names) page.Append($"<th>{HtmlReport.Text(name)}</th>");
        page.Append("</tr></thead>\n<tbody>\n");
    }
}
