// Devices by name, for programs and for the command: cpu, gpu, gpu:1.
using System.Globalization;

namespace Engine.Kernels.Gpu;

/// <summary>GPUs as devices of tensors.</summary>
public static class GpuDevice
{
    private static readonly Dictionary<int, Device> Known = [];

    extension(Device)
    {
        /// <summary>GPU <paramref name="number"/>, counted from 0.</summary>
        /// <exception cref="EngineException">There is no such GPU.</exception>
        public static Device Gpu(int number = 0)
        {
            lock (Known)
                return Known.TryGetValue(number, out Device? known) ? known
                    : Known[number] = new(Kernels.Gpu.Gpu.Backend(number));
        }

        /// <summary>The device of a name: cpu, gpu (the first) or gpu:N.</summary>
        /// <exception cref="EngineException">
        /// It is no such name, or there is no such GPU.
        /// </exception>
        public static Device Named(string name)
        {
            ArgumentNullException.ThrowIfNull(name);
            if (name == "cpu") return Device.Cpu;
            if (name == "gpu") return Device.Gpu(0);
            if (name.StartsWith("gpu:", StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture,
                    out int number))
                return Device.Gpu(number);
            throw new EngineException(
                $"'{name}' is no device. Say cpu, gpu or gpu:N, as in gpu:0.");
        }
    }
}
