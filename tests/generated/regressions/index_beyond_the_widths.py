# from seed 4:94: missed
# target: Classifier
# inputs: [[2, 1, 16, 16]]
import torch
from torch import nn
import torch.nn.functional as F


class ConvBlock(nn.Module):
    def __init__(self, inp, oup, kernel_size=3, stride=1, **kwargs):
        super().__init__()
        padding = (kernel_size - 1) // 2
        self.conv = nn.Conv2d(inp, oup, kernel_size, stride, padding, **kwargs)
        self.bn = nn.BatchNorm2d(oup)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn(self.conv(x))
        return self.act(x)


class Classifier(nn.Module):
    def __init__(self, *, num_classes=10):
        super().__init__()
        self.proj = nn.Conv2d(1, 16, kernel_size=3, padding=1, bias=False)
        dims = [16, 24, 48]
        self.blocks = nn.ModuleList()
        for i in range(len(dims) - 1):
            self.blocks.append(ConvBlock(dims[i], dims[i + 2], kernel_size=1))
        self.fc1 = nn.Linear(48 * 16 * 16, 64)
        self.fc2 = nn.Linear(64, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.proj(x)
        for block in self.blocks:
            x = block(x)
        x = torch.flatten(x, 1)
        x = F.elu(self.fc1(x))
        return self.fc2(x)


if __name__ == '__main__':
    net = Classifier()
    out = net(torch.randn(2, 1, 16, 16))
    print(out)
