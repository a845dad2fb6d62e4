"""CNN007 hard-coded-device."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import DeviceLiteral
from cnnlint.graph.model import ModelGraph
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    ReplaceCallee,
    Rule,
    SetArgument,
    Severity,
)  # fmt: skip

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
    Silent where `torch.cuda.is_available()` guards it, for devices that an argument or attribute holds, and outside
    modules. A module around a kernel that exists for CUDA only may say so with a suppression comment.

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
            ((7, "cuda() ties the module to cuda: it fails on a CPU, on MPS and on another GPU"),),
            why="the cuda method",
        ),
        Example(
            _NET.format(forward='return self.conv(x) + torch.zeros(1, device="cuda:0")'),
            ((7, "zeros() ties the module to cuda:0: it fails on a CPU, on MPS and on another GPU"),),
            why="a factory",
        ),
        Example(
            _NET.format(forward="return self.conv(x) + torch.zeros(1).to('cuda') + torch.ones(1).cuda()"),
            (
                (7, "to() ties the module to cuda: it fails on a CPU, on MPS and on another GPU"),
                (7, "cuda() ties the module to cuda: it fails on a CPU, on MPS and on another GPU"),
            ),
            why="new tensors moved",
        ),
        Example(
            _NET.format(forward="return self.conv(x)").replace("3)", "3, device=torch.device('cuda'))"),
            ((4, "Conv2d() ties the module to cuda: it fails on a CPU, on MPS and on another GPU"),),
            why="a layer",
        ),
        Example(
            _NET.format(forward="return self.conv(x) + torch.cuda.FloatTensor(1).fill_(0)"),
            ((7, "FloatTensor() ties the module to cuda: it fails on a CPU, on MPS and on another GPU"),),
            why="a tensor type of CUDA's",
        ),
    )
    good = (
        Example(_NET.format(forward="return self.conv(x) + torch.zeros(1, device=x.device)"), why="follows its input"),
        Example(
            _NET.format(forward="return self.conv(x.cuda() if torch.cuda.is_available() else x)"),
            why="guarded",
        ),
        Example(
            _NET.format(forward="return self.conv(x) + torch.zeros(1, device=self.device)")
            .replace("(self)", "(self, device='cuda')")
            .replace("        self.conv", "        self.device = device\n        self.conv", 1),
            why="an argument, for which cuda is only the default",
        ),
        Example(
            _NET.format(forward="return self.conv(x)") + "\n\ndef run(net: Net, x):\n    return net.cuda()(x.cuda())\n",
            why="outside the module",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each device named."""
        for device in model.facts.devices:
            follows = f"{device.tensor}.device" if device.tensor else "x.device"
            yield self.finding(
                device.span,
                f"{device.call}() ties the module to {device.text}: it fails on a CPU, on MPS and on another GPU",
                help=f"device={follows}" if device.in_forward else "move the module from outside, with .to(device)",
                data={"device": device.text},
                fix=_following(device) if device.in_forward and device.tensor else None,
            )


def _following(device: DeviceLiteral) -> Fix | None:
    """A new tensor on the device of one that the function was given."""
    if device.call == "type" or device.call.endswith("Tensor"):
        return None
    position = 0 if device.call in ("to", "cuda") else None
    edits: tuple[Edit, ...] = (SetArgument(device.span, "device", f"{device.tensor}.device", position),)
    if device.call == "cuda":
        edits = (ReplaceCallee(device.span, ".to"), *edits)
    return Fix(edits, Applicability.SAFE)
