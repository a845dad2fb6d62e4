"""CNN301 fc-head-on-spatial-map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from cnnlint.graph.dims import product
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, AdaptivePooling, Dense
from cnnlint.graph.queries.chains import forward_chain
from cnnlint.graph.queries.heads import Flattened, dense_chain, flattened_input
from cnnlint.graph.queries.layers import built_only_by
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number, percent, times
from cnnlint.rule import (
    Applicability,
    Category,
    Edit,
    Example,
    Finding,
    Fix,
    Related,
    ReplaceCallee,
    ReplaceSpan,
    Rule,
    SetArgument,
    Severity,
)  # fmt: skip

_BOUNDED = frozenset({"tanh", "hardtanh"})

_WIDTHS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
_VGG = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 512, 3, padding=1), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d({pool})
        self.classifier = nn.Sequential(
            nn.Linear({features}, {width}),
            nn.ReLU(),
            nn.Linear({width}, {classes}),
        )

    def forward(self, x):
        x = torch.flatten(self.pool(self.features(x)), 1)
        return self.classifier(x){after}
"""


class FcHeadOnSpatialMap(Rule):
    """A linear layer on a flattened map holds most of a network's parameters.

    What it does
    ------------
    Finds linear layers that read a flattened map `(C, H, W)` with more than one position and have at least a million
    parameters or a quarter of the model's (options `min-parameters`, `min-share`), and computes what they would have
    behind global average pooling.

    Why it matters
    --------------
    The layer has `C·H·W·F + F` parameters; behind global average pooling `C·F + F`, its weights divided by `H·W`. In
    VGG-16 the first linear layer takes 102,764,544 of 138,357,544 parameters, with 7×7 positions averaged it would
    take 2,101,248. Pooling has "no parameter to optimize", "thus overfitting is avoided at this layer" (Lin et al.,
    arXiv 1312.4400, section 3.2), and frees the network of one input size.

    Example
    -------

        nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(512 * 7 * 7, 4096)

    Use instead
    -----------

        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 4096)

    When not to worry
    -----------------
    Where the output depends on positions, averaging throws away what matters: boxes, landmarks, poses, the localiser
    of a spatial transformer, policies and values. The rule is silent when the head's result is used inside the model
    (an autoencoder, a localiser) or is one of several outputs, when it is a single number (a discriminator), when it
    ends in a tanh (a quantity, not classes), when a layer or class is called by a word for such a task (option
    `position-words`), and for models of fewer than 100,000 parameters. Pretrained weights of the old layer do not fit
    the new one.

    References
    ----------
    Network in Network, arXiv 1312.4400, section 3.2; VGG, arXiv 1409.1556.
    """

    code = "CNN301"
    name = "fc-head-on-spatial-map"
    category = Category.HEAD
    severity = Severity.ADVICE
    numbers = {
        "138,357,544": sum(9 * fan_in * out + out for fan_in, out in pairwise(_WIDTHS))
        + (25_088 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 1000 + 1000)
    }  # fmt: skip

    bad = (
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=4096, classes=1000, after=""),
            (
                (
                    7,
                    (
                        "Linear on a flattened 512×7×7 map: 102,764,544 parameters (96.2 % of the model); "
                        "global average pooling leaves 2,101,248"
                    ),
                ),
            ),
            why="the head of VGG-16",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(1, 32, 3, padding=1)\n"
            "        self.fc1 = nn.Linear(32 * 14 * 14, 128)\n"
            "        self.fc2 = nn.Linear(128, 10)\n\n"
            "    def forward(self, x):\n"
            "        x = torch.max_pool2d(self.conv(x).relu(), 2)\n"
            "        x = x.view(x.size(0), -1)\n"
            "        return self.fc2(self.fc1(x).relu())\n",
            (
                (
                    5,
                    (
                        "Linear on a flattened 32×14×14 map: 802,944 parameters (99.8 % of the model); global average "
                        "pooling leaves 4,224"
                    ),
                ),
            ),
            why="less than a million parameters, but nearly all of the model",
        ),
        Example(
            "class Net(nn.Sequential):\n"
            "    def __init__(self):\n"
            "        super().__init__(\n"
            "            nn.Conv2d(3, 64, 3, 4, 1),\n"
            "            nn.ReLU(),\n"
            "            nn.Flatten(),\n"
            "            nn.Linear(64 * 8 * 8, 100),\n"
            "        )\n",
            (
                (
                    7,
                    (
                        "Linear on a flattened 64×8×8 map: 409,700 parameters (99.6 % of the model); global average "
                        "pooling leaves 6,500"
                    ),
                ),
            ),
            ("3x32x32",),
            "a Flatten layer",
        ),
    )
    good = (
        Example(_VGG.format(pool=1, features=512, width=4096, classes=1000, after=""), why="one position"),
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=4096, classes=1000, after=".view(-1, 10, 10, 10)"),
            why="the result is used inside the model, as in an autoencoder",
        ),
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=4096, classes=1, after=""),
            why="a single number, as a discriminator gives",
        ),
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=64, classes=2, after=".tanh()"),
            why="a quantity between -1 and 1, such as a steering angle",
        ),
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=64, classes=6, after="").replace("Net", "PolicyNet"),
            why="a class that says what it is for: values of actions",
        ),
        Example(
            _VGG.replace("classifier", "box").format(pool=7, features="512 * 7 * 7", width=64, classes=4, after=""),
            why="a layer that predicts boxes needs positions",
        ),
        Example(
            _VGG.format(pool=7, features="512 * 7 * 7", width=4096, classes=1000, after=", x"),
            why="one of several outputs",
        ),
        Example(
            "class Net(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.conv = nn.Conv2d(1, 16, 5)\n"
            "        self.fc = nn.Linear(16 * 24 * 24, 10)\n\n"
            "    def forward(self, x):\n"
            "        return self.fc(torch.flatten(self.conv(x), 1))\n",
            why="a model of 92,592 parameters",
        ),
    )

    @dataclass(frozen=True)
    class Options:
        min_parameters: int = 1_000_000
        """A layer with as many parameters is reported, whatever the size of the model."""
        min_share: float = 0.25
        """A layer with this part of the model's parameters is reported."""
        min_model: int = 100_000
        """Models with fewer parameters are left alone."""
        position_words: tuple[str, ...] = (
            "box", "landmark", "keypoint", "pose", "regress", "locali", "policy", "value", "actor", "critic", "dqn",
            "qnet", "discriminator", "encoder", "coord",
        )  # fmt: skip
        """Parts of layer and class names that tell of outputs which need positions."""

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each large linear layer on a map."""
        total = model.parameters
        if not isinstance(total, int) or total < self.options.min_model or len(model.returned) != 1:
            return
        for node in model.nodes:
            if isinstance(node.op, Dense) and node.certain and node.problem is None:
                flat = flattened_input(model, node.inputs[0])
                if flat is not None and own_layer(node) is not None:
                    yield from self._judged(model, node, node.op, flat, total)

    def _judged(self, model: ModelGraph, node: Node, op: Dense, flat: Flattened, total: int) -> Iterator[Finding]:
        features, out, positions = product(flat.shape), op.out_features, product(flat.shape[1:])
        channels = flat.shape[0]
        if not (isinstance(features, int) and isinstance(out, int) and isinstance(positions, int)):
            return
        parameters = features * out + out * op.bias
        large = parameters >= self.options.min_parameters or parameters >= self.options.min_share * total
        if positions > 1 and large and isinstance(channels, int) and not self._needs_positions(model, node):
            yield self._finding(model, node, flat, parameters, channels * out + out * op.bias, total)

    def _needs_positions(self, model: ModelGraph, node: Node) -> bool:
        chain = dense_chain(model, node)
        if chain is None or not isinstance(chain[-1].op, Dense) or chain[-1].op.out_features == 1:
            return True
        # Classes are scores or probabilities; what ends between -1 and 1 is a quantity.
        if any(
            isinstance(each.op, Activation) and each.op.name in _BOUNDED for each in forward_chain(model, chain[-1])
        ):
            return True
        names = [model.name.lower(), *(each.module.name.lower() for each in chain)]
        return any(word in name for word in self.options.position_words for name in names)

    def _finding(self, model: ModelGraph, node: Node, flat: Flattened, now: int, then: int, total: int) -> Finding:
        head = sum(_parameters(each) for each in dense_chain(model, node) or ())
        layer = own_layer(node)
        assert layer is not None
        return self.finding(
            layer,
            f"Linear on a flattened {times(flat.shape)} map: {number(now)} parameters ({percent(now / total)} of the "
            f"model); global average pooling leaves {number(then)}",
            help=f"nn.AdaptiveAvgPool2d(1), in_features={flat.shape[0]}; the whole head has {number(head)} parameters",
            data={"parameters": now, "pooled_parameters": then, "head_parameters": head, "model_parameters": total},
            related=[Related(flat.node.span, "flattened here")],
            fix=_pooled(model, node, flat, now - then),
        )


def _parameters(node: Node) -> int:
    counts = [parameter.count for parameter in node.module.parameters]
    return sum(count for count in counts if isinstance(count, int))


def _pooled(model: ModelGraph, node: Node, flat: Flattened, saves: int) -> Fix | None:
    """One position in front of the linear layer: the adaptive pool that stands there, else the mean in place of the
    flatten, whether that is a function, a method or a layer."""
    pool, place = model.producer(flat.map), built_only_by(model, node)
    if place is None or node.module.type != "Linear":
        return None
    pooling: Edit = ReplaceCallee(flat.node.span, ".mean", str(tuple(range(2, len(flat.shape) + 1))))
    if pool is not None and isinstance(pool.op, AdaptivePooling):
        built = built_only_by(model, pool)
        if built is None:
            return None
        pooling = SetArgument(built, "output_size", "1", 0)
    elif own_layer(flat.node) is not None:
        built = built_only_by(model, flat.node)
        if built is None:
            return None
        pool_to_one = f"torch.nn.AdaptiveAvgPool{len(flat.shape) - 1}d(1)"
        pooling = ReplaceSpan(built, f"torch.nn.Sequential({pool_to_one}, torch.nn.Flatten())")
    edits = (pooling, SetArgument(place, "in_features", str(flat.shape[0]), 0))
    return Fix(edits, Applicability.UNSAFE, saves=saves)
