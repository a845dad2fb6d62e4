# from seed 4:159: missed
# target: get_net
# inputs: [[2, 3, 16, 16]]
import torch
from torch import nn
import torch.nn.functional as F


class BaseNet(nn.Module):
    def __init__(self, *, num_classes=10):
        super().__init__()
        self._build_layers(num_classes)

    def _build_layers(self, num_classes):
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = x.shape[-2:]
        x = F.relu(self.conv_in(x), inplace=True)
        x = self.features(x)
        return F.interpolate(self.score(x), size=size, mode='linear')


class Net(BaseNet):
    def _build_layers(self, num_classes):
        self.conv_in = nn.Conv2d(3, 8, 5, padding=2, bias=False)
        self.features = nn.Sequential(
            nn.Conv2d(8, 8, 5, padding=2, bias=False),
            nn.BatchNorm2d(8),
            nn.ELU(),
            nn.Conv2d(8, 8, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(True),
            nn.MaxPool2d(2),
            nn.Dropout(p=0.1),
            nn.Conv2d(8, 24, 5, padding=2),
            nn.BatchNorm2d(24),
            nn.SiLU(),
            nn.Conv2d(24, 24, kernel_size=3, padding=1),
            nn.BatchNorm2d(24),
            nn.GELU(),
            nn.AvgPool2d(2, stride=2),
            nn.Conv2d(24, 32, 3, padding=1),
            nn.InstanceNorm2d(32),
            nn.ReLU(True),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.BatchNorm2d(48),
            nn.GELU(),
            nn.AvgPool2d(2, stride=2),
        )
        self.score = nn.Conv2d(48, num_classes, kernel_size=1)


def get_net(**kwargs):
    model = Net(**kwargs)
    return model


if __name__ == '__main__':
    net = get_net()
    out = net(torch.randn(2, 3, 16, 16))
    print(out)
