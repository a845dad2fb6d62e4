import torch
from torch import nn
import torch.nn.functional as F


class LitClassifier(nn.Module):
    def __init__(self, hparams):
        super().__init__()
        self.hparams = hparams
        self.encoder = nn.Sequential(
            nn.Conv2d(3, hparams["width"], 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(hparams["width"], hparams["width"] * 2, 3, stride=2, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )
        self.head = nn.Linear(hparams["width"] * 2, hparams["classes"])

    def forward(self, x):
        return self.head(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        logits = self(x)
        loss = F.cross_entropy(logits, y)
        acc = (logits.argmax(dim=1) == y).float().mean()
        return {"loss": loss, "acc": acc}

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.hparams["lr"], weight_decay=1e-4)
        sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
        return [opt], [sched]


class MiniTrainer:
    def __init__(self, max_epochs=1):
        self.max_epochs = max_epochs

    def fit(self, module, batches):
        (opt,), (sched,) = module.configure_optimizers()
        module.train()
        for epoch in range(self.max_epochs):
            for i, batch in enumerate(batches):
                out = module.training_step(batch, i)
                opt.zero_grad(set_to_none=True)
                out["loss"].backward()
                opt.step()
            sched.step()


torch.manual_seed(42)
batches = [(torch.randn(8, 3, 32, 32), torch.randint(0, 5, (8,))) for _ in range(3)]
MiniTrainer(max_epochs=2).fit(LitClassifier({"width": 16, "classes": 5, "lr": 1e-3}), batches)

# fault: nn.Linear(hparams["width"] * 2 -> nn.Linear(hparams["width"]
# fault: T_max=10 -> t_max=10
# fault: "lr": 1e-3 -> "learning_rate": 1e-3
# fault: out["loss"] -> out["los"]
# fault: (opt,), (sched,) = -> opt, sched =
# fault: sched.step() -> sched.step(epoch, 1, 2)
# fault: torch.randint(0, 5, (8,)) -> torch.randint(0, 5, (8, 5))
# fault: torch.randint(0, 5, (8,)) -> torch.randint(0, 5, (9,))
# fault: logits.argmax(dim=1) == y -> logits.argmax(dim=1) == y.view(2, 2)
# fault: nn.AdaptiveAvgPool2d(1), nn.Flatten(), -> nn.AdaptiveAvgPool2d(1),
# fault: set_to_none=True -> set_none=True
# fault: x, y = batch -> x, y, z = batch
