// Series from CSV: the three layouts, what real files hold, and errors that name line and column.
using System.IO.Compression;
using System.Text;
using Engine.Data;

namespace Engine.Tests.Data;

public class SeriesFilesTests
{
    private static readonly SeriesColumns Plain = new();

    private static SeriesSet Long(string text, SeriesColumns? columns = null) =>
        SeriesFiles.Long(new StringReader(text), "sales.csv", columns ?? Plain);

    [Fact]
    public void RowsOfTwoSeriesAreSortedByTime()
    {
        SeriesSet set = Long(
            """"
            time,id,value,kind,unit
            10,"wine, red",3.5,drink,litres
            2,"wine, red",1e1,drink,litres
            9,"a ""b""",-1,food,kg

            2,"a ""b""",NA,food,kg
            """",
            new() { Family = "kind", Unit = "unit" });
        Assert.Equal("sales", set.Name);
        Assert.Equal(["wine, red", "a \"b\""], set.Series.Select(s => s.Id));
        Assert.Equal(["drink", "food"], set.Families);
        Assert.Equal(["2", "10"], set.Series[0].Times.ToArray());
        Assert.Equal([10, 3.5], set.Series[0].Values.ToArray());
        Assert.Equal([double.NaN, -1], set.Series[1].Values.ToArray());
        Assert.Equal("a \"b\" (food): 2 values in kg, 1 missing", $"{set.Series[1]}");
    }

    [Theory]
    [InlineData("2006-02-01", "2005-12-01", true)]
    [InlineData("Feb 1 2006", "Dec 1 2005", true)]
    [InlineData("2006-02-01 10:00", "2006-02-01 09:30", true)]
    [InlineData("02/01/2006", "01/12/2005", false)] // two readings, so neither
    [InlineData("week 2", "week 1", false)]
    public void OnlyUnmistakableTimesAreSorted(string first, string second, bool sorted)
    {
        Series series = Long($"id,time,value\na,{first},1\na,{second},2\n").Series[0];
        Assert.Equal(sorted ? [2.0, 1] : [1.0, 2], series.Values.ToArray());
    }

    [Fact]
    public void WideFilesHaveSeriesInColumnsOrRows()
    {
        SeriesSet columns = SeriesFiles.SeriesInColumns(
            new StringReader("month;note;a;b\n2000-02;x;2;.\n2000-01;y;1;3\n"), "w.csv.gz",
            new() { Time = "month", Ignore = ["note"], Separator = ';', CommonUnit = "t" });
        Assert.Equal("w", columns.Name);
        Assert.Equal(["a", "b"], columns.Series.Select(s => s.Id));
        Assert.Equal([1, 2], columns.Series[0].Values.ToArray());
        Assert.Equal([3, double.NaN], columns.Series[1].Values.ToArray());
        Assert.All(columns.Series, s => Assert.Equal(("w", "t"), (s.Family, s.Unit)));

        SeriesSet rows = SeriesFiles.SeriesInRows(
            new StringReader("id,kind,V1,V2,V3\nY1,micro,1,2,3\nY2,macro,4,,\nY3,macro,5,,6\n"),
            "m.csv", new() { Family = "kind" });
        Assert.Equal([1, 2, 3], rows.Series[0].Values.ToArray());
        Assert.Equal([4], rows.Series[1].Values.ToArray()); // filled up with empty fields
        Assert.Equal([5, double.NaN, 6], rows.Series[2].Values.ToArray());
        Assert.Equal(["V1", "V2", "V3"], rows.Series[2].Times.ToArray());
        Assert.Equal("macro", rows.Series[2].Family);
    }

    [Theory]
    [InlineData(true, "time,a,a\n1,2,3\n", "line 1, column 3 (a): a second series 'a'.")]
    [InlineData(true, "time,a,\n1,2,3\n", "line 1, column 3 (): the name of a series is missing.")]
    [InlineData(false, "id,V1\na,2\na,3\n", "line 3, column 1 (id): a second series 'a'.")]
    [InlineData(false, "id,V1\na,2\n ,3\n",
        "line 3, column 1 (id): the name of a series is missing.")]
    public void WideFilesNameEverySeriesOnce(bool inColumns, string text, string expected) =>
        Assert.Equal("w.csv, " + expected, Assert.Throws<DataException>(() => inColumns
            ? SeriesFiles.SeriesInColumns(new StringReader(text), "w.csv", new())
            : SeriesFiles.SeriesInRows(new StringReader(text), "w.csv", new())).Message);

    [Fact]
    public void GapsAreFilledFromThePast()
    {
        Series filled = new Series(
            "a", "", "", ["1", "2", "3", "4"], [double.NaN, 5, double.NaN, 7]).Filled();
        Assert.Equal([5, 5, 7], filled.Values.ToArray());
        Assert.Equal(["2", "3", "4"], filled.Times.ToArray());
    }

    [Theory]
    [InlineData("", "sales.csv: is empty; its first line should name the columns.")]
    [InlineData("id,time\n", "sales.csv, line 1: no column named 'value'; the columns are id, "
        + "time.")]
    [InlineData("id,time,value,id\n", "sales.csv, line 1: 2 columns named 'id'; the columns are "
        + "id, time, value, id.")]
    [InlineData("id,time,value\na,1,2\na,2,x\n", "sales.csv, line 3, column 3 (value): 'x' is not "
        + "a number; a missing value is one of '', '.', 'NA', 'N/A', 'NaN', 'nan', 'null'.")]
    [InlineData("id,time,value\na,1,Infinity\n", "sales.csv, line 2, column 3 (value): 'Infinity' "
        + "is not a number")]
    [InlineData("id,time,value\n\"a\nb\",1,2\na,2\n", "sales.csv, line 4: 2 fields, but the header "
        + "names 3; check separators and quotes.")]
    [InlineData("id,time,value\na,1,2\na,1,3\n", "sales.csv, line 3, column 2 (time): series 'a' "
        + "has a second value at 1.")]
    [InlineData("id,time,value\na,,2\n", "sales.csv, line 2, column 2 (time): the time is missing.")]
    [InlineData("id,time,value\n,1,2\n", "sales.csv, line 2, column 1 (id): the name of a series "
        + "is missing.")]
    [InlineData("id,time,value\na,1,\"2\n", "sales.csv, line 2, column 3: a quote is never closed.")]
    [InlineData("id,time,value\na,\"1\"2,3\n", "sales.csv, line 2, column 2: text follows a "
        + "closing quote; double a quote that is part of a field.")]
    [InlineData("id,time,value\n", "sales.csv: holds no values; check the columns.")]
    public void WhatIsWrongIsNamedWithItsPlace(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<DataException>(() => Long(text)).Message);

    [Fact]
    public void FamiliesAndUnitsDoNotChangeWithinASeries()
    {
        var columns = new SeriesColumns { Family = "kind", Unit = "unit" };
        string Error(string row) => Assert.Throws<DataException>(() => Long(
            $"id,time,value,kind,unit\na,1,2,x,kg\n{row}\n", columns)).Message;
        Assert.Equal("sales.csv, line 3, column 4 (kind): series 'a' is of the family 'x' above "
            + "and of 'y' here.", Error("a,2,2,y,kg"));
        Assert.Equal("sales.csv, line 3, column 5 (unit): series 'a' is in 'kg' above and in 'g' "
            + "here; convert the values.", Error("a,2,2,x,g"));
    }

    [Fact]
    public void FilesArePlainOrGzipAndErrorsNameThem()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            byte[] text = Encoding.UTF8.GetBytes("\uFEFFid,time,value\nä,1,2\n");
            string plain = Path.Combine(folder, "a.csv"), packed = Path.Combine(folder, "b.csv.gz");
            File.WriteAllBytes(plain, text);
            using (var gzip = new GZipStream(File.Create(packed), CompressionLevel.Optimal))
                gzip.Write(text);
            Assert.Equal("ä", SeriesFiles.Long(plain).Series[0].Id);
            Assert.Equal("b", SeriesFiles.Long(packed).Series[0].Family);

            string Error(string path) =>
                Assert.Throws<DataException>(() => SeriesFiles.Long(path)).Message;
            Assert.Equal($"{folder}: is a folder; give the path of a file.", Error(folder));
            Assert.Contains("no such file", Error(Path.Combine(folder, "none.csv")));
            byte[] whole = File.ReadAllBytes(packed);
            for (int length = 3; length < whole.Length; length++)
            {
                File.WriteAllBytes(packed, whole[..length]);
                Assert.Contains("b.csv.gz: the gzip data are corrupt or cut short", Error(packed));
            }

            File.WriteAllBytes(packed, [.. whole, .. whole[..^1], (byte)(whole[^1] ^ 1)]);
            Assert.Contains("corrupt", Error(packed));
            File.WriteAllBytes(plain, [.. "id,time,value\n"u8, 0xC3, 0x28]);
            Assert.Equal($"{plain}: is not UTF-8 text; convert it.", Error(plain));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void AnUnclosedQuoteDoesNotFillMemory()
    {
        string text = "id,time,value\na,1,\"" + new string('x', 3 << 20);
        Assert.Contains("is a quote not closed?",
            Assert.Throws<DataException>(() => Long(text)).Message);
    }

    [Fact]
    public void EmbeddedSeriesAreAsDescribed()
    {
        SeriesSet jobs = EmbeddedData.UsJobs;
        Assert.Equal("US jobs: 29 series of 2 families", $"{jobs}");
        Assert.Equal([15, 14], jobs.Families.Select(f => jobs.Series.Count(s => s.Family == f)));
        Assert.All(jobs.Series, s => Assert.Equal(0, s.Missing));
        Series construction = jobs.Series.First(s => s.Id == "construction");
        Assert.Equal(("2006-01", 7601.0), (construction.Times[0], construction.Values[0]));
        Assert.Equal(("2015-12", 6632.0), (construction.Times[^1], construction.Values[^1]));
        Assert.Equal(120, construction.Values.Length);
        Series farms = jobs.Series[^2];
        Assert.Equal(("agriculture", 154.0, 285.0), (farms.Id, farms.Values[0], farms.Values[^1]));
        Assert.Equal("thousands of persons", farms.Unit);
    }
}
