# from seed 4:175: wrong line
# target: WaveNet
# inputs: [[1, 1, 64]]
import torch
from torch import nn
from torch.nn import functional as F


class GatedBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.pad = (dilation, 0)
        self.conv = nn.Conv1d(channels, 2 * channels, kernel_size=2, dilation=dilation)
        self.out = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        h = self.conv(F.pad(x, self.pad))
        a, b = torch.split(h, 16, 1)
        h = torch.tanh(a) * torch.sigmoid(b)
        h = self.out(h)
        return x + h, h


class WaveNet(nn.Module):
    def __init__(self, channels=16, layers=3, classes=32):
        super().__init__()
        self.first = nn.Conv1d(1, channels, 1)
        self.blocks = nn.ModuleList([GatedBlock(channels, 2 ** i) for i in range(layers)])
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(channels, channels, 1), nn.BatchNorm1d(channels), nn.Conv1d(channels, classes, 1))

    def forward(self, x):
        x = self.first(x)
        total = 0
        for block in self.blocks:
            x, skip = block(x)[0]
            total = total + skip
        return self.last(total)


if __name__ == '__main__':
    net = WaveNet()
    out = net(torch.randn(1, 1, 64))
    print(out)
