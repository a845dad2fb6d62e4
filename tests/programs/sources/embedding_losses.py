import torch
import torch.nn as nn
import torch.nn.functional as F


class EmbeddingNet(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.PReLU(16), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5), nn.PReLU(32), nn.MaxPool2d(2), nn.Flatten(),
        )
        self.fc = nn.Linear(32 * 4 * 4, dim)

    def forward(self, x):
        return F.normalize(self.fc(self.body(x)), p=2, dim=1)


class TripletNet(nn.Module):
    def __init__(self, embed):
        super().__init__()
        self.embed = embed

    def forward(self, a, p, n):
        return self.embed(a), self.embed(p), self.embed(n)


net = TripletNet(EmbeddingNet())
loss_fn = nn.TripletMarginLoss(margin=0.5)
a, p, n = (torch.randn(4, 1, 28, 28) for _ in range(3))
ea, ep, en = net(a, p, n)
loss = loss_fn(ea, ep, en)
loss.backward()
sim = F.cosine_similarity(ea, ep)
dist = torch.cdist(ea, en)
cos = nn.CosineEmbeddingLoss()(ea, ep, torch.ones(4))
mm = ea @ ep.t()
labels = torch.arange(4)
nce = F.cross_entropy(mm / 0.07, labels)

# fault: ea @ ep.t() -> ea @ ep
# fault: nn.PReLU(32) -> nn.PReLU(16)
# fault: torch.ones(4)) -> torch.ones(5))
# fault: torch.arange(4) -> torch.arange(5)
# fault: loss_fn(ea, ep, en) -> loss_fn(ea, ep)
# fault: 32 * 4 * 4 -> 32 * 5 * 5
# fault: net(a, p, n) -> net((a, p, n))
# fault: ea, ep, en = net(a, p, n) -> ea, ep = net(a, p, n)
# fault: torch.cdist(ea, en) -> torch.cdist(ea, en.t())
# fault: TripletNet(EmbeddingNet()) -> TripletNet(EmbeddingNet)
# fault: for _ in range(3)) -> for _ in range(2))
# fault: p=2, dim=1) -> p=2, dim=2)
# fault: F.cosine_similarity(ea, ep) -> F.cosine_similarity(ea, ep.view(4, 16, 2))
# fault: mm / 0.07, labels -> mm / 0.07, labels.float()
