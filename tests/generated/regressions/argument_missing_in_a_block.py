# from seed 4:29: missed
# target: SimpleCNN
# inputs: [[4, 3, 16, 16]]
import torch
from torch import nn
import torch.nn.functional as F


class Conv(nn.Module):
    def __init__(self, inp, oup, kernel_size=3, stride=1, **kwargs):
        super(Conv, self).__init__()
        padding = (kernel_size - 1) // 2
        self.conv = nn.Conv2d(inp, oup, kernel_size, stride, padding, **kwargs)
        self.bn = nn.BatchNorm2d(oup)
        self.act = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x):
        x = self.bn(self.conv(x))
        return self.act(x)


class LinearBottleneck(nn.Module):
    def __init__(self, inp, oup, stride, expand_ratio=1):
        super(LinearBottleneck, self).__init__()
        hidden = int(round(inp * expand_ratio))
        self.use_skip = stride == 1 and inp == oup
        layers = []
        if expand_ratio != 1:
            layers += [nn.Conv2d(inp, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)]
        layers.extend([
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, oup, 1, bias=False),
            nn.BatchNorm2d(oup),
        ])
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        if self.use_skip:
            return x + self.conv(x)
        return self.conv(x)


class SpaceToDepthConv(nn.Module):
    def __init__(self, inp, oup):
        super(SpaceToDepthConv, self).__init__()
        self.conv = nn.Conv2d(inp * 4, oup, 1)

    def forward(self, x):
        _, _, h, w = x.shape
        x = F.pad(x, (0, w % 2, 0, h % 2))
        patches = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        return self.conv(torch.cat(patches, dim=1))


ACTIVATIONS = {'relu': nn.ReLU, 'gelu': nn.GELU, 'leaky': lambda: nn.LeakyReLU(0.2)}
NORMS = {'bn': nn.BatchNorm2d, 'gn': lambda c: nn.GroupNorm(2, c), 'none': lambda c: nn.Identity()}


class FlexibleConv(nn.Module):
    def __init__(self, inp, oup, stride=1, norm='none', act='relu'):
        super(FlexibleConv, self).__init__()
        self.conv = nn.Conv2d(inp, oup, 3, stride, 1)
        self.norm = NORMS[norm](oup)
        self.act = ACTIVATIONS[act]()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class SimpleCNN(nn.Module):
    """Baseline model for the experiments."""
    def __init__(self, num_classes=10):
        super(SimpleCNN, self).__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 24, 5, padding=2, bias=False),
            nn.BatchNorm2d(24),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.stage1 = Conv(24, 8, 5, bias=False)
        self.stage2 = LinearBottleneck(8, 16, )
        self.stage3 = SpaceToDepthConv(16, 32)
        self.stage4 = FlexibleConv(32, 64, 1, norm='gn')
        self.fc = nn.Linear(64, num_classes)

    def forward(self, x):
        x = self.stem(x)
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = x.mean(dim=(2, 3))
        return self.fc(x)


if __name__ == '__main__':
    net = SimpleCNN()
    out = net(torch.randn(4, 3, 16, 16))
    print(out)
