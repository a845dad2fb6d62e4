import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalConv1d(nn.Conv1d):
    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, **kw):
        self.left = (kernel_size - 1) * dilation
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, **kw)

    def forward(self, x):
        return super().forward(F.pad(x, (self.left, 0)))


class ResidualBlock(nn.Module):
    def __init__(self, channels, skip, dilation):
        super().__init__()
        self.filter = CausalConv1d(channels, channels, 2, dilation)
        self.gate = CausalConv1d(channels, channels, 2, dilation)
        self.res = nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, skip, 1)

    def forward(self, x):
        out = torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x))
        return self.res(out) + x, self.skip(out)


class WaveNet(nn.Module):
    def __init__(self, bins=64, channels=16, skip=32, layers=5, stacks=2):
        super().__init__()
        self.embed = nn.Embedding(bins, channels)
        self.blocks = nn.ModuleList([ResidualBlock(channels, skip, 2 ** i) for _ in range(stacks) for i in range(layers)])
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, bins, 1))

    def forward(self, x):
        x = self.embed(x).transpose(1, 2)
        skips = 0
        for block in self.blocks:
            x, s = block(x)
            skips = skips + s
        return self.head(skips)


bins = 64
net = WaveNet(bins)
wave = torch.randint(0, bins, (3, 200))
logits = net(wave[:, :-1])
loss = F.cross_entropy(logits, wave[:, 1:])
loss.backward()
spec = torch.stft(torch.randn(3, 400), n_fft=64, return_complex=True).abs()
mel = torch.rand(20, 33) @ spec

# fault: wave[:, 1:]) -> wave)
# fault: self.embed(x).transpose(1, 2) -> self.embed(x)
# fault: logits, wave[:, 1:] -> logits.transpose(1, 2), wave[:, 1:]
# fault: x, s = block(x) -> x = block(x)
# fault: nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, bins, 1) -> nn.Conv1d(channels, skip, 1), nn.ReLU(), nn.Conv1d(skip, bins, 1)
# fault: (self.left, 0) -> (self.left, 1)
# fault: torch.rand(20, 33) -> torch.rand(20, 32)
# fault: skips = 0 -> skips = torch.zeros(3, 16, 199)
# fault: self.left = (kernel_size - 1) * dilation\n        super() -> self.left = nn.Parameter(torch.zeros(1))\n        super()
# fault: 2 ** i) for -> 2 ** -i) for
# fault: net(wave[:, :-1]) -> net(wave[:, :-1].float())
# fault: return self.res(out) + x, self.skip(out) -> return self.res(out) + self.skip(out), self.skip(out)
