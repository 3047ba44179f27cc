// Devices by number and name, and what is said where there is none.
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

public class DeviceTests
{
    [Fact]
    public void AGpuThatIsNotThereIsExplained()
    {
        int count = Kernels.Gpu.Gpu.Devices.Count;
        foreach (int number in (int[])[-1, count, 99])
            Assert.StartsWith($"gpu:{number}: ", Assert.Throws<EngineException>(
                () => Device.Gpu(number)).Message, StringComparison.Ordinal);
        if (count == 0)
            Assert.Equal("gpu:0: no GPU was found. Engine sees devices of CUDA (NVIDIA's driver) "
                + "and of OpenCL 2.0 or later; install the driver, or compute on the CPU.",
                Assert.Throws<EngineException>(() => Device.Named("gpu")).Message);
    }

    [Fact]
    public void NamesOfDevicesAreRead()
    {
        Assert.Same(Device.Cpu, Device.Named("cpu"));
        foreach (string wrong in (string[])["", "GPU", "gpu:", "gpu:-1", "gpu:x", "gpu: 1", "cuda"])
            Assert.Equal($"'{wrong}' is no device. Say cpu, gpu or gpu:N, as in gpu:0.",
                Assert.Throws<EngineException>(() => Device.Named(wrong)).Message);
    }
}
