import torch
import torch.nn as nn
x = torch.randn(5, 4)
w = torch.randn(4, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
y = x @ w + b
loss = y.pow(2).mean()
loss.backward()
print(w.grad.shape)
a = torch.arange(12).reshape(3, 4)
c = a.float() / a.sum(dim=1, keepdim=True)
d = torch.stack([c, c], dim=0)
e = torch.cat([d, d], dim=2)
f = e.view(2, 3, 2, 4).permute(0, 2, 1, 3)
g = f.reshape(4, 12)
h = nn.Linear(12, 2)(g)
mask = h > 0
h[mask] = 0
k = torch.where(mask, h, torch.zeros_like(h))
m = torch.matmul(d, torch.randn(4, 6))
bm = torch.bmm(d, torch.randn(2, 4, 5))
idx = torch.tensor([0, 2])
sel = c[idx]
gth = c.gather(1, torch.zeros(3, 2, dtype=torch.long))
chunks = torch.chunk(m, 3, dim=-1)
q, kk, v = chunks
oh = nn.functional.one_hot(torch.tensor([0, 1, 2]), num_classes=4)
ex = torch.ones(3, 1).expand(3, 4) + c
tr = c.t().mm(c)
lin = nn.functional.linear(c, torch.randn(7, 4), torch.randn(7))
un = c.unfold(1, 2, 1)

# fault: x @ w + b -> x @ b + w
# fault: x @ w + b -> w @ x + b
# fault: keepdim=True) -> keepdim=False)
# fault: torch.cat([d, d], dim=2) -> torch.cat([d, c], dim=2)
# fault: e.view(2, 3, 2, 4) -> e.view(2, 3, 4, 4)
# fault: f.reshape(4, 12) -> f.view(4, 12)
# fault: f.reshape(4, 12) -> f.reshape(5, 12)
# fault: nn.Linear(12, 2)(g) -> nn.Linear(2, 12)(g)
# fault: torch.matmul(d, torch.randn(4, 6)) -> torch.matmul(d, torch.randn(3, 6))
# fault: torch.bmm(d, torch.randn(2, 4, 5)) -> torch.bmm(d, torch.randn(4, 5))
# fault: torch.bmm(d, torch.randn(2, 4, 5)) -> torch.bmm(d, torch.randn(3, 4, 5))
# fault: torch.tensor([0, 2]) -> torch.tensor([0, 3])
# fault: dtype=torch.long -> dtype=torch.float
# fault: torch.zeros(3, 2, dtype -> torch.zeros(4, 2, dtype
# fault: q, kk, v = chunks -> q, kk = chunks
# fault: num_classes=4) -> num_classes=2)
# fault: .expand(3, 4) -> .expand(2, 4)
# fault: c.t().mm(c) -> c.mm(c)
# fault: torch.randn(7, 4), torch.randn(7) -> torch.randn(4, 7), torch.randn(7)
# fault: c.unfold(1, 2, 1) -> c.unfold(1, 5, 1)
# fault: h[mask] = 0 -> h[mask.t()] = 0
# fault: w.grad.shape -> w.grads.shape
# fault: loss.backward() -> y.backward()
# fault: b = torch.zeros(3, requires_grad=True) -> b = torch.zeros(4, requires_grad=True)
# fault: torch.arange(12) -> torch.arange(10)
# fault: torch.stack([c, c], dim=0) -> torch.stack([c, a[:2]], dim=0)
# fault: a.float() / a.sum -> a.flot() / a.sum
# fault: torch.chunk(m, 3, dim=-1) -> torch.split(m, [3, 2], dim=-1)
