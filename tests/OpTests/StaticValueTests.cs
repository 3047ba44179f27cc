// Which plain values a compiled call takes, which are the same, and what asking costs.
using System.Collections;
using System.Collections.Immutable;

namespace Engine.OpTests;

public class StaticValueTests
{
    private static readonly Tensor X = Tensor.From([0.5, -0.6, 0.7, 0.8]);

    [Fact]
    public void CollectionsThatEqualThemselvesByContentAreValuesWhereverTheyStand()
    {
        Assert.Equal(2, Traces<Span>(new(1, 3), new(1, 3), new(1, 4)));
        Assert.Equal(2, Traces<object>(new Span(1, 3), new Span(1, 3), new Span(1, 4)));
        Assert.Equal(2, Traces<IEnumerable>(
            new Step(1, 3, 1), new Step(1, 3, 1), new Step(1, 3, 2)));
        Assert.Equal(2, Traces<(int, Span)>((1, new(1, 3)), (1, new(1, 3)), (1, new(1, 4))));
        Assert.Equal(2, Traces<ImmutableArray<Span>>([new(1, 3)], [new(1, 3)], [new(1, 4)]));
        Assert.Equal(2, Traces<Held>(new(X, new(1, 3)), new(X, new(1, 3)), new(X, new(1, 4))));

        // Of a thing that it is.
        Assert.Equal(2, Traces<Plain>(new Derived(1), new Derived(1), new Derived(2)));
        // Of itself, but by the array that it is in.
        Assert.StartsWith("Compile: an argument is a ArraySegment<Int32>, whose content may change "
            + "unseen.", Assert.Throws<EngineException>(
                () => Traces(new ArraySegment<int>([1, 2]))).Message);
    }

    [Fact]
    public void ImmutableArraysThatWereNeverSetAreValues()
    {
        Assert.Equal(2, Traces<ImmutableArray<int>>(default, default, []));
        Assert.Equal(2, Traces<ImmutableArray<string>>([], default, []));
        Assert.Equal(2, Traces<ImmutableArray<ImmutableArray<int>>>([default], [default], [[]]));
        Assert.Equal(1, Traces<ImmutableArray<Span>?>(default(ImmutableArray<Span>)));

        var compiled = Compile.Of((Tensor x, ImmutableArray<Half> _) => x + 1);
        compiled(X, default);
        compiled(X, [(Half)1]);
        Assert.Equal("argument 1 = default became [1]", Compile.Explain(compiled).Traces[1].Change);
        var derivative = Grad.Of((Tensor x, ImmutableArray<int> _) => x.Sum());
        Assert.Equal(1.0, derivative(X, default)[0].Item());
    }

    [Fact]
    public void ReplaysDoNotCheckWhatTheTraceHasChecked()
    {
        int looks = 0;
        var compiled = Compile.Of((Held held) => held.Weight + 1);
        for (int i = 0; i < 3; i++) compiled(new(X, new(1, 3) { Seen = () => looks++ }));
        Assert.Equal(1, looks);
        Assert.Equal(2, Compile.Explain(compiled).Hits);
    }

    [Fact]
    public void ReplaysDoNotBoxTheNumbersOfImmutableArrays()
    {
        const int count = 10_000;
        Assert.InRange(Bytes(Enumerable.Range(0, count)), 0, count);
        Assert.InRange(Bytes(Enumerable.Repeat(1L, count)), 0, count);
        Assert.InRange(Bytes(Enumerable.Repeat(1f, count)), 0, count);
        Assert.InRange(Bytes(Enumerable.Repeat(1.0, count)), 0, count);

        static long Bytes<T>(IEnumerable<T> items)
        {
            Tensor x = Tensor.Scalar(1.0);
            var compiled = Compile.Of((Tensor x, ImmutableArray<T> _) => x + 1);
            ImmutableArray<T> a = [.. items], b = [.. items];
            compiled(x, a);
            compiled(x, b);
            long before = GC.GetAllocatedBytesForCurrentThread();
            compiled(x, b);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(2, Compile.Explain(compiled).Hits);
            return bytes;
        }
    }

    [Fact]
    public void WalksOfArraysDoNotWriteTheirNamesAnew()
    {
        Tensor[] three = [X, X, X];
        List<string> first = Walk(), second = Walk();
        Assert.Equal(["Length", "0", "1", "2", "Item2.Length", "Item2.0", "Item2.1", "Item2.2"],
            first);
        for (int i = 0; i < first.Count; i++) Assert.Same(first[i], second[i]);
        Assert.Equal("Item1.99", Structure.Paths((Enumerable.Repeat(X, 100).ToArray(), X))[99]);

        List<string> Walk()
        {
            var names = new Names();
            Structure.Map(three, names);
            Structure.Map((X, three), names);
            names.Seen.Remove("Item1");
            return names.Seen;
        }
    }

    [Fact]
    public void TheLastTraceMayBeMadeByAnotherThread()
    {
        Tensor scale = X;
        Action? meanwhile = null;
        var compiled = Compile.Of((Tensor x, int _) =>
        {
            Interlocked.Exchange(ref meanwhile, null)?.Invoke();
            return x * scale;
        });
        for (int i = 1; i <= 7; i++) compiled(X, i);
        // A signature that was inlined runs the function before it is traced.
        Grad.Of((Tensor s) =>
        {
            scale = s;
            return compiled(X, 8).Sum();
        })(X);
        scale = X;
        meanwhile = () =>
        {
            var other = new Thread(() => compiled(X, 8));
            other.Start();
            other.Join();
        };
        Assert.Equal(0.25, compiled(X, 8)[0].Item());
        Assert.Null(meanwhile);
        Explanation explanation = Compile.Explain(compiled);
        Assert.Equal(8, explanation.Traces.Length);
        Assert.Equal(1, explanation.Hits);
    }

    private static int Traces<S>(params S[] values)
    {
        var compiled = Compile.Of((Tensor x, S _) => x + 1);
        foreach (S value in values) compiled(X, value);
        return Compile.Explain(compiled).Traces.Length;
    }

    private sealed class Names : TreeMap
    {
        public List<string> Seen { get; } = [];

        public override Tensor Leaf(string name, Tensor value)
        {
            Seen.Add(name);
            return value;
        }

        public override void Static<T>(string name, T value) => Seen.Add(name);
    }

    /// <summary>A collection that is a value.</summary>
    private record Span(int From, int To) : IEnumerable<int>
    {
        public Action Seen { get; init; } = () => { };

        public virtual bool Equals(Span? other) => other is not null
            && (EqualityContract, From, To) == (other.EqualityContract, other.From, other.To);

        public override int GetHashCode() => HashCode.Combine(From, To);

        public IEnumerator<int> GetEnumerator()
        {
            Seen();
            return Enumerable.Range(From, To - From).GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed record Step(int From, int To, int By) : Span(From, To);

    private class Plain(int size) : IEnumerable, IEquatable<Plain>
    {
        private readonly int size = size;

        public bool Equals(Plain? other) => other?.size == size;

        public override bool Equals(object? obj) => Equals(obj as Plain);

        public override int GetHashCode() => size;

        public IEnumerator GetEnumerator() => Enumerable.Range(0, size).GetEnumerator();
    }

    private sealed class Derived(int size) : Plain(size);

    private sealed record Held(Tensor Weight, Span Span) : ITree
    {
        public ITree Rebuild(TreeMap map)
        {
            map.Static(nameof(Span), Span);
            return this with { Weight = map.Leaf(nameof(Weight), Weight) };
        }
    }
}
