#!/usr/bin/python3
"""The peer of the transfer steps, in PyTorch: LeNet, and LeNet against the critic of DANN.

Prints one JSON line, whose times are in milliseconds. A step is the forward pass, all gradients and
Adam; sizes are those of TransferCases.cs, which measures the same work. --channels-last takes the
memory format that some processors prefer; --malloc-tuned lets the allocator keep freed memory,
without which page faults cost most.
"""
import argparse
import json
import os
import resource
import statistics
import sys
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--case', required=True, choices=['lenet', 'dann'])
parser.add_argument('--threads', type=int, default=1)
parser.add_argument('--channels-last', action='store_true')
parser.add_argument('--malloc-tuned', action='store_true')
parser.add_argument('--min-time', type=float, default=2.0, help='seconds, at least')
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


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.hidden, self.head = nn.Linear(800, 500), nn.Linear(500, 10)

    def features(self, x):
        x = F.relu(F.max_pool2d(self.first(x), 2))
        x = F.relu(F.max_pool2d(self.second(x), 2))
        return F.relu(self.hidden(x.flatten(1)))


class Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.weight * gradient, None


def images():
    x = torch.rand(64, 1, 28, 28)
    return x.to(memory_format=torch.channels_last) if args.channels_last else x


def prepare():
    net = LeNet()
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    source, target, labels = images(), images(), torch.randint(10, (64,))
    critic = nn.Sequential(
        nn.Linear(500, 500), nn.ReLU(), nn.Linear(500, 500), nn.ReLU(), nn.Linear(500, 1))
    domains = torch.cat([torch.ones(64), torch.zeros(64)])
    models = [net, critic] if args.case == 'dann' else [net]
    adam = torch.optim.Adam([p for m in models for p in m.parameters()], lr=1e-3)

    def loss():
        if args.case == 'lenet':
            return F.cross_entropy(net.head(net.features(source)), labels)
        features = net.features(torch.cat([source, target]))
        told = critic(Reversal.apply(features, 0.9866)).squeeze(1)
        return (F.cross_entropy(net.head(features)[:64], labels)
                + F.binary_cross_entropy_with_logits(told, domains))

    def step():
        adam.zero_grad(set_to_none=True)
        loss().backward()
        adam.step()

    return step


if __name__ == '__main__':
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    step = prepare()
    for _ in range(5):
        step()
    times = []
    start = time.perf_counter()
    while len(times) < 15 or time.perf_counter() - start < args.min_time:
        before = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - before))
    low, median, high = statistics.quantiles(times, n=4)
    print(json.dumps({
        'case': args.case, 'threads': args.threads, 'median_ms': median, 'p25_ms': low,
        'p75_ms': high, 'n': len(times),
        'maxrss_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))
