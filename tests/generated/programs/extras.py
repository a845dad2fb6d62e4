"""What else stands in such files: initialisers, checks, prints, branches for training. None of it changes a shape."""

from __future__ import annotations

from programs.draft import Draft
from programs.features import Features

INITIALISERS = (
    """\
for m in self.modules():
    if isinstance(m, nn.Conv2d):
        nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
        if m.bias is not None:
            nn.init.zeros_(m.bias)
    elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        nn.init.constant_(m.weight, 1)
        nn.init.constant_(m.bias, 0)""",
    "self.apply(self._init_weights)",
    """\
for name, param in self.named_parameters():
    if name.endswith('bias'):
        nn.init.zeros_(param)
    elif param.dim() > 1:
        nn.init.xavier_uniform_(param)""",
    "self.reset_parameters()",
)

METHODS = {
    "self.apply(self._init_weights)": """\
@staticmethod
def _init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=0.02)
    classname = m.__class__.__name__
    if classname.find('Conv') != -1 and hasattr(m, 'weight'):
        m.weight.data.normal_(0.0, 0.02)""",
    "self.reset_parameters()": """\
@torch.no_grad()
def reset_parameters(self):
    for p in self.parameters():
        if p.ndim >= 2:
            p.mul_(0.5)
        else:
            p.fill_(p.mean().item())""",
}

CHECKS = (
    "assert x.dim() == 4, f'expected a batch of images, got {tuple(x.shape)}'",
    "if x.dim() == 3:\n    x = x.unsqueeze(0)",
    "batch_size = x.size(0)",
    "if not x.is_floating_point():\n    x = x.float() / 255",
    "x = x * 2 - 1  # to [-1, 1]",
    "x = x.contiguous()",
)

LATER = (
    "if self.training:\n    x = x + 0.01 * torch.randn_like(x)",
    "x = x.to(x.dtype)",
    "# print(x.shape)",
    "self.last_shape = tuple(x.shape)",
    "x = torch.clamp(x, min=-1e4, max=1e4)",
)


def sprinkle(d: Draft, f: Features) -> None:
    """Add a few of these lines to a net, before its head is written."""
    if d.chance(0.3):
        f.forward.insert(0, d.choose(CHECKS))
    if d.chance(0.15):
        f.forward.append(d.choose(LATER))


def initialise(d: Draft, f: Features) -> None:
    """Add a weight initialiser to the end of ``__init__``."""
    if d.chance(0.3):
        chosen = d.choose(INITIALISERS)
        f.init.append(chosen)
        if chosen in METHODS:
            f.methods.append(METHODS[chosen])
