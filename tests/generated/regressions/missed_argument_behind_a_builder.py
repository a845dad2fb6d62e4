# from seed 102:741: missed
# target: create_model
# inputs: [[2, 3, 32, 32]]
import torch
import torch.nn as nn
import torch.nn.functional as F


class RepConv(nn.Module):
    def __init__(self, c1, c2, stride=1):
        super().__init__()
        self.dense = nn.Sequential(nn.Conv2d(c1, c2, stride=stride, padding=1), nn.BatchNorm2d(c2))
        self.point = nn.Sequential(nn.Conv2d(c1, c2, 1, stride=stride), nn.BatchNorm2d(c2))
        use_identity = c1 == c2 and stride == 1
        self.identity = nn.BatchNorm2d(c1) if use_identity else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.dense(x) + self.point(x)
        if self.identity is not None:
            out = out + self.identity(x)
        return F.leaky_relu(out, 0.1)


class SimpleCNN(nn.Module):
    def __init__(self, num_classes=100):
        super().__init__()
        self.proj = nn.Conv2d(3, 16, kernel_size=1, padding_mode='zeros', bias=False)
        self.left = RepConv(16, 16, stride=1)
        self.right = nn.Conv2d(16, 16, 5, padding=2)
        self.merge = nn.Conv2d(32, 16, 1)
        self.head = nn.Conv2d(16, num_classes, kernel_size=1, padding_mode='zeros')
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.proj(x)
        x = torch.cat([self.left(x), self.right(x)], dim=1)
        x = self.merge(x)
        # print(x.shape)
        return self.head(x)


def create_model(**kwargs):
    model = SimpleCNN(**kwargs)
    return model
