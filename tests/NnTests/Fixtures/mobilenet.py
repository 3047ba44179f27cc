# Writes mobilenet.npz beside this file: weights under Keras's names of a narrow MobileNet v1 with
# random weights, images and PyTorch's logits for it. With the path of a TensorFlow.js model.json of
# the published network (alpha 0.25, 224 x 224) as argument it also writes that network's logits for
# one computed image, which MobileNetTests compares with where the weights are at hand.
import json
import os
import sys
import numpy as np
import torch
import torch.nn.functional as F

LAYOUT = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
          (512, 1), (512, 1), (1024, 2), (1024, 1)]


def random_weights(width, classes):
    g = np.random.default_rng(5)
    w, channels = {}, int(32 * width)

    def norm(name, n):
        for part, low, high in [('gamma', .5, 1.5), ('beta', -.5, .5), ('moving_mean', -.5, .5),
                                ('moving_variance', .5, 1.5)]:
            w[f'{name}_bn/{part}'] = g.uniform(low, high, n).astype('f4')

    def kernel(name, *shape):
        w[name] = (g.standard_normal(shape) * (2 / np.prod(shape[:-1])) ** .5).astype('f4')

    kernel('conv1/kernel', 3, 3, 3, channels)
    norm('conv1', channels)
    for i, (filters, _) in enumerate(LAYOUT, 1):
        filters = int(filters * width)
        w[f'conv_dw_{i}/depthwise_kernel'] = (
            g.standard_normal((3, 3, channels, 1)) * .5).astype('f4')
        norm(f'conv_dw_{i}', channels)
        kernel(f'conv_pw_{i}/kernel', 1, 1, channels, filters)
        norm(f'conv_pw_{i}', filters)
        channels = filters
    kernel('conv_preds/kernel', 1, 1, channels, classes)
    w['conv_preds/bias'] = g.standard_normal(classes).astype('f4')
    return w


def published_weights(path):
    w, folder = {}, os.path.dirname(path)
    for group in json.load(open(path))['weightsManifest']:
        data = b''.join(open(os.path.join(folder, p), 'rb').read() for p in group['paths'])
        offset = 0
        for t in group['weights']:
            n = int(np.prod(t['shape']))
            w[t['name']] = np.frombuffer(data, '<f4', n, offset).reshape(t['shape'])
            offset += 4 * n
    return w


def logits(weights, x):
    w = {k: torch.tensor(v.copy()) for k, v in weights.items()}

    def normed(x, name):
        x = F.batch_norm(x, w[name + '_bn/moving_mean'], w[name + '_bn/moving_variance'],
                         w[name + '_bn/gamma'], w[name + '_bn/beta'], eps=1e-3)
        return x.clamp(0, 6)

    def halved(x, kernel, groups):
        before = [n % 2 for n in (x.shape[3], x.shape[2])]
        return F.conv2d(F.pad(x, (before[0], 1, before[1], 1)), kernel, stride=2, groups=groups)

    x = normed(halved(x, w['conv1/kernel'].permute(3, 2, 0, 1), 1), 'conv1')
    for i, (_, stride) in enumerate(LAYOUT, 1):
        k = w[f'conv_dw_{i}/depthwise_kernel'].permute(2, 3, 0, 1)
        groups = k.shape[0]
        x = halved(x, k, groups) if stride == 2 else F.conv2d(x, k, padding=1, groups=groups)
        x = normed(x, f'conv_dw_{i}')
        x = normed(F.conv2d(x, w[f'conv_pw_{i}/kernel'].permute(3, 2, 0, 1)), f'conv_pw_{i}')
    return x.mean((2, 3)) @ w['conv_preds/kernel'][0, 0] + w['conv_preds/bias']


def computed_image():
    c, i, j = np.meshgrid(np.arange(3), np.arange(224), np.arange(224), indexing='ij')
    return torch.tensor(np.sin(0.05 * i * (c + 1) + 0.03 * j)[None].astype('f4'))


small = random_weights(1 / 16, 6)
x = torch.randn(2, 3, 45, 38, generator=torch.Generator().manual_seed(1))
arrays = {'weights/' + k: v for k, v in small.items()}
arrays.update(x=x.numpy(), logits=logits(small, x).numpy())
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mobilenet.npz')
if len(sys.argv) > 1:
    arrays['published'] = logits(published_weights(sys.argv[1]), computed_image()).numpy()
elif os.path.exists(path):
    arrays['published'] = np.load(path)['published']
np.savez_compressed(path, **arrays)
print(path, os.path.getsize(path), 'bytes')
