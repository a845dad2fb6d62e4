# from seed 4:359: missed
# target: create_model
# inputs: [[2, 3, 32, 32]]
from functools import partial
import torch
import torch.nn.functional as F


norm_layer = partial(torch.nn.BatchNorm2d, eps=1e-5, momentum=0.01)


class CBR(torch.nn.Sequential):
    def __init__(self, inp, oup, k=3, s=1, g=1, act=True):
        layers = [
            torch.nn.Conv2d(inp, oup, k, s, k // 2, groups=g, bias=False),
            norm_layer(oup),
        ]
        if act:
            layers.append(torch.nn.ELU())
        super().__init__(*layers)


class DilatedPyramid(torch.nn.Module):
    def __init__(self, inp, oup, rates=(1, 2, 3)):
        super().__init__()
        self.convs = torch.nn.ModuleList([torch.nn.Conv2d(inp, oup, 3, padding=r, dilation=r) for r in rates])
        self.pool = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Conv2d(inp, oup, 1))
        self.project = torch.nn.Conv2d((len(rates) + 1) * oup, oup, 1)

    def forward(self, x):
        outs = [conv(x) for conv in self.convs]
        pooled = F.interpolate(self.pool(x), size=x.shape[2:], mode="bilinear", align_corners=False)
        outs.append(pooled)
        return self.project(torch.cat(outs, dim=1))


def conv3x3_bn_relu(inp, oup, stride=1):
    return torch.nn.Sequential(
        torch.nn.Conv2d(inp, oup, kernel_size=3, stride=stride, padding=1),
        torch.nn.LeakyReLU(0.2, inplace=True),
    )


class BottleneckBlock(torch.nn.Module):
    def __init__(self, inp, oup, stride=1, reduction=4, norm_layer=None):
        super().__init__()
        if norm_layer is None:
            norm_layer = torch.nn.BatchNorm2d
        mid = oup // reduction
        self.conv1 = torch.nn.Conv2d(inp, mid, 1, bias=False)
        self.bn1 = norm_layer(mid)
        self.conv2 = torch.nn.Conv2d(mid, mid, 3, stride, 1, groups=2, bias=False)
        self.bn2 = norm_layer(mid)
        self.conv3 = torch.nn.Conv2d(mid, oup, 1, bias=False)
        self.bn3 = norm_layer(oup)
        self.relu = torch.nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or inp != oup:
            self.downsample = torch.nn.Conv2d(inp, oup, 1, stride, bias=False)

    def forward(self, x):
        residual = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        return self.relu(x + residual)


class Model(torch.nn.Module):
    def __init__(self, *, num_classes=10):
        super().__init__()
        self.proj = torch.nn.Conv2d(3, 16, 1, bias=False)
        self.block1 = CBR(16, 24, k=5, s=2)
        self.block2 = DilatedPyramid(24, 48)
        self.block3 = conv3x3_bn_relu(48, 96)
        self.block4 = BottleneckBlock(96, 192, stride=2)
        self.classifier = torch.nn.Sequential(
            torch.nn.Linear(768, 32),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.5),
            torch.nn.Linear(32, num_classes),
        )

    def forward(self, x):
        x = self.proj(x)
        x = self.block1(x)
        x = self.block2(x)
        x = F.avg_pool2d(x, 2, 2)
        x = self.block3(x)
        x = F.max_pool2d(x, 64)
        x = self.block4(x)
        x = x.view(x.shape[0], -1)
        return self.classifier(x)


def create_model(**kwargs):
    model = Model(**kwargs)
    return model
