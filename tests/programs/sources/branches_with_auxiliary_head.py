import torch
import torch.nn as nn


class BasicConv(nn.Module):
    def __init__(self, cin, cout, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(cout, eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, cin, c1, c3r, c3, c5r, c5, pp):
        super().__init__()
        self.b1 = BasicConv(cin, c1, kernel_size=1)
        self.b2 = nn.Sequential(BasicConv(cin, c3r, kernel_size=1), BasicConv(c3r, c3, kernel_size=3, padding=1))
        self.b3 = nn.Sequential(BasicConv(cin, c5r, kernel_size=1), BasicConv(c5r, c5, kernel_size=5, padding=2))
        self.b4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), BasicConv(cin, pp, kernel_size=1))

    def forward(self, x):
        branches = [self.b1(x), self.b2(x), self.b3(x), self.b4(x)]
        return torch.cat(branches, 1)


class GoogLeNetMini(nn.Module):
    def __init__(self, num_classes=10, aux=True):
        super().__init__()
        self.stem = nn.Sequential(BasicConv(3, 32, kernel_size=7, stride=2, padding=3), nn.MaxPool2d(3, 2, 1))
        self.inc1 = Inception(32, 16, 24, 32, 4, 8, 8)
        self.inc2 = Inception(64, 32, 32, 48, 8, 24, 16)
        self.aux = nn.Linear(64, num_classes) if aux else None
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(120, num_classes)

    def forward(self, x):
        x = self.inc1(self.stem(x))
        aux = self.aux(self.pool(x).flatten(1)) if self.aux is not None and self.training else None
        x = self.pool(self.inc2(x))
        x = self.fc(x.squeeze(-1).squeeze(-1))
        if aux is not None:
            return x, aux
        return x


model = GoogLeNetMini()
x, y = torch.randn(4, 3, 64, 64), torch.tensor([0, 1, 2, 3])
out, aux = model(x)
loss = nn.CrossEntropyLoss()(out, y) + 0.3 * nn.CrossEntropyLoss()(aux, y)
loss.backward()
model.eval()
with torch.no_grad():
    pred = model(x).argmax(1)

# fault: model.eval()\nwith torch.no_grad():\n    pred = model(x).argmax(1) -> model.train()\nwith torch.no_grad():\n    pred = model(x).argmax(1)
# fault: model = GoogLeNetMini() -> model = GoogLeNetMini().eval()
# fault: nn.Linear(120, num_classes) -> nn.Linear(128, num_classes)
# fault: Inception(64, 32, 32, 48, 8, 24, 16) -> Inception(32, 32, 32, 48, 8, 24, 16)
# fault: kernel_size=5, padding=2 -> kernel_size=5, padding=1
# fault: kernel_size=3, padding=1) -> kernel_size=3)
# fault: torch.cat(branches, 1) -> torch.cat(branches)
# fault: torch.cat(branches, 1) -> torch.stack(branches, 1)
# fault: x.squeeze(-1).squeeze(-1) -> x
# fault: kernel_size=7, stride=2, padding=3) -> stride=2, padding=3)
# fault: (out, y) + -> (out, y.unsqueeze(1)) +
# fault: self.pool(x).flatten(1) -> self.pool(x)
# fault: GoogLeNetMini() -> GoogLeNetMini(aux=False)
# fault: bias=False, **kwargs -> **kwargs, bias=False, kernel_size=3
