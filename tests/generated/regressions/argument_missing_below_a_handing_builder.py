# from seed 20261123:5: missed
# target: get_net
# inputs: [[1, 3, 8, 8]]
import torch
from torch import nn


def block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, stride=2), nn.ReLU())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([block(a, b) for a, b in zip([3, 8], [8, 8])])

    def forward(self, x):
        for each in self.blocks:
            x = each(x)
        return x


def get_net(**kwargs):
    return Net(**kwargs)
