"""CNN609 inplace-on-shared-tensor."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Elementwise, Merge, MergeKind
from cnnlint.graph.queries.layers import layer_of, place_of
from cnnlint.graph.queries.mutation import Mutation, Needed, harmful_mutations
from cnnlint.rule import (
    Applicability,
    Category,
    Example,
    Finding,
    Fix,
    Related,
    Rule,
    SetArgument,
    Severity,
    Unaugment,
)  # fmt: skip

# Where ``inplace`` stands among the positional parameters of a constructor.
_POSITIONS = {
    **dict.fromkeys(("ReLU", "ReLU6", "SiLU", "SELU", "Mish", "Hardswish", "Hardsigmoid"), 0),
    **dict.fromkeys(("LeakyReLU", "ELU", "CELU", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"), 1),
    "Hardtanh": 2,
}


class InplaceOnSharedTensor(Rule):
    """An in-place operation changes a tensor that something else still needs.

    What it does
    ------------
    Reports in-place operations (`inplace=True`, `x.add_`, `x += y`) on a tensor whose producer kept it for the
    backward pass (ReLU, sigmoid, tanh, softmax, exp keep their output, as do LeakyReLU, ELU, CELU and SELU with
    `inplace=True`) or that an earlier operation kept as its input (convolutions, linear layers, normalisations, pools,
    products and most other activations): errors. An addition of a tensor to itself behind an in-place activation is a
    warning: a shortcut that was overwritten.

    Why it matters
    --------------
    Torch refuses the backward pass: "one of the variables needed for gradient computation has been modified by an
    inplace operation". Where it does not, as for a shortcut that is the same tensor as the branch, the network
    silently computes something else.

    Example
    -------

        out = self.relu(self.bn2(out))
        out += identity

    Use instead
    -----------

        out = self.relu(self.bn2(out))
        out = out + identity

    When not to worry
    -----------------
    `+=` on the output of normalisations, convolutions, pools, dropout and of activations that keep their input
    (LeakyReLU, SiLU, GELU, ELU, Hardswish, ReLU6) is fine, so `out += identity` behind a batch norm is. What is
    computed under `torch.no_grad()`, or from nothing that is trained, keeps nothing; the rule is silent there.

    References
    ----------
    https://github.com/pytorch/pytorch/issues/5687, https://pytorch.org/docs/stable/notes/autograd.html
    """

    code = "CNN609"
    name = "inplace-on-shared-tensor"
    category = Category.NORMALISATION
    severity = Severity.ERROR
    raises = False

    bad = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.conv(x)
        out = torch.relu(self.conv(x))
        out += x
        return out
""",
            ((9, "add changes the output of relu in place: backward() raises, since relu needs it"),),
            why="an addition in place behind a ReLU",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = self.stem(x)
        x += self.conv(x)
        return x
""",
            ((9, "add changes the input of conv2d in place: backward() raises, since conv2d needs it"),),
            why="the convolution kept its input",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        y = self.conv(x)
        return self.relu(x) + y
""",
            ((5, "relu changes the input of conv2d in place: backward() raises, since conv2d needs it"),),
            why="an activation in place on what another branch has read",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.conv(x)
        return x + self.relu(x)
""",
            ((9, "both operands of add are the output of relu, which changed the shortcut in place"),),
            why="a shortcut that was overwritten",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.LeakyReLU(0.1, inplace=True)

    def forward(self, x):
        out = self.act(self.norm(self.conv(x)))
        out *= torch.sigmoid(x) + 1  # a gate
        return out
""",
            ((10, "mul changes the output of leaky_relu in place: backward() raises, since leaky_relu needs it"),),
            why="in place, LeakyReLU and its kin keep their output too",
        ),
    )
    good = (
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        out = self.norm(self.conv(x))
        out += x
        return self.relu(out)
""",
            why="behind a batch norm, as in ResNet",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = nn.functional.silu(self.conv(x))
        x += self.conv(x.clone())
        return x
""",
            why="SiLU keeps its input, and the convolution a copy",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.drop = nn.Dropout(0.1)
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x):
        y = self.act(self.conv(x))
        y += x
        y = self.drop(y)
        y += x
        y = nn.functional.max_pool2d(y, 3, 1, 1)
        y += x
        return y
""",
            why="behind activations that keep their input, dropout and pools",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self, drop=0.0):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.drop = nn.Dropout(drop, inplace=True)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return self.drop((q @ k.transpose(-2, -1)).softmax(dim=-1)) @ v
""",
            why="a dropout of nothing leaves its input alone",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.teacher = nn.Conv2d(8, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        with torch.no_grad():
            target = torch.relu(self.teacher(x))
            target += x
        return (self.conv(x) - target).square()
""",
            why="no gradient is recorded",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, 8, 1, 1))

    def forward(self, x):
        x = torch.sigmoid(x)
        x += self.scale
        return x
""",
            why="the images need no gradient, so the sigmoid keeps nothing",
        ),
        Example(
            """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return x + torch.relu(self.conv(x))
""",
            why="nothing in place",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """Changes that the backward pass refuses, then overwritten shortcuts."""
        for mutation in harmful_mutations(model):
            yield self._refused(mutation)
        for node in model.nodes:
            if maker := _overwritten(model, node):
                yield self._silent(node, maker)

    def _refused(self, mutation: Mutation) -> Finding:
        node, keeper = mutation.node, mutation.keeper
        return self.finding(
            layer_of(node),
            f"{node.op.name} changes the {mutation.needed.value} of {keeper.op.name} in place: backward() raises, "
            f"since {keeper.op.name} needs it",
            help="write it out of place: inplace=False, or a = a + b for a += b",
            data={"needed": mutation.needed.value, "keeper": keeper.op.name},
            related=[Related(place_of(keeper), f"{keeper.op.name} {_KEEPS[mutation.needed]} for the backward pass")],
            fix=_out_of_place(node),
        )

    def _silent(self, node: Node, maker: Node) -> Finding:
        return self.finding(
            node,
            f"both operands of add are the output of {maker.op.name}, which changed the shortcut in place",
            severity=Severity.WARNING,
            help="write it out of place: inplace=False",
            related=[Related(place_of(maker), f"{maker.op.name} works in place here")],
            fix=_out_of_place(maker),
        )


_KEEPS = {Needed.OUTPUT: "keeps its output", Needed.INPUT: "keeps its input"}


def _overwritten(model: ModelGraph, node: Node) -> Node | None:
    """The in-place operation behind an addition of a tensor to itself."""
    if not isinstance(node.op, Merge) or node.op.kind is not MergeKind.ADD or not node.certain:
        return None
    maker = model.producer(node.inputs[0]) if len(node.inputs) == 2 and node.inputs[0] is node.inputs[1] else None
    return maker if maker is not None and getattr(maker.op, "inplace", False) and len(maker.inputs) == 1 else None


def _out_of_place(node: Node) -> Fix | None:
    """``a = a + b`` for ``a += b``; ``inplace=False`` on a layer, which is right wherever else it is called."""
    module = node.module
    if isinstance(node.op, Merge | Elementwise):
        return Fix((Unaugment(node.span),), Applicability.SAFE)
    if layer_of(node) is not module or module.built_at is None or module.type not in _POSITIONS:
        return None
    edit = SetArgument(module.built_at, "inplace", "False", _POSITIONS[module.type])
    return Fix((edit,), Applicability.SAFE) if module.builtin else None
