# from seed 4:30: output
# target: FPN
# inputs: [[1, 3, 64, 64]]
import torch
import torch.nn as nn
from torch.nn import functional as F


class FPN(nn.Module):
    def __init__(self, widths=(8, 16, 32, 64), out_channels=32):
        super().__init__()
        self.stages = nn.ModuleList()
        c = 3
        for w in widths:
            self.stages.append(nn.Sequential(nn.Conv2d(c, w, kernel_size=3, stride=2, padding=1, bias=False), nn.BatchNorm2d(w), nn.SiLU()))
            c = w
        self.lateral = nn.ModuleList([nn.Conv2d(w, out_channels, 1) for w in widths])
        self.smooth = nn.ModuleList(nn.Conv2d(out_channels, out_channels, 3, padding=1) for _ in widths)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        results = [self.lateral[-1](features[-1])]
        for i in range(len(features) - 2, -1, -1):
            lateral = self.lateral[i](features[i])
            top = F.interpolate(results[0], size=lateral.shape[-2:], mode='bilinear', align_corners=False)
            results.insert(0, lateral + top)
        return {f'p{i}': self.smooth[i](r) for i, r in enumerate(results)}


if __name__ == '__main__':
    net = FPN()
    out = net(torch.randn(1, 3, 64, 64))
    print(out)
