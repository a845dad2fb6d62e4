"""CNN906 head-replacement-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.dims import Dim
from cnnlint.graph.queries.scripts import heads_of, indexed, place_in
from cnnlint.graph.script import HeadReplaced, ScriptView
from cnnlint.graph.wording import number, plain
from cnnlint.rule import Category, Edit, Example, Finding, Fix, ReplaceSpan, Rule, SetArgument, Severity

_NAMES = frozenset({"fc", "classifier", "head", "heads"})
"""What torchvision's networks call their heads."""

_FIRST_ARGUMENTS = {"Linear": "in_features", "Conv2d": "in_channels"}
"""What a head of one layer calls its width."""

_START = """\
from torch import nn
from torchvision import models

model = models.{name}({arguments})
"""


def _script(name: str, line: str, arguments: str = 'weights="DEFAULT"') -> str:
    return _START.format(name=name, arguments=arguments) + line + "\n"


class HeadReplacementMismatch(Rule):
    """A new head is put where the network never looks, or reads another number of features than the network gives.

    What it does
    ------------
    Knows the heads of torchvision's classification networks. Finds heads assigned to an attribute that the network does
    not have (`efficientnet_b0().fc`, `resnet18().classifier`), and linear heads whose `in_features` differs from that
    of the layer they replace (`vgg16().classifier = nn.Linear(4096, k)`, which needs 25,088).

    Why it matters
    --------------
    Assigning an attribute that `forward` never reads changes nothing: the network goes on returning 1,000 scores, and
    no error says so. A head of the wrong width raises at the first call: "mat1 and mat2 shapes cannot be multiplied".

    Example
    -------

        model = models.efficientnet_b0()
        model.fc = nn.Linear(1280, 5)

    Use instead
    -----------

        model = models.efficientnet_b0()
        model.classifier[1] = nn.Linear(model.classifier[1].in_features, 5)

    When not to worry
    -----------------
    Networks of other libraries are not judged (timm has `reset_classifier`), nor are attributes that the file calls
    itself, heads behind another part that was replaced, or heads that begin with anything but a linear layer.

    References
    ----------
    torchvision's sources; https://github.com/pytorch/vision/issues/3547, https://github.com/pytorch/vision/issues/8631.
    """

    code = "CNN906"
    name = "head-replacement-mismatch"
    category = Category.TRANSFER
    severity = Severity.ERROR
    raises = False
    numbers = {"1,000": 1000}

    bad = (
        Example(
            _script("efficientnet_b0", "model.fc = nn.Linear(1280, 5)"),
            ((5, ("efficientnet_b0 has no fc: nothing reads it, and the output keeps the old classes; its head is "
              "classifier[1] (1,280 features)")),),
            why="an attribute the network does not have",
        ),
        Example(
            _script("resnet18", "model.fc = nn.Linear(2048, 5)"),
            ((5, "the new fc reads 2,048 features, resnet18 gives it 512"),),
            why="the width of another network",
        ),
        Example(
            _script("vgg16", "model.classifier = nn.Linear(4096, 5)"),
            ((5, "the new classifier reads 4,096 features, vgg16 gives it 25,088"),),
            why="the width of the last layer for the whole classifier",
        ),
        Example(
            _script("squeezenet1_0", "model.classifier[1] = nn.Conv2d(256, 5, kernel_size=1)"),
            ((5, "the new classifier[1] reads 256 features, squeezenet1_0 gives it 512"),),
            why="a convolution as the head",
        ),
        Example(
            _script("vit_b_16", "model.head = nn.Linear(512, 5)"),
            ((5, ("vit_b_16 has no head: nothing reads it, and the output keeps the old classes; its head is "
              "heads.head (768 features)")),),
            why="another attribute and another width",
        ),
        Example(
            _script("resnet50", "model.classifier = nn.Sequential(nn.Dropout(), nn.Linear(2048, 5))"),
            ((5, ("resnet50 has no classifier: nothing reads it, and the output keeps the old classes; its head is fc "
              "(2,048 features)")),),
            why="another network's attribute",
        ),
    )  # fmt: skip
    good = (
        Example(_script("resnet50", "model.fc = nn.Linear(model.fc.in_features, 5)"), why="the idiom"),
        Example(_script("vgg16", "model.classifier[6] = nn.Linear(4096, 5)"), why="the last layer of a classifier"),
        Example(
            _script("mobilenet_v3_large", "model.classifier[-1] = nn.Linear(1280, 5)"),
            why="counted from the end",
        ),
        Example(
            _script(
                "resnet50",
                "model.fc = nn.Identity()\nmodel.classifier = nn.Linear(2048, 5)\n\n\n"
                "def predict(x):\n    return model.classifier(model(x))",
            ),
            why="the file calls the new part itself",
        ),
        Example(
            _script("vgg16", "model.avgpool = nn.AdaptiveAvgPool2d(1)\nmodel.classifier = nn.Linear(512, 5)"),
            why="another part in front of the head is replaced too",
        ),
        Example(
            "from torch import nn, optim\nfrom my_networks import resnet18\n\nmodel = resnet18()\n"
            "model.fc = nn.Linear(8, 5)\noptimizer = optim.SGD(model.parameters(), lr=0.1)\n",
            why="an unknown constructor",
        ),
        Example(
            _script(
                "resnet50",
                "model.head = nn.Linear(2048, 5)\n\n\ndef forward(self, x):\n"
                "    return self.head(self.avgpool(self.layer4(x)).flatten(1))\n\n\n"
                "model.forward = forward.__get__(model)",
            ),
            why="forward is overridden",
        ),
        Example(
            _script("resnet50", "model.fc = nn.Linear(2048, 5)")
            + 'import timm\n\nother = timm.create_model("resnet50")\nother.classifier = nn.Linear(512, 5)\n'
            "other.reset_classifier(5)\n",
            why="timm's networks have names of their own for their heads",
        ),
    )  # fmt: skip

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """One finding for each replaced part."""
        for event in script.events:
            if isinstance(event, HeadReplaced) and event.architecture and event.certain:
                if not event.existed:
                    yield from self._unread(event)
                elif event.in_features is not None and event.expected is not None:
                    yield from self._mismatch(script, event)

    def _unread(self, event: HeadReplaced) -> Iterator[Finding]:
        if event.attribute not in _NAMES or event.called or not event.heads:
            return
        place, width = event.heads[0]
        yield self.finding(
            event.span,
            f"{event.architecture} has no {event.attribute}: nothing reads it, and the output keeps the old classes; "
            f"its head is {indexed(place)} ({number(width)} features)",
            help=f"assign to {indexed(place)}",
            data={"attribute": event.attribute, "head": place, "in_features": plain(width)},
            fix=_at_the_head(event, place, width),
        )

    def _mismatch(self, script: ScriptView, event: HeadReplaced) -> Iterator[Finding]:
        others = [other for other in heads_of(script, event.model) if other is not event]
        if event.in_features == event.expected or others:
            return
        fix = None
        if event.built_at is not None and event.type in _FIRST_ARGUMENTS:
            fix = Fix((SetArgument(event.built_at, _FIRST_ARGUMENTS[event.type], str(event.expected), 0),))
        yield self.finding(
            event.span,
            f"the new {place_in(event)} reads {number(event.in_features)} features, {event.architecture} gives it "
            f"{number(event.expected)}",
            help="take in_features from the layer that is replaced",
            data={"in_features": plain(event.in_features), "expected": plain(event.expected)},
            fix=fix,
        )


def _at_the_head(event: HeadReplaced, place: str, width: Dim) -> Fix | None:
    """The same assignment where the network's head is, with the width that it reads."""
    if not event.receiver or not isinstance(width, int):
        return None
    edits: list[Edit] = [ReplaceSpan(event.span, f"{event.receiver}.{indexed(place)}")]
    if event.in_features != width:
        if event.built_at is None or event.type not in _FIRST_ARGUMENTS:
            return None
        edits.append(SetArgument(event.built_at, _FIRST_ARGUMENTS[event.type], str(width), 0))
    return Fix(tuple(edits))
