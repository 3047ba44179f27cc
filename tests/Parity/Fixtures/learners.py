# Writes learners.npz beside this file: for each learner its parameters and, by PyTorch's autograd in
# float64, its meta-gradient on a batch of image tasks, named by the paths of Engine's trees, which
# PeerLearnerTests compares with. Each learner is written as in its paper, on plain tensors. Needs
# torch 1.13 or later; run it again only to add learners.
import os
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
arrays = {}
TASKS, WAYS, SHOTS, QUERIES, FILTERS, SIZE = 2, 3, 2, 2, 4, 16


def network():
    p = {}
    for i in range(4):
        channels = 1 if i == 0 else FILTERS
        p[f'Blocks.{i}.Convolution.Weight'] = torch.randn(FILTERS, channels, 3, 3) * 0.3
        p[f'Blocks.{i}.Convolution.Bias'] = torch.randn(FILTERS) * 0.1
        p[f'Blocks.{i}.Norm.Scale'] = 1 + torch.randn(FILTERS) * 0.1
        p[f'Blocks.{i}.Norm.Shift'] = torch.randn(FILTERS) * 0.1
    p['Head.Weight'] = torch.randn(WAYS, FILTERS) * 0.5
    p['Head.Bias'] = torch.randn(WAYS) * 0.1
    return p


def features(p, x):
    for i in range(4):
        x = F.conv2d(x, p[f'Blocks.{i}.Convolution.Weight'], p[f'Blocks.{i}.Convolution.Bias'], padding=1)
        x = F.batch_norm(x, None, None, p[f'Blocks.{i}.Norm.Scale'], p[f'Blocks.{i}.Norm.Shift'], training=True)
        x = F.max_pool2d(F.relu(x), 2)
    return x.flatten(1)


def head(p, f):
    return F.linear(f, p['Head.Weight'], p['Head.Bias'])


def forward(p, x):
    return head(p, features(p, x))


def step(p, loss, names, rate):
    """A gradient step of the named parameters; rate is a number or a function of names."""
    grads = torch.autograd.grad(loss, [p[n] for n in names], create_graph=True)
    rate_of = rate if callable(rate) else lambda name: rate
    return {**p, **{n: p[n] - rate_of(n) * g for n, g in zip(names, grads)}}


def maml(p, xs, ys, xq, yq):
    w = p
    for _ in range(2):
        w = step(w, F.cross_entropy(forward(w, xs), ys), list(p), 0.4)
    return F.cross_entropy(forward(w, xq), yq)


def anil(p, xs, ys, xq, yq):
    names, w = ['Head.Weight', 'Head.Bias'], p
    for _ in range(3):
        w = step(w, F.cross_entropy(forward(w, xs), ys), names, 0.4)
    return F.cross_entropy(forward(w, xq), yq)


def boil(p, xs, ys, xq, yq):
    names, w = [n for n in p if not n.startswith('Head')], p
    for _ in range(2):
        w = step(w, F.cross_entropy(forward(w, xs), ys), names, 0.4)
    return F.cross_entropy(forward(w, xq), yq)


def metasgd(p, xs, ys, xq, yq):
    w = {n[len('Model.'):]: v for n, v in p.items() if n.startswith('Model.')}
    names = list(w)
    for _ in range(2):
        w = step(w, F.cross_entropy(forward(w, xs), ys), names, lambda n: p[f'Rates.{n}'])
    return F.cross_entropy(forward(w, xq), yq)


def with_ones(x):
    return torch.cat([x, torch.ones(len(x), 1)], 1)


def r2d2(p, xs, ys, xq, yq):
    w = {n[len('Model.'):]: v for n, v in p.items() if n.startswith('Model.')}
    x, y = with_ones(features(w, xs)), F.one_hot(ys, WAYS).to(xs.dtype)
    system = x @ x.T + p['LogPenalty'].exp() * torch.eye(len(x))
    weights = x.T @ torch.linalg.solve(system, y)
    return F.cross_entropy(p['Scale'] * with_ones(features(w, xq)) @ weights + p['Shift'], yq)


def lrd2(p, xs, ys, xq, yq):
    """One class against the others, by reweighted least squares for the weights themselves."""
    w = {n[len('Model.'):]: v for n, v in p.items() if n.startswith('Model.')}
    x, q, logits = with_ones(features(w, xs)), with_ones(features(w, xq)), []
    for way in range(WAYS):
        y, v = (ys == way).to(xs.dtype), torch.zeros(x.shape[1])
        for _ in range(3):
            mu = torch.sigmoid(x @ v)
            s = mu * (1 - mu)
            z = x @ v + (y - mu) / s
            system = x.T @ (s[:, None] * x) + p['LogPenalty'].exp() * torch.eye(x.shape[1])
            v = torch.linalg.solve(system, x.T @ (s * z))
        logits.append(p['Scale'] * q @ v + p['Shift'])
    return F.cross_entropy(torch.stack(logits, 1), yq)


def dump(name, learner, p):
    for v in p.values():
        v.requires_grad_()
    loss = sum(learner(p, *(a[t] for a in tasks)) for t in range(TASKS)) / TASKS
    grads = torch.autograd.grad(loss, list(p.values()), allow_unused=True)
    arrays[f'{name}/loss'] = loss.detach().numpy()
    for (n, v), g in zip(p.items(), grads):
        arrays[f'{name}/p/{n}'] = v.detach().numpy()
        arrays[f'{name}/g/{n}'] = (torch.zeros_like(v) if g is None else g).numpy()


labels = lambda n: torch.arange(WAYS).repeat_interleave(n).repeat(TASKS, 1)
tasks = (torch.randn(TASKS, WAYS * SHOTS, 1, SIZE, SIZE), labels(SHOTS),
         torch.randn(TASKS, WAYS * QUERIES, 1, SIZE, SIZE), labels(QUERIES))
for name, array in zip(['xs', 'ys', 'xq', 'yq'], tasks):
    arrays[name] = array.numpy()

dump('maml', maml, network())
dump('anil', anil, network())
dump('boil', boil, network())
start = network()
dump('meta-sgd', metasgd, {**{f'Model.{n}': v for n, v in start.items()},
                           **{f'Rates.{n}': torch.rand_like(v) * 0.4 for n, v in start.items()}})
for name, learner in ('r2d2', r2d2), ('lrd2', lrd2):
    dump(name, learner, {**{f'Model.{n}': v for n, v in network().items()},
                         'LogPenalty': torch.tensor(-0.7), 'Scale': torch.tensor(1.5),
                         'Shift': torch.tensor(0.2)})

np.savez_compressed(os.path.join(os.path.dirname(__file__), 'learners.npz'), **arrays)
