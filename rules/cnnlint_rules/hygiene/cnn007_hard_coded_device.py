"""CNN007 hard-coded-device."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph
from cnnlint.rule import Category, Example, Finding, Rule, Severity

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        {forward}
"""


class HardCodedDevice(Rule):
    """A module names the device it runs on.

    What it does
    ------------
    Finds `.cuda()`, `.to("cuda")`, `device="cuda:0"` and `torch.cuda.FloatTensor` in the code of modules.

    Why it matters
    --------------
    The module fails on machines without that device, on MPS, and on a second GPU, where activations live on `cuda:1`
    and the tensor made here on `cuda:0`. A module is moved from outside, with `.to(device)`; what it makes itself
    should follow its input.

    Example
    -------

        mask = torch.zeros(n, n).cuda()

    Use instead
    -----------

        mask = torch.zeros(n, n, device=x.device)

    When not to worry
    -----------------
    Silent where `torch.cuda.is_available()` guards it and outside modules.

    References
    ----------
    https://pytorch.org/docs/stable/notes/cuda.html#device-agnostic-code
    """

    code = "CNN007"
    name = "hard-coded-device"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(forward="return self.conv(x.cuda())"),
            ((7, "cuda() names the device cuda: fails on other devices"),),
            why="the cuda method",
        ),
        Example(
            _NET.format(forward='return self.conv(x) + torch.zeros(1, device="cuda:0")'),
            ((7, "zeros() names the device cuda:0: fails on other devices"),),
            why="a factory",
        ),
    )
    good = (
        Example(_NET.format(forward="return self.conv(x) + torch.zeros(1, device=x.device)"), why="follows its input"),
        Example(
            _NET.format(forward="return self.conv(x.cuda() if torch.cuda.is_available() else x)"),
            why="guarded",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each device named."""
        for device in model.facts.devices:
            yield self.finding(
                device.span,
                f"{device.call}() names the device {device.text}: fails on other devices",
                help="device=x.device" if device.in_forward else "move the module from outside, with .to(device)",
                data={"device": device.text},
            )
