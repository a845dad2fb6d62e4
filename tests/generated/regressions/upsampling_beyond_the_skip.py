# from seed 4:82: missed
# target: UNet
# inputs: [[1, 3, 64, 64]]
import torch
from torch import nn
import torch.nn.functional as F


def double_conv(inp, oup):
    return nn.Sequential(
        nn.Conv2d(inp, oup, 3, padding=1),
        nn.BatchNorm2d(oup),
        nn.ReLU(inplace=True),
        nn.Conv2d(oup, oup, 3, padding=1),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    def __init__(self, in_channels=3, num_classes=2, base=8, depth=3):
        super(UNet, self).__init__()
        widths = [base * 2 ** i for i in range(depth + 1)]
        self.pool = nn.MaxPool2d(2)
        self.encoders = nn.ModuleList()
        previous = in_channels
        for w in widths:
            self.encoders.append(double_conv(previous, w))
            previous = w
        self.ups = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for w in reversed(widths[:-1]):
            self.ups.append(nn.Sequential(nn.Upsample(scale_factor=4, mode='nearest'), nn.Conv2d(w * 2, w, 1)))
            self.decoders.append(double_conv(w * 2, w))
        self.head = nn.Conv2d(base, num_classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for i, encoder in enumerate(self.encoders):
            x = encoder(x)
            if i < len(self.encoders) - 1:
                skips.append(x)
                x = self.pool(x)
        for up, decoder, skip in zip(self.ups, self.decoders, reversed(skips)):
            x = up(x)
            x = decoder(torch.cat([x, skip], 1))
        return self.head(x)


if __name__ == '__main__':
    net = UNet()
    out = net(torch.randn(1, 3, 64, 64))
    print(out)
