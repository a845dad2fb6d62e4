# from seed 4:102: missed
# target: Net
# inputs: [[2, 3, 16, 16]]
import torch
from torch import nn
from torch.nn import functional as F


def make_block_fn(kernel_size, bias=False):
    padding = kernel_size // 2

    def build(c_in, c_out, stride=1):
        conv = nn.Conv2d(c_in, c_out, kernel_size, stride=stride, padding=padding, bias=bias)
        return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.Hardswish())

    return build


conv_block3 = make_block_fn(3)


class Net(nn.Module):
    """A small network."""
    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.proj = nn.Conv2d(3, 8, 1, bias=False)
        self.inplanes = 8
        self.layer1 = self._make_layer(8, 1, stride=2)
        self.layer2 = self._make_layer(16, 2, stride=1)
        self.layer3 = self._make_layer(32, 1, stride=2)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(32, num_classes)

    def _make_layer(self, planes, blocks, stride=1):
        layers = [conv_block3(self.inplanes, planes, stride=stride)]
        self.inplanes = planes
        for _ in range(1, blocks):
            layers.append(conv_block3(self.inplanes, planes, strides=1))
        return nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.proj(x)
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = x.mean((-2, -1))
        x = self.dropout(x)
        return self.fc(x)
