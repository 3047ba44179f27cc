# Writes conv4.safetensors, resnet18.safetensors and resnet12.safetensors beside this file, state
# dicts of narrow PyTorch networks, and networks.npz with images and the networks' logits in both
# modes, which NetworkTests compares with. Needs torch 1.13 or later and numpy; ResNet-18 is written
# out with torchvision's names.
import json
import os
import numpy as np
import torch
from torch import nn

torch.manual_seed(2)
folder = os.path.dirname(os.path.abspath(__file__))
arrays = {}


class Block(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, padding=1)
        self.norm = nn.BatchNorm2d(filters)

    def forward(self, x):
        return nn.functional.max_pool2d(self.norm(self.conv(x)).relu(), 2)


class Conv4(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(Block(3, 8), Block(8, 8), Block(8, 8), Block(8, 8))
        self.fc = nn.Linear(8 * 2 * 2, 5)

    def forward(self, x):
        return self.fc(self.features(x).flatten(1))


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet18(nn.Module):
    def __init__(self, filters, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, filters, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        channels = filters
        for i in range(4):
            layer = nn.Sequential(BasicBlock(channels, filters << i, 1 if i == 0 else 2),
                                  BasicBlock(filters << i, filters << i, 1))
            setattr(self, f'layer{i + 1}', layer)
            channels = filters << i
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        for i in range(4):
            x = getattr(self, f'layer{i + 1}')(x)
        return self.fc(x.mean((2, 3)))


class Block12(nn.Module):
    def __init__(self, channels, filters):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.conv3 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(filters)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, filters, 1, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        leaky = nn.LeakyReLU(0.1)
        y = leaky(self.bn1(self.conv1(x)))
        y = leaky(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y)) + self.downsample(x)
        return nn.functional.max_pool2d(leaky(y), 2)


class ResNet12(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (channels, filters) in enumerate([(3, 4), (4, 6), (6, 8), (8, 12)]):
            setattr(self, f'layer{i + 1}', Block12(channels, filters))
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        for i in range(4):
            x = getattr(self, f'layer{i + 1}')(x)
        return self.fc(x.mean((2, 3)))


def save(path, state):
    header, data, offset = {}, [], 0
    types = {np.dtype('float32'): 'F32', np.dtype('int64'): 'I64'}
    for name, value in state.items():
        raw = value.numpy().tobytes()
        header[name] = dict(dtype=types[value.numpy().dtype], shape=list(value.shape),
                            data_offsets=[offset, offset + len(raw)])
        offset += len(raw)
        data.append(raw)
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(len(text).to_bytes(8, 'little') + text + b''.join(data))
    print(path, os.path.getsize(path), 'bytes')


def network(name, module, size):
    x = torch.randn(6, 3, size, size)
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if 'bn' in key or 'norm' in key or 'downsample.1' in key:
                if value.is_floating_point():
                    value.add_(0.2 * torch.rand_like(value))
        module.train()
        for _ in range(20):
            module(torch.randn(16, 3, size, size))  # running statistics
        arrays[f'{name}/x'] = x.numpy()
        arrays[f'{name}/infer'] = module.eval()(x).numpy()
        save(os.path.join(folder, name + '.safetensors'), module.state_dict())
        before = {k: v.clone() for k, v in module.state_dict().items()}
        arrays[f'{name}/batch'] = module.train()(x).numpy()
        moved = module.state_dict()
        last = [k for k in moved if k.endswith('running_var')][-1]
        assert not torch.equal(before[last], moved[last])
        arrays[f'{name}/moved'] = moved[last].numpy()


network('conv4', Conv4(), 32)
network('resnet18', ResNet18(4, 7), 32)
network('resnet12', ResNet12(), 16)
path = os.path.join(folder, 'networks.npz')
np.savez_compressed(path, **arrays)
print(path, os.path.getsize(path), 'bytes')
