# from seed 101:305: false alarm
# target: Net
# inputs: [[2, 3, 33, 33]]
import torch
from torch import nn
from torch.nn import functional as F


ACTIVATIONS = {'relu': nn.ReLU, 'gelu': nn.GELU, 'leaky': lambda: nn.LeakyReLU(0.2)}
NORMS = {'bn': nn.BatchNorm2d, 'gn': lambda c: nn.GroupNorm(2, c), 'none': lambda c: nn.Identity()}


class ConfigurableBlock(nn.Module):
    def __init__(self, in_ch, out_ch, stride=1, norm='gn', act='relu'):
        super(ConfigurableBlock, self).__init__()
        self.conv = nn.Conv2d(in_ch, out_ch, 3, stride, 1)
        self.norm = NORMS[norm](out_ch)
        self.act = ACTIVATIONS[act]()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class ConvBlock(nn.Module):
    def __init__(self, in_ch, out_ch, kernel_size=3, stride=1, **kwargs):
        super(ConvBlock, self).__init__()
        padding = (kernel_size - 1) // 2
        self.conv = nn.Conv2d(in_ch, out_ch, kernel_size, stride, padding, **kwargs)
        self.bn = nn.BatchNorm2d(out_ch)
        self.act = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x):
        x = self.conv(x)
        x = self.bn(x)
        return self.act(x)


class ResBlock(nn.Module):
    expansion = 1

    def __init__(self, in_ch, out_ch, stride=1):
        super(ResBlock, self).__init__()
        self.conv1 = nn.Conv2d(in_ch, out_ch, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_ch)
        self.conv2 = nn.Conv2d(out_ch, out_ch, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_ch)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_ch != out_ch:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_ch, out_ch, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(out_ch),
            )

    def forward(self, x):
        identity = self.shortcut(x)
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out = torch.add(out, identity)
        return out.relu()


class GlobalContext(nn.Module):
    def __init__(self, channels):
        super(GlobalContext, self).__init__()
        self.mask = nn.Conv2d(channels, 1, 1)
        self.transform = nn.Linear(channels, channels)

    def forward(self, x):
        n, c = x.shape[:2]
        weights = self.mask(x).reshape(n, -1).softmax(dim=1)
        context = torch.einsum("ncp,np->nc", x.flatten(2), weights)
        return x + self.transform(context)[:, :, None, None]


class Net(nn.Module):
    def __init__(self, *, num_classes=10):
        super(Net, self).__init__()
        self.proj = nn.Conv2d(3, 16, 33, padding=1, padding_mode='zeros')
        self.layer1 = ConfigurableBlock(16, 24, 1, act='gelu')
        self.layer2 = ConvBlock(24, 48, kernel_size=3, stride=2, bias=False)
        self.layer3 = ResBlock(48, 96, 2)
        self.layer4 = GlobalContext(96)
        self.score = nn.Conv2d(96, num_classes, kernel_size=1)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)

    def forward(self, x):
        h, w = x.shape[2:]
        size = (h, w)
        x = self.proj(x)
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        if self.training:
            x = x + 0.01 * torch.randn_like(x)
        return F.interpolate(self.score(x), size=size, mode='bilinear', align_corners=False)
