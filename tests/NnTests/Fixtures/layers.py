# Writes layers.npz beside this file: inputs, parameters, outputs and gradients of PyTorch's layers
# and losses in float64, which LayerFixtureTests and LossFixtureTests compare with. Needs torch 1.13
# or later; run it again only to add cases.
import os
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
arrays = {}


def case(name, module, x, forward=None, others=()):
    """The output, and the gradients of its product with random weights, summed."""
    for p in module.parameters():
        p.data = torch.randn_like(p) * 0.7
    for key, value in module.state_dict().items():
        if key.endswith('running_mean'): value.copy_(torch.randn_like(value))
        if key.endswith('running_var'): value.copy_(torch.rand_like(value) + 0.5)
    arrays.update({f'{name}/p.{k}': v.clone().numpy() for k, v in module.state_dict().items()
                   if 'num_batches' not in k})
    if x.is_floating_point():
        x.requires_grad_()
    y = forward(module, x) if forward else module(x)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    arrays[f'{name}/x'] = x.detach().numpy()
    arrays[f'{name}/y'] = y.detach().numpy()
    arrays[f'{name}/r'] = r.numpy()
    if x.is_floating_point():
        arrays[f'{name}/gx'] = x.grad.numpy()
    for k, p in module.named_parameters():
        arrays[f'{name}/g.{k}'] = p.grad.numpy()
    for k, v in dict(others).items():
        arrays[f'{name}/{k}'] = v.numpy()
    arrays.update({f'{name}/after.{k}': v.clone().numpy() for k, v in module.state_dict().items()
                   if 'running' in k})


def packed(module, x, lengths):
    sequence = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, state = module(sequence)
    output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
    states = state if isinstance(state, tuple) else (state,)
    return torch.cat([output.flatten()] + [s.flatten() for s in states])


def whole(module, x):
    output, state = module(x)
    states = state if isinstance(state, tuple) else (state,)
    return torch.cat([output.flatten()] + [s.flatten() for s in states])


randn = torch.randn
case('layer_norm', nn.LayerNorm([3, 4]), randn(2, 5, 3, 4) + 2)
case('group_norm', nn.GroupNorm(2, 6), randn(3, 6, 4, 2) + 2)
case('instance_norm', nn.InstanceNorm2d(3, affine=True), randn(2, 3, 4, 5) + 2)
case('instance_norm_plain', nn.InstanceNorm1d(3), randn(2, 3, 7))
case('batch_norm_train', nn.BatchNorm1d(3, momentum=0.3), randn(4, 3, 5) + 2)
case('batch_norm_infer', nn.BatchNorm2d(3, eps=1e-3).eval(), randn(2, 3, 4, 2))
case('embedding', nn.Embedding(7, 4, padding_idx=2), torch.tensor([[1, 2, 6], [2, 0, 1]]))
case('conv1d', nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), randn(2, 4, 11))
case('linear', nn.Linear(5, 3), randn(2, 4, 5))
case('lstm_cell', nn.LSTMCell(4, 3), randn(2, 4), lambda m, x: torch.cat(m(x)))
case('gru_cell', nn.GRUCell(4, 3), randn(2, 4))
case('lstm', nn.LSTM(3, 4, batch_first=True), randn(2, 5, 3), whole)
case('gru', nn.GRU(3, 4, bias=False, batch_first=True), randn(2, 5, 3), whole)
lengths = torch.tensor([4, 2, 5])
case('lstm_packed', nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True), randn(3, 5, 3),
     lambda m, x: packed(m, x, lengths), {'lengths': lengths})
case('gru_packed', nn.GRU(3, 4, 2, bidirectional=True, batch_first=True), randn(3, 5, 3),
     lambda m, x: packed(m, x, lengths), {'lengths': lengths})
padding = torch.tensor([[False, False, True, False, True], [False] * 5])
later = torch.triu(torch.ones(5, 5), 1).bool()
case('attention', nn.MultiheadAttention(6, 2, batch_first=True), randn(2, 5, 6),
     lambda m, x: m(x, x, x, need_weights=False)[0])
case('attention_masked', nn.MultiheadAttention(6, 3, batch_first=True), randn(2, 5, 6),
     lambda m, x: m(x, x, x, key_padding_mask=padding, attn_mask=later, need_weights=False)[0],
     {'padding': padding})
memory = randn(2, 4, 6)
case('attention_cross', nn.MultiheadAttention(6, 2, bias=False, batch_first=True), randn(2, 3, 6),
     lambda m, x: m(x, memory, memory.flip(2), need_weights=False)[0], {'memory': memory})


def loss(name, f, *inputs):
    """A loss of its inputs for each reduction, and the gradient of the mean by the float ones."""
    inputs = [i.clone().requires_grad_() if i.is_floating_point() else i for i in inputs]
    for reduction in ('none', 'sum', 'mean'):
        value = f(*inputs, reduction)
        arrays[f'{name}/{reduction}'] = value.detach().numpy()
    if value.dim() == 0:
        value.backward()
    for i, x in enumerate(inputs):
        arrays[f'{name}/x{i}'] = x.detach().numpy()
        if x.is_floating_point():
            arrays[f'{name}/g{i}'] = x.grad.numpy()


logits, labels = 3 * randn(6, 4), torch.tensor([0, 3, 1, 2, 3, 0])
weights = torch.tensor([0.5, 1.0, 2.0, 0.3])
loss('cross_entropy', lambda x, y, r: F.cross_entropy(x, y, reduction=r), logits, labels)
loss('cross_entropy_smooth',
     lambda x, y, r: F.cross_entropy(x, y, label_smoothing=0.2, reduction=r), logits, labels)
loss('cross_entropy_weighted', lambda x, y, r: F.cross_entropy(
    x, y, weights, ignore_index=3, label_smoothing=0.2, reduction=r), logits, labels)
loss('cross_entropy_ignoring',
     lambda x, y, r: F.cross_entropy(x, y, ignore_index=3, reduction=r), logits, labels)
loss('nll', lambda x, y, r: F.nll_loss(x, y, weights, reduction=r), F.log_softmax(logits, 1), labels)
loss('bce', lambda x, y, r: F.binary_cross_entropy_with_logits(x, y, reduction=r),
     20 * randn(3, 4), torch.rand(3, 4))
loss('bce_weighted', lambda x, y, r: F.binary_cross_entropy_with_logits(
    x, y, pos_weight=torch.tensor(3.0), reduction=r), 20 * randn(3, 4), torch.rand(3, 4))
loss('kl', lambda x, y, r: F.kl_div(x, y, reduction=r, log_target=True).sum(-1) if r == 'none'
     else F.kl_div(x, y, reduction='batchmean' if r == 'mean' else r, log_target=True),
     F.log_softmax(randn(5, 4), 1), F.log_softmax(randn(5, 4), 1))
loss('mse', lambda x, y, r: F.mse_loss(x, y, reduction=r), randn(3, 4), randn(3, 4))
loss('mae', lambda x, y, r: F.l1_loss(x, y, reduction=r), randn(3, 4), randn(3, 4))
loss('huber', lambda x, y, r: F.huber_loss(x, y, delta=0.7, reduction=r), randn(3, 4), randn(3, 4))
loss('triplet', lambda a, p, n, r: F.triplet_margin_loss(a, p, n, margin=0.8, reduction=r),
     randn(5, 3), randn(5, 3), randn(5, 3))

case('conv_transpose2d', nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
     randn(2, 4, 3, 4))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'layers.npz')
np.savez_compressed(path, **arrays)
print(len(arrays), 'arrays,', os.path.getsize(path), 'bytes')
