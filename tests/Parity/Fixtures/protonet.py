# Writes protonet.npz beside this file: a prototypical network (Snell et al., 2017) of a narrow Conv4
# in PyTorch and float64, as in the authors' code: support and query images go through the network
# together, distances are squared Euclidean. MetricParityTests compares with its loss, its gradients,
# and its log-probabilities in both modes of batch normalisation. Needs torch 1.13 or later and numpy.
import os
import numpy as np
import torch
from torch import nn

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
ways, shots, queries, filters, size = 4, 2, 3, 4, 16

convolutions = [nn.Conv2d(1 if i == 0 else filters, filters, 3, padding=1) for i in range(4)]
norms = [nn.BatchNorm2d(filters) for _ in range(4)]
for norm in norms:
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.normal_(norm.bias, 0, 0.1)
blocks = [nn.Sequential(c, n, nn.ReLU(), nn.MaxPool2d(2)) for c, n in zip(convolutions, norms)]
encoder = nn.Sequential(*blocks, nn.Flatten())

support = torch.randn(ways * shots, 1, size, size)
query = torch.randn(ways * queries, 1, size, size)
support_labels = torch.arange(ways).repeat_interleave(shots)
query_labels = torch.arange(ways).repeat_interleave(queries)


def log_probabilities():
    z = encoder(torch.cat([support, query]))
    prototypes = z[:ways * shots].view(ways, shots, -1).mean(1)
    difference = z[ways * shots:].unsqueeze(1) - prototypes.unsqueeze(0)
    return torch.log_softmax(-difference.pow(2).sum(2), 1)


by_batch = log_probabilities()  # moves the running statistics
loss = nn.functional.nll_loss(by_batch, query_labels)
loss.backward()
encoder.eval()
by_running = log_probabilities()

parameters = [p for layer in convolutions + norms for p in (layer.weight, layer.bias)]
arrays = {f"p{i}": p.detach().numpy() for i, p in enumerate(parameters)}
arrays |= {f"g{i}": p.grad.numpy() for i, p in enumerate(parameters)}
arrays |= {
    "xs": support.numpy(), "ys": support_labels.numpy(),
    "xq": query.numpy(), "yq": query_labels.numpy(),
    "loss": loss.detach().numpy(), "by_batch": by_batch.detach().numpy(),
    "by_running": by_running.detach().numpy(),
}
for i, norm in enumerate(norms):
    arrays[f"mean{i}"] = norm.running_mean.numpy()
    arrays[f"variance{i}"] = norm.running_var.numpy()
folder = os.path.dirname(os.path.abspath(__file__))
np.savez_compressed(os.path.join(folder, "protonet.npz"), **arrays)
