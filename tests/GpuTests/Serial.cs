// All tests share one device, with one count of launches and one note of a wrong index, so they run
// one after another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
