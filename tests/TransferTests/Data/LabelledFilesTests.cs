// Labelled sets in IDX files: images, vectors, domains, names, and files that are wrong.
using Engine.Data;

namespace Engine.Tests.Data;

public sealed class LabelledFilesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-labelled-").FullName;

    private string Stem => Path.Combine(folder, "set");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Write(string ending, int[] sizes, params byte[] values) =>
        File.WriteAllBytes(Stem + ending, IdxSamples.Gzip(IdxSamples.Make(8, sizes, values)));

    /// <summary>Four vectors of two, of two classes and two domains.</summary>
    private void WriteVectors()
    {
        Write("-images.idx.gz", [4, 2], 0, 1, 2, 3, 4, 5, 6, 200);
        Write("-labels.idx.gz", [4], 0, 1, 1, 0);
        Write("-domains.idx.gz", [4], 0, 0, 1, 1);
        File.WriteAllLines(Stem + "-names.txt", ["domains: art photo", "classes: dog horse"]);
    }

    [Fact]
    public void OneDomainOfASetOfVectors()
    {
        WriteVectors();
        Assert.Equal(["art", "photo"], LabelledFiles.Domains(Stem).ToArray());
        LabelledSet photo = LabelledFiles.Load(Stem, "photo");
        Assert.Equal("set photo: 2 examples of (2) in 2 classes", $"{photo}");
        Assert.Equal(["dog", "horse"], photo.Classes.ToArray());
        Assert.Equal([1, 0], photo.Labels.ToArray());
        Assert.Equal([4f, 5, 6, 200], photo.All().X.ToArray<float>());
        Assert.Equal(4, LabelledFiles.Load(Stem).Count);
    }

    [Fact]
    public void DomainsStandBesideLabelsWhateverTheFoldersName()
    {
        WriteVectors();
        string place = Path.Combine(folder, "my-labels");
        Directory.CreateDirectory(place);
        foreach (string file in Directory.GetFiles(folder))
            File.Move(file, Path.Combine(place, Path.GetFileName(file)));
        Assert.Equal(2, LabelledFiles.Load(Path.Combine(place, "set"), "photo").Count);
    }

    [Fact]
    public void ImagesWithChannelsLastAreTurned()
    {
        Write("-images.idx.gz", [2, 5, 1, 2], [.. Enumerable.Range(0, 20).Select(i => (byte)i)]);
        Write("-labels.idx.gz", [2], 0, 1);
        LabelledSet set = LabelledFiles.Load(Stem, divisor: 1);
        Assert.Equal("(2, 5, 1)", $"{set.Shape}");
        Assert.Equal(
            [10f, 12, 14, 16, 18, 11, 13, 15, 17, 19], set.Rows([1]).All().X.ToArray<float>());
        Assert.Equal(["0", "1"], set.Classes.ToArray());
    }

    [Fact]
    public void FeaturesTakeLabelsAndDomainsOfTheirImages()
    {
        WriteVectors();
        string features = Path.Combine(folder, "features");
        File.WriteAllBytes(features + "-images.idx.gz", IdxSamples.Gzip(
            IdxSamples.Make(8, [4, 1], [10, 20, 30, 40])));
        LabelledSet art = LabelledFiles.Load(features, "art", labelsOf: Stem, divisor: 10);
        Assert.Equal([1f, 2], art.All().X.ToArray<float>());
        Assert.Equal([0, 1], art.Labels.ToArray());
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        WriteVectors();
        Refused($"{Stem}: has no domain 'sketch'; choose one of art, photo.", "sketch");
        Write("-domains.idx.gz", [4], 0, 0, 2, 1);
        Refused($"{Stem}-domains.idx.gz: domain 2 of example 2 has no name; domains are 0 to 1.",
            "art");
        Write("-domains.idx.gz", [3], 0, 0, 1);
        Refused($"{Stem}-domains.idx.gz: 4 images need 4 domains, but this is uint8 (3).", "art");
        File.Delete(Stem + "-domains.idx.gz");
        Refused($"{Stem}: has no domains; they would be in {Stem}-domains.idx.gz. Name no domain.",
            "art");
        Write("-labels.idx.gz", [4], 1, 1, 1, 1);
        Refused($"{Stem}-labels.idx.gz: every example is of class 'horse' in set; give examples of "
            + "at least two classes.");
        Write("-labels.idx.gz", [4], 1, 2, 1, 0);
        Refused("set: label 2 of example 1 has no name; with the names of 2 classes, labels are 0 "
            + "to 1.");
        File.Delete(Stem + "-names.txt");
        Write("-labels.idx.gz", [4], 1, 9, 1, 0);
        Refused($"{Stem}-labels.idx.gz: 9 is not the number of a class or domain of 4 examples; "
            + "number them from 0 on.");
    }

    [Fact]
    public void ACutOrEmptyFileIsRefused()
    {
        WriteVectors();
        byte[] whole = IdxSamples.Make(8, [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
        File.WriteAllBytes(Stem + "-images.idx.gz", whole[..^3]);
        Refused($"{Stem}-images.idx.gz: cut short: needs 8 bytes after the header, has 5; fetch "
            + "the file again.");
        File.WriteAllBytes(Stem + "-images.idx.gz", []);
        Refused($"{Stem}-images.idx.gz: not an IDX file: it has 0 bytes, and the header alone has "
            + "8 or more.");
        Write("-images.idx.gz", [0, 2]);
        Write("-labels.idx.gz", [0]);
        Refused($"{Stem}-images.idx.gz: holds no values: it is uint8 (0, 2).");
    }

    [DataFact("pacs32-images.idx.gz")]
    public void PacsAndItsFeaturesAreReadByDomain()
    {
        string images = DataFactAttribute.Find("pacs32-images.idx.gz")!;
        string stem = images[..^"-images.idx.gz".Length];
        Assert.Equal(
            ["art_painting", "cartoon", "photo", "sketch"], LabelledFiles.Domains(stem).ToArray());
        LabelledSet photo = LabelledFiles.Load(stem, "photo");
        Assert.Equal("pacs32 photo: 1670 examples of (3, 32, 32) in 7 classes", $"{photo}");
        LabelledSet features = LabelledFiles.Load(
            Path.Combine(Path.GetDirectoryName(stem)!, "pacs_mnet025_feat256_u8"), "photo",
            labelsOf: stem, divisor: 255 / 6f);
        Assert.Equal("(256)", $"{features.Shape}");
        Assert.Equal(photo.Labels.ToArray(), features.Labels.ToArray());
    }

    [DataFact("officecaltech_surf800-images.idx.gz")]
    public void OfficeCaltechIsReadByDomain()
    {
        string images = DataFactAttribute.Find("officecaltech_surf800-images.idx.gz")!;
        string stem = images[..^"-images.idx.gz".Length];
        Assert.Equal(
            [958, 1123, 157, 295],
            LabelledFiles.Domains(stem).Select(d => LabelledFiles.Load(stem, d).Count));
    }

    private void Refused(string message, string? domain = null) => Assert.Equal(
        message,
        Assert.Throws<DataException>(() => LabelledFiles.Load(Stem, domain)).Message);
}
