// Texts as vectors without a vocabulary: every n-gram of words and of characters is hashed to a
// place ("feature hashing", Weinberger et al., 2009). Nothing is learned from any text, so unseen
// classes bring nothing unknown, and nothing of a test set can leak.
using System.Globalization;
using System.Text;

namespace Engine.Data;

/// <summary>
/// Bags of hashed n-grams. A text is taken in lower case and cut into words of letters and digits.
/// Each n-gram that occurs c times adds 1 + ln c to its place, with a sign that is hashed too, so
/// that n-grams which share a place cancel in the mean. The vector has length 1.
/// </summary>
/// <param name="Length">Values in a vector.</param>
/// <param name="Words">Longest n-gram of words; 0 for none.</param>
/// <param name="ShortestCharacters">
/// Shortest n-gram of characters, which are taken within words with a space on either side.
/// </param>
/// <param name="LongestCharacters">Longest n-gram of characters; 0 for none.</param>
public sealed record HashedNgrams(
    int Length = 4096, int Words = 2, int ShortestCharacters = 3, int LongestCharacters = 5)
{
    /// <summary>The vector of a text; all zeros if it has no letter and no digit.</summary>
    /// <exception cref="ArgumentException">Numbers of which no n-grams can be made.</exception>
    public SparseVector Of(string text)
    {
        Check();
        string[] words = WordsOf(text);
        var counts = new Dictionary<ulong, int>();
        for (int first = 0; first < words.Length; first++)
        {
            for (int n = 1; n <= Words && first + n <= words.Length; n++)
                Count('w', string.Join(' ', words, first, n));
            string padded = $" {words[first]} ";
            for (int n = ShortestCharacters; n <= LongestCharacters; n++)
                for (int at = 0; at + n <= padded.Length; at++)
                    Count('c', padded.AsSpan(at, n));
        }

        return Vector(counts);

        void Count(char kind, ReadOnlySpan<char> ngram)
        {
            ulong hash = Hash(kind, ngram);
            counts[hash] = counts.GetValueOrDefault(hash) + 1;
        }
    }

    private SparseVector Vector(Dictionary<ulong, int> counts)
    {
        var places = new SortedDictionary<int, double>();
        foreach (var (hash, count) in counts)
        {
            int place = (int)((hash >> 1) % (ulong)Length);
            double weight = (1 + Math.Log(count)) * ((hash & 1) == 0 ? 1 : -1);
            places[place] = places.GetValueOrDefault(place) + weight;
        }

        double norm = Math.Sqrt(places.Values.Sum(v => v * v));
        if (norm == 0) return new([], []);
        return new([.. places.Keys], [.. places.Values.Select(v => (float)(v / norm))]);
    }

    /// <summary>Runs of letters, digits and marks, in lower case.</summary>
    private static string[] WordsOf(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (Rune rune in text.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            bool inWord = Rune.IsLetterOrDigit(rune)
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
                    or UnicodeCategory.SpacingCombiningMark;
            clean.Append(inWord ? Rune.ToLowerInvariant(rune).ToString() : " ");
        }

        return clean.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>
    /// FNV-1a over the UTF-16 code units, its bits mixed at the end: alone, its low bits hang on
    /// the last character.
    /// </summary>
    private static ulong Hash(char kind, ReadOnlySpan<char> text)
    {
        const ulong offset = 0xCBF29CE484222325, prime = 0x100000001B3;
        ulong hash = (offset ^ kind) * prime;
        foreach (char unit in text)
        {
            hash = (hash ^ (byte)unit) * prime;
            hash = (hash ^ (byte)(unit >> 8)) * prime;
        }

        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
        return hash ^ (hash >> 31);
    }

    private void Check()
    {
        bool characters = LongestCharacters > 0;
        if (Length < 1 || Words < 0 || LongestCharacters < 0 || (Words == 0 && !characters)
            || (characters && (ShortestCharacters < 1 || ShortestCharacters > LongestCharacters)))
        {
            throw new ArgumentException(
                $"{this}: give a length of at least 1, and n-grams of words, or of characters from "
                + "a shortest of at least 1 to a longest that is not shorter.");
        }
    }
}
