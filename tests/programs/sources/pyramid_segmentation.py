import torch
import torch.nn as nn
import torch.nn.functional as F


class ASPP(nn.Module):
    def __init__(self, cin, cout, rates):
        super().__init__()
        self.branches = nn.ModuleList()
        self.branches.append(nn.Conv2d(cin, cout, 1))
        for r in rates:
            self.branches.append(nn.Conv2d(cin, cout, 3, padding=r, dilation=r))
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(cin, cout, 1))
        self.project = nn.Conv2d(cout * (len(rates) + 2), cout, 1)

    def forward(self, x):
        size = x.shape[-2:]
        outs = [b(x) for b in self.branches]
        pooled = F.interpolate(self.pool(x), size=size, mode='bilinear', align_corners=False)
        outs.append(pooled)
        return self.project(torch.cat(outs, dim=1))


class SegNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.low = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU())
        self.high = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU())
        self.aspp = ASPP(64, 32, [1, 2, 4])
        self.skip = nn.Conv2d(16, 8, 1)
        self.final = nn.Conv2d(40, n_classes, 3, padding=1)

    def forward(self, x):
        low = self.low(x)
        y = self.aspp(self.high(low))
        y = F.interpolate(y, size=low.shape[2:], mode='bilinear', align_corners=True)
        y = torch.cat([y, self.skip(low)], dim=1)
        y = self.final(y)
        return {'out': F.interpolate(y, scale_factor=2, mode='nearest'), 'low': low}


def iou(pred, target, n):
    pred = torch.argmax(pred, dim=1).squeeze(1)
    res = []
    for c in range(n):
        inter = ((pred == c) & (target == c)).sum()
        union = ((pred == c) | (target == c)).sum()
        res.append((inter.float() / (union.float() + 1e-6)).item())
    return sum(res) / len(res)


model = SegNet(n_classes=5)
x = torch.randn(2, 3, 64, 96)
y = torch.randint(0, 5, (2, 64, 96))
out = model(x)['out']
loss = F.cross_entropy(out, y, weight=torch.ones(5), ignore_index=255)
loss.backward()
print(iou(out, y, 5))

# fault: model(x)['out'] -> model(x)
# fault: model(x)['out'] -> model(x)['logits']
# fault: weight=torch.ones(5) -> weight=torch.ones(4)
# fault: nn.Conv2d(40, n_classes -> nn.Conv2d(48, n_classes
# fault: padding=r, dilation=r -> padding=1, dilation=r
# fault: len(rates) + 2 -> len(rates) + 1
# fault: scale_factor=2, mode='nearest' -> scale_factor=4, mode='nearest'
# fault: scale_factor=2, mode='nearest' -> scale_factor=2, mode='nearest', align_corners=True
# fault: size=size, mode='bilinear' -> size=size, mode='linear'
# fault: size=low.shape[2:], -> size=low.shape,
# fault: (target == c)).sum()\n        union -> (target.view(-1) == c)).sum()\n        union
# fault: [1, 2, 4]) -> [1, 2, 4], 3)
# fault: y = torch.randint(0, 5, (2, 64, 96)) -> y = torch.randint(0, 5, (2, 96, 64))
# fault: ((pred == c) & (target == c)) -> ((pred == c) & target.float())
# fault: self.branches = nn.ModuleList() -> self.branches = nn.ModuleDict()
# fault: iou(out, y, 5) -> iou(out, y)
