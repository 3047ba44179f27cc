// An experiment of adaptation that engine repro knows: pairs of domains, a method and its settings.
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>A source and a target, drawn for a seed.</summary>
internal sealed record DomainPair(string Name, Func<long, DomainSets> Draw);

/// <summary>An experiment.</summary>
/// <param name="Name">What is typed.</param>
/// <param name="Options">The options of engine adapt that it trains by.</param>
/// <param name="Published">
/// The accuracy of the method's paper or of a survey, of this or a larger protocol, as a share;
/// null if there is none.
/// </param>
/// <param name="Needs">
/// The files that the folder of --data must hold; null if its data are embedded.
/// </param>
/// <param name="Pairs">
/// The pairs whose mean accuracy is the result, from options and the folder of data.
/// </param>
internal sealed record TransferExperiment(
    string Name, AdaptOptions Options, double? Published, string? Needs,
    Func<AdaptOptions, string, IReadOnlyList<DomainPair>> Pairs);
