import torch
import torch.nn as nn


class YoloHead(nn.Module):
    def __init__(self, in_ch, num_anchors, num_classes):
        super().__init__()
        self.num_anchors = num_anchors
        self.num_classes = num_classes
        self.pred = nn.Conv2d(in_ch, num_anchors * (5 + num_classes), 1)

    def forward(self, x):
        b, _, h, w = x.shape
        out = self.pred(x)
        out = out.view(b, self.num_anchors, 5 + self.num_classes, h, w)
        out = out.permute(0, 1, 3, 4, 2).contiguous()
        xy = torch.sigmoid(out[..., :2])
        wh = torch.exp(out[..., 2:4])
        obj = torch.sigmoid(out[..., 4:5])
        cls = out[..., 5:].softmax(-1)
        return torch.cat([xy, wh, obj, cls], dim=-1)


class TinyDetector(nn.Module):
    def __init__(self, num_classes=20):
        super().__init__()
        def cbl(i, o, s):
            return nn.Sequential(nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.1))
        self.c1 = cbl(3, 16, 2)
        self.c2 = cbl(16, 32, 2)
        self.c3 = cbl(32, 64, 2)
        self.lateral = nn.Conv2d(64, 32, 1)
        self.up = nn.Upsample(scale_factor=2)
        self.head1 = YoloHead(64, 3, num_classes)
        self.head2 = YoloHead(32 + 32, 3, num_classes)

    def forward(self, x):
        p2 = self.c2(self.c1(x))
        p3 = self.c3(p2)
        o1 = self.head1(p3)
        u = self.up(self.lateral(p3))
        o2 = self.head2(torch.cat([u, p2], 1))
        return o1, o2


model = TinyDetector()
img = torch.randn(2, 3, 64, 64)
o1, o2 = model(img)
targets1 = torch.rand(2, 3, 8, 8, 25)
loss = ((o1 - targets1) ** 2).mean() + nn.functional.binary_cross_entropy(o2[..., 4], torch.zeros_like(o2[..., 4]))
loss.backward()
anchors = torch.tensor([[10, 13], [16, 30], [33, 23]]).float().view(1, 3, 1, 1, 2)
boxes = o1[..., 2:4] * anchors

# fault: torch.rand(2, 3, 8, 8, 25) -> torch.rand(2, 3, 8, 8, 85)
# fault: (5 + num_classes), 1) -> num_classes, 1)
# fault: .view(1, 3, 1, 1, 2) -> .view(1, 3, 1, 2)
# fault: .view(1, 3, 1, 1, 2) -> .view(1, 2, 1, 1, 3)
# fault: torch.cat([u, p2], 1) -> torch.cat([u, p3], 1)
# fault: YoloHead(32 + 32, 3 -> YoloHead(32, 3
# fault: torch.randn(2, 3, 64, 64) -> torch.randn(2, 3, 60, 60)
# fault: o1, o2 = model(img) -> o1, o2, o3 = model(img)
# fault: torch.zeros_like(o2[..., 4]) -> torch.zeros_like(o2)
# fault: out.permute(0, 1, 3, 4, 2) -> out.permute(0, 1, 3, 2)
# fault: scale_factor=2 -> scale=2
# fault: .contiguous() -> .view(b, -1, 5 + self.num_classes)
# fault: .contiguous() -> .reshape(b, -1, 4 + self.num_classes)
