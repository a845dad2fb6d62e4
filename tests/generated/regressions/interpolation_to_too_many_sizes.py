# from seed 4:369: missed
# target: build_model
# inputs: [[4, 3, 32, 32]]
import torch
from torch import nn
from torch.nn import functional as F


class NestedUNet(nn.Module):
    def __init__(self, depth, channels, growth=0):
        super(NestedUNet, self).__init__()
        inner = channels + growth
        self.skip = nn.Conv2d(channels, channels, 3, padding=1)
        self.down = nn.Conv2d(channels, inner, 3, padding=1)
        self.inner = NestedUNet(depth - 1, inner, growth) if depth > 1 else nn.Conv2d(inner, inner, 1)
        self.up = nn.Conv2d(inner, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = F.max_pool2d(x, 2, ceil_mode=True) if min(x.shape[-2:]) > 1 else x
        low = self.up(self.inner(self.down(low)))
        low = F.interpolate(low, size=x.shape[1:])
        return self.skip(x) + low


class DilatedPyramid(nn.Module):
    def __init__(self, c1, c2, rates=[1, 2]):
        super(DilatedPyramid, self).__init__()
        self.convs = nn.ModuleList([nn.Conv2d(c1, c2, 3, padding=r, dilation=r) for r in rates])
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c1, c2, 1))
        self.project = nn.Conv2d((len(rates) + 1) * c2, c2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outs = [conv(x) for conv in self.convs]
        pooled = F.interpolate(self.pool(x), size=x.shape[2:], mode="bilinear", align_corners=False)
        outs.append(pooled)
        return self.project(torch.cat(outs, dim=1))


class SpatialAttention(nn.Module):
    def __init__(self, kernel_size=7):
        super(SpatialAttention, self).__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        avg = torch.mean(x, dim=1, keepdim=True)
        mx, _ = torch.max(x, dim=1, keepdim=True)
        attn = torch.sigmoid(self.conv(torch.cat([avg, mx], dim=1)))
        return x * attn


class Backbone(nn.Module):
    def __init__(self, *, num_classes=10):
        super(Backbone, self).__init__()
        self.conv_in = nn.Conv2d(3, 16, kernel_size=7, padding=3, padding_mode='zeros', bias=False)
        self.enc1 = NestedUNet(1, 16)
        self.enc2 = DilatedPyramid(16, 48)
        self.enc3 = SpatialAttention()
        self.head = nn.Conv2d(48, num_classes, 1, padding_mode='zeros')

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.conv_in(x), 0.1)
        x = self.enc1(x)
        x = self.enc2(x)
        x = self.enc3(x)
        return self.head(x)


def build_model(**kwargs):
    model = Backbone(**kwargs)
    return model
