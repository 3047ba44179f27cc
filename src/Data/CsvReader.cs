// Comma-separated values as RFC 4180 has them: fields in quotes may hold separators, line ends and
// doubled quotes. Each record knows where it began, so that an error can say line and column.
using System.Text;

namespace Engine.Data;

/// <summary>Reads records one after the other; the first one is the header.</summary>
internal sealed class CsvReader
{
    // Far beyond any real field: what reaches it lacks the quote that should have closed it.
    private const int LongestField = 1 << 20;

    private readonly string name;
    private readonly TextReader text;
    private readonly char separator;
    private readonly StringBuilder field = new();
    private readonly List<string> fields = [];
    private int nextLine = 1;

    /// <summary>A reader that has read the header.</summary>
    /// <exception cref="DataException">There is no header.</exception>
    public CsvReader(string name, TextReader text, char separator = ',')
    {
        (this.name, this.text, this.separator) = (name, text, separator);
        if (!ReadRecord())
        {
            throw new DataException(
                $"{name}: is empty; its first line should name the columns.");
        }

        Header = [.. fields.Select(column => column.Trim())];
    }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Header { get; }

    /// <summary>Line on which the current record begins, from 1 on.</summary>
    public int Line { get; private set; }

    /// <summary>Field of the current record by the number of its column, from 0 on.</summary>
    public string this[int column] => fields[column];

    /// <summary>Goes to the next record; false at the end. Empty lines are passed over.</summary>
    /// <exception cref="DataException">
    /// A record with more or fewer fields than the header, or a quote that is never closed.
    /// </exception>
    public bool Read()
    {
        if (!ReadRecord()) return false;
        if (fields.Count != Header.Count)
        {
            throw new DataException(
                $"{name}, line {Line}: {fields.Count} fields, but the header names "
                + $"{Header.Count}; check separators and quotes.");
        }

        return true;
    }

    /// <summary>The number of a column that must be there.</summary>
    /// <exception cref="DataException">No column has that name, or several have.</exception>
    public int Column(string column)
    {
        int[] found = [.. Enumerable.Range(0, Header.Count).Where(i => Header[i] == column)];
        if (found.Length == 1) return found[0];
        throw new DataException(
            $"{name}, line 1: {(found.Length == 0 ? "no column" : $"{found.Length} columns")} "
            + $"named '{column}'; the columns are {string.Join(", ", Header.Take(20))}"
            + (Header.Count > 20 ? " ..." : "."));
    }

    /// <summary>An error at a field of the current record.</summary>
    public DataException Error(int column, string what) => new(
        $"{name}, line {Line}, column {column + 1} ({Header[column]}): {what}");

    /// <summary>Fills the fields; false if nothing is left.</summary>
    private bool ReadRecord()
    {
        do
        {
            if (text.Peek() < 0) return false;
            fields.Clear();
            Line = nextLine;
            while (ReadField())
            {
            }
        }
        while (fields is [""]);
        return true;
    }

    /// <summary>Adds a field; true if the record has another one.</summary>
    private bool ReadField()
    {
        field.Clear();
        bool quoted = text.Peek() == '"';
        if (quoted) ReadQuoted();
        while (true)
        {
            int c = text.Read();
            if (c == '\r' && text.Peek() == '\n') continue;
            if (c == '\n') nextLine++;
            if (c < 0 || c == '\n' || c == separator)
            {
                fields.Add(field.ToString());
                return c == separator;
            }

            if (quoted && !char.IsWhiteSpace((char)c))
            {
                throw Damaged("text follows a closing quote; double a quote that is part of a "
                    + "field.");
            }

            if (!quoted) Append(c);
        }
    }

    private void ReadQuoted()
    {
        text.Read();
        while (true)
        {
            int c = text.Read();
            if (c < 0) throw Damaged("a quote is never closed.");
            if (c == '\n') nextLine++;
            if (c != '"')
            {
                Append(c);
            }
            else if (text.Peek() == '"')
            {
                Append(text.Read());
            }
            else
            {
                return;
            }
        }
    }

    private void Append(int c)
    {
        if (field.Length == LongestField)
        {
            throw Damaged($"a field is longer than {LongestField} characters; is a quote not "
                + "closed?");
        }

        field.Append((char)c);
    }

    private DataException Damaged(string what) =>
        new($"{name}, line {Line}, column {fields.Count + 1}: {what}");
}
