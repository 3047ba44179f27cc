#!/usr/bin/python3
"""The peer of the layer kernels, in PyTorch: LSTM cell, attention, GELU MLP, softmax and LeNet's
convolutions.

Prints one JSON line a kernel, whose times are in milliseconds. A call is a forward pass and the
gradients of parameters and inputs from a given cotangent (of convolutions one or the other); sizes
and biases are those of LayerKernels.cs and Kernel.cs, which measure the same work. --only chooses the kernels whose name contains a
word; --malloc-tuned lets the allocator keep freed memory, without which page faults cost most.
"""
import argparse
import json
import os
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--threads', type=int, default=1)
parser.add_argument('--only', default='')
parser.add_argument('--malloc-tuned', action='store_true')
parser.add_argument('--min-time', type=float, default=1.0, help='seconds a kernel, at least')
parser.add_argument('--min-reps', type=int, default=15, help='calls a kernel, at least')
args = parser.parse_args()

# The allocator and the thread pools read these once, at the start of the process.
settings = {name: str(args.threads) for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')}
if args.malloc_tuned:
    settings['MALLOC_MMAP_THRESHOLD_'] = settings['MALLOC_TRIM_THRESHOLD_'] = '4000000000'
if any(os.environ.get(name) != value for name, value in settings.items()):
    os.execve(sys.executable, [sys.executable] + sys.argv, {**os.environ, **settings})

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


def lstm_cell(batch=4096, inputs=64, hidden=128):
    cell = nn.LSTMCell(inputs, hidden)
    x = torch.randn(batch, inputs, requires_grad=True)
    h, c = (torch.randn(batch, hidden, requires_grad=True) for _ in range(2))
    gradients = torch.randn(batch, hidden), torch.randn(batch, hidden)
    return lambda: torch.autograd.grad(cell(x, (h, c)), (*cell.parameters(), x, h, c), gradients)


def attention(batch=16, length=128, features=256, heads=8):
    layer = nn.MultiheadAttention(features, heads, batch_first=True)
    x = torch.randn(batch, length, features, requires_grad=True)
    gradient = torch.randn(batch, length, features)

    def call():
        y, _ = layer(x, x, x, need_weights=False)
        return torch.autograd.grad(y, (*layer.parameters(), x), gradient)

    return call


def gelu_mlp(batch=1024, features=256, hidden=1024):
    first, second = nn.Linear(features, hidden), nn.Linear(hidden, features)
    x = torch.randn(batch, features, requires_grad=True)
    gradient = torch.randn(batch, features)
    wanted = *first.parameters(), *second.parameters(), x
    return lambda: torch.autograd.grad(second(F.gelu(first(x))), wanted, gradient)


def softmax(rows=4096, columns=1000):
    x = torch.randn(rows, columns, requires_grad=True)
    gradient = torch.randn(rows, columns)
    return lambda: torch.autograd.grad(torch.softmax(x, -1), x, gradient)


def convolution(images, channels, size, filters):
    def backward(of_images):
        layer = nn.Conv2d(channels, filters, 5)
        x = torch.randn(images, channels, size, size, requires_grad=of_images)
        y = layer(x)
        wanted = *layer.parameters(), *((x,) if of_images else ())
        gradient = torch.randn_like(y)
        return lambda: torch.autograd.grad(y, wanted, gradient, retain_graph=True)

    def forward():
        layer = nn.Conv2d(channels, filters, 5).requires_grad_(False)
        x = torch.randn(images, channels, size, size)
        return lambda: layer(x)

    tag = f'5x5_N{images}_C{channels}_{size}_K{filters}'
    return {
        f'conv2d_fwd_{tag}': forward,
        f'conv2d_bwd_x_w_b_{tag}': lambda: backward(True),
        f'conv2d_bwd_w_b_{tag}': lambda: backward(False),
    }


def measure(name, call):
    for _ in range(2):
        call()
    times = []
    start = time.perf_counter()
    while len(times) < args.min_reps or time.perf_counter() - start < args.min_time:
        before = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - before))
    low, median, high = statistics.quantiles(times, n=4)
    print(json.dumps({
        'case': name, 'threads': args.threads, 'median_ms': median, 'p25_ms': low, 'p75_ms': high,
        'n': len(times),
    }), flush=True)


KERNELS = {
    'lstm_cell_fwd_bwd_4096x64x128': lstm_cell,
    'attention_fwd_bwd_16x128x256_8': attention,
    'gelu_mlp_fwd_bwd_1024x256_1024_256': gelu_mlp,
    'softmax_fwd_bwd_4096x1000': softmax,
    **convolution(64, 1, 28, 20),
    **convolution(64, 20, 12, 50),
    **convolution(128, 1, 28, 20),
    **convolution(128, 20, 12, 50),
}

if __name__ == '__main__':
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    for kernel, prepare in KERNELS.items():
        if args.only in kernel:
            measure(kernel, prepare())
