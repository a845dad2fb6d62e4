"""CNN603 redundant-activation."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Dropout, Identity, Pooling
from cnnlint.graph.queries.chains import source
from cnnlint.graph.queries.layers import built_only_by, layer_of, place_of
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, ReplaceCallee, Rule, Severity

_NOT_NEGATIVE = {"relu", "relu6", "sigmoid", "hardsigmoid", "softmax", "softplus"}
_UP_TO_ONE = {"sigmoid", "hardsigmoid", "softmax"}

# What the second activation does to the values of the first.
_NO_OPS = {
    **{(first, second): "changes nothing" for first in _NOT_NEGATIVE for second in ("relu", "leaky_relu", "elu")},
    **{(first, "relu6"): "changes nothing" for first in (*_UP_TO_ONE, "relu6")},
}
_BOUNDED = frozenset({"relu6", "sigmoid", "tanh"})
_SQUASHED = {
    ("sigmoid", "sigmoid"): "leaves values between 0.5 and 0.731",
    ("sigmoid", "tanh"): "leaves values between 0 and 0.762",
    ("softmax", "sigmoid"): "leaves values between 0.5 and 0.731",
}


class RedundantActivation(Rule):
    """An activation behind another one that changes nothing, or squeezes the values into a narrow range.

    What it does
    ------------
    Reports an activation that follows another, directly or through max pooling, dropout or identity: ReLU over values
    that are never negative, ReLU6 over values that never exceed 6, and sigmoid or tanh over a sigmoid.

    Why it matters
    --------------
    `relu(relu(x)) = relu(x)`: the second costs a pass over the map for nothing and often marks a layer that was
    forgotten between. `sigmoid(sigmoid(x))` stays between 0.5 and 0.731 and its gradients are tiny.

    Example
    -------

        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.ReLU())

    Use instead
    -----------

        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))

    When not to worry
    -----------------
    Gates such as `x * sigmoid(x)`, concatenated ReLU and learnable activations are something else; the rule is silent
    there. The fix puts `Identity` in place of the layer, so that indices and state dict stay as they are.

    References
    ----------
    NeuraLint rule f003, https://doi.org/10.1145/3470006
    """

    code = "CNN603"
    name = "redundant-activation"
    category = Category.NORMALISATION
    severity = Severity.WARNING

    bad = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 8, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
        )
""",
            ((7, "relu behind relu changes nothing"),),
            why="twice the same, through a pool",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return torch.sigmoid(torch.sigmoid(self.fc(x)))
""",
            ((7, "sigmoid behind sigmoid leaves values between 0.5 and 0.731"),),
            why="a squashed range",
        ),
    )
    good = (
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.ReLU6())
""",
            why="ReLU6 over ReLU cuts at 6",
        ),
        Example(
            """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.conv(x)
        x = torch.cat([torch.relu(x), torch.relu(-x)], 1)
        return x * torch.sigmoid(x)
""",
            why="concatenated ReLU and a gate",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU6(), nn.Dropout2d(0.5), nn.ReLU6(), nn.Conv2d(8, 8, 3))
""",
            why="dropout doubles what it keeps, so that the second ReLU6 cuts again",
        ),
        Example(
            """\
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.PReLU())
""",
            why="a learnable activation",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each second activation."""
        for node in model.nodes:
            if not isinstance(node.op, Activation) or not node.certain or not node.inputs:
                continue
            before = source(model, node.inputs[0], _keeps_range if node.op.name in _BOUNDED else _keeps_sign)
            if before is None or not isinstance(before.op, Activation) or not before.certain:
                continue
            key = (before.op.name, node.op.name)
            effect = _NO_OPS.get(key) or _SQUASHED.get(key)
            if effect:
                yield self._finding(model, before, node, effect)

    def _finding(self, model: ModelGraph, before: Node, node: Node, effect: str) -> Finding:
        return self.finding(
            layer_of(node),
            f"{node.op.name} behind {before.op.name} {effect}",
            help="take one of the two away, or put the missing layer between them",
            data={"first": before.op.name, "second": node.op.name},
            related=[Related(place_of(before), f"{before.op.name} in front of it")],
            fix=_without(model, node) if effect == "changes nothing" else None,
        )


def _keeps_range(node: Node) -> bool:
    return isinstance(node.op, Identity) or (isinstance(node.op, Pooling) and node.op.kind == "max")


def _keeps_sign(node: Node) -> bool:
    """Dropout scales what it keeps: the sign stays, a bound does not."""
    return _keeps_range(node) or isinstance(node.op, Dropout)


def _without(model: ModelGraph, node: Node) -> Fix | None:
    """The layer as an identity, if it is called here only."""
    place = built_only_by(model, node)
    calls = [other for other in model.nodes if other.module is node.module]
    if place is None or len(calls) != 1:
        return None
    return Fix((ReplaceCallee(place, ".Identity"),), Applicability.SAFE)
