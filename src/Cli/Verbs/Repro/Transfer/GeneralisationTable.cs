// The experiments of domain generalisation: each of four domains is left out in turn, and the
// others are learned from by joint training, MLDG or MAML. Rates, decays and numbers of steps are
// those that were best on kept examples of the sources.
using Engine.Data;

namespace Engine.Cli;

/// <summary>How several domains are learned from.</summary>
internal enum DomainMethod
{
    /// <summary>The mean loss of all domains: the control of the others.</summary>
    Joint,

    /// <summary>A step on some domains must help on another.</summary>
    Mldg,

    /// <summary>A start from which steps on one domain help on another.</summary>
    Maml,
}

/// <summary>How a training goes.</summary>
/// <param name="Steps">Steps of Adam.</param>
/// <param name="Rate">Its rate at the first step; it falls along a cosine.</param>
/// <param name="WeightDecay">Added to the gradient, times the weights.</param>
/// <param name="InnerRate">The rate of the inner step.</param>
internal sealed record DomainSettings(
    int Steps, double Rate, double WeightDecay, double InnerRate = 0)
{
    /// <summary>Examples of each domain in a step.</summary>
    public const int Batch = 32;

    /// <summary>Units of the hidden layer.</summary>
    public const int Hidden = 100;
}

/// <summary>An experiment.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Method">How it learns.</param>
/// <param name="Own">Its settings.</param>
/// <param name="Control">Those of joint training on the same data.</param>
/// <param name="Needs">The files that the folder of --data must hold.</param>
/// <param name="Domains">Reads the domains in that folder.</param>
internal sealed record GeneralisationExperiment(
    string Name, DomainMethod Method, DomainSettings Own, DomainSettings Control, string Needs,
    Func<string, LabelledSet[]> Domains)
{
    public string Paper => Method switch
    {
        DomainMethod.Mldg => "learning to generalise (Li et al., 2018)",
        DomainMethod.Maml => "MAML (Finn et al., 2017), from each domain to another",
        _ => "joint training on the sources (Gulrajani and Lopez-Paz, 2021)",
    };
}

internal static class GeneralisationTable
{
    private static readonly DomainSettings PacsJoint = new(800, 3e-3, 1e-4);
    private static readonly DomainSettings AmazonJoint = new(300, 1e-3, 1e-4);

    /// <summary>All experiments: two collections, three methods.</summary>
    public static IReadOnlyList<GeneralisationExperiment> All { get; } =
    [
        .. Of(
            "pacs", "pacs_mnet025_feat256_u8 and pacs32", VectorsTable.PacsDomains, PacsJoint,
            PacsJoint with { InnerRate = 0.1 }, PacsJoint with { InnerRate = 0.1 }),
        .. Of(
            "amazon", "amazon_books_train.svmlight.gz and its like", VectorsTable.AmazonDomains,
            AmazonJoint, AmazonJoint with { InnerRate = 0.1 },
            AmazonJoint with { InnerRate = 0.1 }),
    ];

    private static IEnumerable<GeneralisationExperiment> Of(
        string data, string needs, Func<string, LabelledSet[]> domains, DomainSettings joint,
        DomainSettings mldg, DomainSettings maml) =>
    [
        new($"{data}-joint", DomainMethod.Joint, joint, joint, needs, domains),
        new($"{data}-mldg", DomainMethod.Mldg, mldg, joint, needs, domains),
        new($"{data}-maml", DomainMethod.Maml, maml, joint, needs, domains),
    ];
}
