from dataclasses import dataclass, field
from typing import Dict, Tuple
import torch
import torch.nn as nn


@dataclass
class Config:
    in_ch: int = 3
    widths: Tuple[int, ...] = (16, 32)
    heads: Dict[str, int] = field(default_factory=lambda: {"age": 1, "gender": 2, "race": 5})
    p: float = 0.1


class MultiTask(nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        chans = [cfg.in_ch, *cfg.widths]
        self.backbone = nn.Sequential(*[
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(4, b), nn.SiLU()) for a, b in zip(chans[:-1], chans[1:])
        ])
        self.pool = nn.AdaptiveMaxPool2d((2, 2))
        self.drop = nn.Dropout2d(cfg.p)
        self.heads = nn.ModuleDict({name: nn.Linear(chans[-1] * 4, n) for name, n in cfg.heads.items()})

    def forward(self, x: torch.Tensor) -> Dict[str, torch.Tensor]:
        f = self.pool(self.drop(self.backbone(x))).flatten(1)
        return {name: head(f) for name, head in self.heads.items()}


def compute_loss(out, target):
    loss = 0.0
    loss += nn.functional.l1_loss(out["age"].squeeze(1), target["age"])
    loss += nn.functional.cross_entropy(out["gender"], target["gender"])
    loss += nn.functional.cross_entropy(out["race"], target["race"])
    return loss


cfg = Config()
model = MultiTask(cfg)
batch = {
    "image": torch.randn(6, 3, 48, 48),
    "age": torch.rand(6) * 80,
    "gender": torch.randint(2, (6,)),
    "race": torch.randint(5, (6,)),
}
out = model(batch["image"])
loss = compute_loss(out, batch)
loss.backward()

# fault: nn.GroupNorm(4, b) -> nn.GroupNorm(5, b)
# fault: nn.GroupNorm(4, b) -> nn.GroupNorm(b, 4)
# fault: chans[-1] * 4 -> chans[-1] * 2
# fault: target["race"]) -> target["ethnicity"])
# fault: out["race"], target["race"] -> out["race"], target["age"]
# fault: model(batch["image"]) -> model(batch)
# fault: (a, b, 3, 2, 1) -> (b, a, 3, 2, 1)
# fault: cfg.heads.items() -> cfg.heads
# fault: self.heads.items() -> self.heads
# fault: Config() -> Config(width=(8, 16))
# fault: Config() -> Config(widths=(6, 16))
# fault: torch.rand(6) * 80 -> torch.rand(7) * 80
# fault: MultiTask(cfg) -> MultiTask()
# fault: .flatten(1) -> .flatten(2)
# fault: loss.backward() -> loss.backwards()
