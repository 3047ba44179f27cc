// The networks that a run of engine adapt left in its folder, for verbs that go on with them.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What is done with a trained network, whatever its type.</summary>
internal interface IModelUse<out R>
{
    R With<N>(Adapted<N> model) where N : IFeatureNetwork;
}

/// <summary>Reads the networks of a run of engine adapt.</summary>
/// <param name="options">What the run was told.</param>
/// <param name="examples">Examples of the shape and classes of its source.</param>
internal sealed class AdaptModels(AdaptOptions options, LabelledSet examples)
{
    /// <summary>
    /// The model that the validator chose, read from its file: as it is used on the target, or on
    /// the source.
    /// </summary>
    /// <exception cref="EngineException">The file is of another network, or damaged.</exception>
    public R Chosen<R>(string file, IModelUse<R> use) => AdaptationNetworks.Use(
        options.Network, examples, Key.From(0), new ReadChosen<R>(options.Method, file, use));

    /// <summary>
    /// The network trained on the source alone, read from its file: by the target's normalisation
    /// statistics it is the control, by the source's it is "source only".
    /// </summary>
    /// <exception cref="EngineException">The file is of another network, or damaged.</exception>
    public R Trained<R>(string file, bool ofTarget, IModelUse<R> use) => AdaptationNetworks.Use(
        options.Network, examples, Key.From(0), new ReadTrained<R>(file, ofTarget, use));

    private sealed class ReadChosen<R>(string method, string file, IModelUse<R> use)
        : INetworkUse<R>
    {
        public R With<N>(N network) where N : IFeatureNetwork
        {
            if (method != "mcd")
                return Load(new Adapted<N>(network, NormStatistics.For(network)));
            var like = Mcd.Create(
                network, Key.From(0), network.Head.Weight.Shape[0], Optim.Adam(1e-3));
            return Load(like.Read(like.Start));
        }

        private R Load<N>(Adapted<N> like) where N : IFeatureNetwork =>
            use.With(SafeTensors.Load(file, like));
    }

    private sealed class ReadTrained<R>(string file, bool ofTarget, IModelUse<R> use)
        : INetworkUse<R>
    {
        public R With<N>(N network) where N : IFeatureNetwork
        {
            TermState<N, None> trained =
                SafeTensors.Load(file, Adapt.Control(network, Optim.Adam(1e-3)).Start);
            return use.With(new Adapted<N>(
                trained.Network, ofTarget ? trained.Target : trained.Source));
        }
    }
}
