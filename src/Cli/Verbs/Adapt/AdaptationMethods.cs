// The methods that engine adapt knows: for each the program that makes it for a network.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What a method is run with, and told of.</summary>
internal interface IAdaptationRunner
{
    /// <summary>The method's run, with source examples weighted if weights are given.</summary>
    AdaptedRun Run<S, N>(Adaptation<S, N> method, IReadOnlyList<float>? weights = null)
        where S : ITree where N : IFeatureNetwork;
}

/// <summary>What a method is made of besides the network.</summary>
/// <param name="Sets">The domains.</param>
/// <param name="Options">What was asked for.</param>
/// <param name="Key">Randomness of critics and maps.</param>
internal sealed record AdaptationSetting(DomainSets Sets, AdaptOptions Options, Key Key)
{
    public Optimizer Adam(double rate, double beta1 = 0.9)
    {
        double first = Options.Rate ?? rate;
        return Optim.Adam(
            Schedule.Cosine(first, Options.Steps, first / 100), beta1: beta1,
            weightDecay: Options.WeightDecay ?? 0);
    }
}

/// <summary>The network trained on the source, with the source's statistics.</summary>
/// <param name="Model">The network.</param>
/// <param name="See">What it makes of a set.</param>
internal sealed record TrainedOnSource<N>(Adapted<N> Model, Func<LabelledSet, Outputs> See)
    where N : IFeatureNetwork;

/// <summary>A method by name.</summary>
internal sealed record AdaptationMethod(string Name, string Paper)
{
    /// <summary>Whether it has a term that weighs something.</summary>
    public bool HasWeight => Name is not ("none" or "mcd" or "adda" or "kmm" or "importance");
}

internal static class AdaptationMethods
{
    public const string Help = "Method: dan, jan, coral, dann, cdan, cdan+e, mcd, adda, "
        + "separation, im, dann+im, cdan+e+im, mcc, self-training, kmm or importance; none is the "
        + "control alone";

    private const double Rate = 1e-3;

    public static IReadOnlyList<AdaptationMethod> All { get; } =
    [
        new("none", "the source alone, read with the target's statistics (Li et al., 2017)"),
        new("dan", "maximum mean discrepancy of features (Long et al., 2015)"),
        new("jan", "joint discrepancy of features and predictions (Long et al., 2017)"),
        new("coral", "correlation alignment (Sun and Saenko, 2016)"),
        new("dann", "a critic of features, reversed (Ganin et al., 2016)"),
        new("cdan", "a critic of features and predictions (Long et al., 2018)"),
        new("cdan+e", "CDAN, weighted by certainty (Long et al., 2018)"),
        new("mcd", "maximum classifier discrepancy (Saito et al., 2018)"),
        new("adda", "an encoder of the target against a critic (Tzeng et al., 2017)"),
        new("separation", "shared and private codes (Bousmalis et al., 2016)"),
        new("im", "information maximisation (Liang et al., 2020)"),
        new("dann+im", "DANN and information maximisation"),
        new("cdan+e+im", "CDAN+E and information maximisation"),
        new("mcc", "minimum class confusion (Jin et al., 2020)"),
        new("self-training", "confident predictions as labels (Lee, 2013)"),
        new("kmm", "kernel mean matching of trained features (Huang et al., 2007)"),
        new("importance", "weights by a classifier of domains (Bickel et al., 2007)"),
    ];

    public static AdaptationMethod Find(string name) => All.FirstOrDefault(m => m.Name == name)
        ?? throw CliException.Use($"--method: '{name}' is wrong; give one of "
            + $"{string.Join(", ", All.Select(m => m.Name))}.");

    /// <summary>
    /// Makes the method for a network and runs it. Some methods begin with the network that was
    /// trained on the source.
    /// </summary>
    public static AdaptedRun Run<N>(
        AdaptationSetting at, N network, TrainedOnSource<N> trained, IAdaptationRunner runner)
        where N : IFeatureNetwork
    {
        int features = network.Head.Weight.Shape[1], classes = network.Head.Weight.Shape[0];
        double weight = at.Options.Weight;
        NormPolicy norm = at.Options.Norm;
        Term<Mlp> Dann() => Transfer.Dann.Term(at.Key, features, weight: weight);
        Term<Mlp> Cdan(bool byEntropy) => Transfer.Cdan.Term(
            at.Key, features, classes, byEntropy, weight: weight);
        Term<None> Information() => InformationMaximisation.Term(0.3 * weight);
        AdaptedRun ByTerm<A>(Term<A> term) where A : ITree =>
            runner.Run(Adapt.ByTerm(network, term, at.Adam(Rate), norm));
        AdaptedRun Weighted(Func<Tensor, Tensor, Tensor> weigh)
        {
            Tensor Features(LabelledSet set) => trained.See(set).Features;
            float[] weights = weigh(Features(at.Sets.Source), Features(at.Sets.Target))
                .ToArray<float>();
            return runner.Run(Adapt.Control(network, at.Adam(Rate), norm), weights);
        }

        return at.Options.Method switch
        {
            "dan" => ByTerm(Mmd.Term(weight)),
            "jan" => ByTerm(Jan.Term(weight)),
            "coral" => ByTerm(Coral.Term(100 * weight, weight)),
            "dann" => ByTerm(Dann()),
            "cdan" => ByTerm(Cdan(byEntropy: false)),
            "cdan+e" => ByTerm(Cdan(byEntropy: true)),
            "mcd" => runner.Run(Mcd.Create(
                network, at.Key, classes, at.Adam(2e-4), norm: norm)),
            "adda" => runner.Run(Adda.Create(
                trained.Model, at.Key, at.Adam(2e-4, beta1: 0.5), norm: norm)),
            "separation" => ByTerm(SeparationNetwork.Term(
                at.Key, features, at.Sets.Source.Size).Times(_ => Tensor.Scalar((float)weight))),
            "im" => ByTerm(Information()),
            "dann+im" => ByTerm(Dann().Plus(Information())),
            "cdan+e+im" => ByTerm(Cdan(byEntropy: true).Plus(Information())),
            "mcc" => ByTerm(Mcc.Term(weight)),
            "self-training" => ByTerm(SelfTraining.Term(weight)),
            "kmm" => Weighted((s, t) => Kmm.Weights(s, t)),
            "importance" => Weighted((s, t) => ImportanceWeights.Of(s, t)),
            var other => throw new InvalidOperationException(other),
        };
    }
}
