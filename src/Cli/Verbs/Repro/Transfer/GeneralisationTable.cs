// The experiments of domain generalisation: each of four domains is left out in turn, and the
// others are learned from by joint training, MLDG or MAML.
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
/// <param name="Looks">How often the run is looked at to choose a model.</param>
internal sealed record DomainSettings(
    int Steps, double Rate, double WeightDecay, double InnerRate = 0, int Looks = 8)
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
    // Rates, decays and inner rates are the best of a small grid, each by its method's own accuracy
    // on kept examples of the sources.
    private static readonly DomainSettings PacsJoint = new(800, 3e-3, 1e-3);
    private static readonly DomainSettings PacsMeta = PacsJoint with { InnerRate = 0.03 };
    private static readonly DomainSettings AmazonJoint = new(150, 3e-3, 1e-4, Looks: 4);

    private static readonly DomainSettings AmazonMeta =
        new(150, 1e-3, 1e-4, InnerRate: 0.03, Looks: 4);

    /// <summary>All experiments: two collections, three methods.</summary>
    public static IReadOnlyList<GeneralisationExperiment> All { get; } =
    [
        .. Of(
            "pacs", "pacs_mnet025_feat256_u8 and pacs32", VectorsTable.PacsDomains, PacsJoint,
            PacsMeta),
        .. Of(
            "amazon", "amazon_books_train.svmlight.gz and its like", VectorsTable.AmazonDomains,
            AmazonJoint, AmazonMeta),
    ];

    private static IEnumerable<GeneralisationExperiment> Of(
        string data, string needs, Func<string, LabelledSet[]> domains, DomainSettings joint,
        DomainSettings meta) =>
    [
        new($"{data}-joint", DomainMethod.Joint, joint, joint, needs, domains),
        new($"{data}-mldg", DomainMethod.Mldg, meta, joint, needs, domains),
        new($"{data}-maml", DomainMethod.Maml, meta, joint, needs, domains),
    ];
}
