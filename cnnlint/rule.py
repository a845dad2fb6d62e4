"""The public plugin API: what a rule is, and what it reports.

A rule is one class in one file. It is given a frozen :class:`~cnnlint.graph.model.ModelGraph` and yields findings; it
never sees syntax, files or configuration other than its own options.

    class EvenKernel(Rule):
        '''...'''
        code, name, category, severity = "ACME001", "even-kernel", "shape", Severity.ADVICE

        def check(self, model: ModelGraph) -> Iterator[Finding]:
            for node in model.nodes:
                match node.op:
                    case Convolution(kernel_size=(2, 2)):
                        yield self.finding(node, "a 2x2 kernel has no centre")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from cnnlint.graph.model import Failure, ModelGraph, Module, Node
from cnnlint.graph.script import ScriptView
from cnnlint.graph.span import Span

__all__ = [
    "Applicability", "BuildEach", "BuildOnce", "Category", "DeleteLine", "Edit", "Example", "Finding", "Fix",
    "InsertFirst", "InsertLine", "MoveFirst", "Proof", "Related", "RemoveArgument", "ReplaceCallee", "ReplaceSpan",
    "Rule", "SetArgument", "Severity", "Unaugment", "Unwrap", "WrapArgument", "WrapValue",
]  # fmt: skip


class Severity(StrEnum):
    """``error``: raises, or is certainly wrong; ``warning``: almost always undesirable; ``advice``: a trade-off."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Category(StrEnum):
    """The families of the catalogue, by the hundreds digit of a code. A plugin may use its own word."""

    HYGIENE = "hygiene"
    SHAPE = "shape"
    EFFICIENCY = "efficiency"
    HEAD = "head"
    RECEPTIVE_FIELD = "receptive-field"
    RESAMPLING = "resampling"
    NORMALISATION = "normalisation"
    RESIDUAL = "residual"
    MOBILE = "mobile"
    TRANSFER = "transfer"


class Proof(StrEnum):
    """``static``: read from source; ``confirmed``: a trace shows it; ``refuted``: a trace contradicts it."""

    STATIC = "static"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class Applicability(StrEnum):
    """``safe``: same forward values and state dict; ``unsafe``: may change values, keys or behaviour; ``display``:
    shown only."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class SetArgument:
    """Give the call at ``span`` the keyword argument ``name`` with the source text ``value``. An argument that is
    there already, by position (``position`` of the parameter) or by keyword, is replaced."""

    span: Span
    name: str
    value: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveArgument:
    """Take the argument ``name`` from the call at ``span``."""

    span: Span
    name: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class WrapArgument:
    """Put the source texts ``before`` and ``after`` around the argument at ``position`` of the call at ``span``."""

    span: Span
    position: int
    before: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class WrapValue:
    """Put the source texts ``before`` and ``after`` around the value that the statement at ``span`` assigns;
    ``alone``: in place of the whole assignment, so that a call takes over what it did."""

    span: Span
    before: str
    after: str = ")"
    alone: bool = False


@dataclass(frozen=True, slots=True)
class ReplaceCallee:
    """Call ``callee`` (source text) in place of the function named at ``span``. ``.Identity`` keeps the qualifier that
    is there: ``nn.ReLU`` becomes ``nn.Identity``; a function without one is left alone. ``arguments`` (source text)
    take the place of those that are there, but for the tensor that is worked on: a method's object, or the first
    argument of a function that an import names."""

    span: Span
    callee: str
    arguments: str | None = None


@dataclass(frozen=True, slots=True)
class Unwrap:
    """Put the tensor that the call at ``span`` works on in place of the call: ``x`` for ``F.relu(x)`` and
    ``x.relu()``."""

    span: Span


@dataclass(frozen=True, slots=True)
class ReplaceSpan:
    """Put the source text ``text`` in place of the expression at ``span``."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class InsertLine:
    """Put the statement ``text`` on a line of its own before the statement at ``span``, or ``behind`` it, at the same
    indentation."""

    span: Span
    text: str
    behind: bool = False


@dataclass(frozen=True, slots=True)
class InsertFirst:
    """Put the statement ``text`` first in the function that ``span`` stands in, behind its docstring."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class MoveFirst:
    """Move the statement at ``span`` to where :class:`InsertFirst` puts one."""

    span: Span


@dataclass(frozen=True, slots=True)
class DeleteLine:
    """Take away the statement at ``span``."""

    span: Span


@dataclass(frozen=True, slots=True)
class Unaugment:
    """Write the augmented assignment at ``span`` as a plain one: ``a += b`` becomes ``a = a + b``."""

    span: Span


@dataclass(frozen=True, slots=True)
class BuildEach:
    """Write the list with the construction at ``span``, which is multiplied, as a comprehension: ``[f()] * n`` becomes
    ``[f() for _ in range(n)]``. Where a function builds it, the multiplied list stands at ``container``."""

    span: Span
    container: Span | None = None


@dataclass(frozen=True, slots=True)
class BuildOnce:
    """Evaluate the expression at ``span`` at the end of ``__init__``, as ``self.<name>`` (with a number behind it if
    the class has that name already), and read that in its place."""

    span: Span
    name: str


Edit = (
    SetArgument | RemoveArgument | WrapArgument | WrapValue | ReplaceCallee | ReplaceSpan | InsertLine | InsertFirst
    | MoveFirst | Unwrap | DeleteLine | Unaugment | BuildEach | BuildOnce
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fix:
    """What to change, as intents; ``cnnlint.fix`` turns them into edits of the text. A name of torch's stands in their
    source texts in full, ``torch.nn.ModuleList``; it is written as the file imports it, ``nn.ModuleList``.

    ``drops_parameters``: a key leaves the state dict, so in a file that loads weights the fix is unsafe at best.
    ``saves`` is how many parameters the finding says that its layer loses by the fix, where it says so; ``--trace``
    holds that against the model with the fix applied."""

    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.UNSAFE
    drops_parameters: bool = False
    saves: int | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that matters to a finding: the producer of a shape, the other half of a pair."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule has to say. ``message`` states the fact with its numbers (no capital, no full stop), ``help``
    the remedy; ``layer`` is the qualified module name; ``data`` holds the message's numbers for programs."""

    code: str
    name: str
    category: str
    severity: Severity
    message: str
    span: Span
    model: str = ""
    layer: str = ""
    help: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    proof: Proof = Proof.STATIC


@dataclass(frozen=True, slots=True)
class Example:
    """A snippet of a rule's documentation and its test at once.

    ``source`` is a whole file (``import torch`` and ``from torch import nn`` are put in front where it has no
    imports of its own). ``expect`` holds ``(line, message)`` for each finding of the rule, in order, lines counted
    in ``source``. ``inputs`` are shapes as for ``--input``. ``why`` names the exemption or the case."""

    source: str
    expect: tuple[tuple[int, str], ...] = ()
    inputs: tuple[str, ...] = ()
    why: str = ""


class Rule:
    """Base class of rules.

    The docstring documents the rule under these headings, each on a line of its own: ``What it does``, ``Why it
    matters``, ``Example``, ``Use instead``, ``When not to worry``, ``References``. Its first line is the summary.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    category: ClassVar[str]
    severity: ClassVar[Severity]
    opt_in: ClassVar[bool] = False
    """Off unless selected by code or name, or by the ``target`` setting."""
    targets: ClassVar[frozenset[str]] = frozenset()
    """Values of the ``target`` setting that switch an opt-in rule on."""
    raises: ClassVar[bool] = True
    """Whether torch raises where a finding of severity error stands, as the model is built or called. The tester holds
    rules whose own severity is error to it; those that report silent faults set it to false."""
    numbers: ClassVar[Mapping[str, float]] = {}
    """Numbers that the docstring states and no message of the examples does, each with its computation:
    ``{"8.47": 9 * 256 * 256 / (2 * 256 * 64 + 9 * 64 * 64)}``; a percentage is computed as a part of 1."""
    quoted: ClassVar[Mapping[str, str]] = {}
    """Numbers that the docstring only quotes, each with the words under ``References`` that name who measured them."""
    bad: ClassVar[Sequence[Example]] = ()
    good: ClassVar[Sequence[Example]] = ()

    @dataclass(frozen=True)
    class Options:
        """Typed settings of ``[tool.cnnlint.rules.<name>]``; a rule with settings overrides this class."""

    def __init__(self, options: Any = None) -> None:
        self.options = options if options is not None else self.Options()

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """The findings in one network."""
        yield from ()

    def check_script(self, script: ScriptView) -> Iterator[Finding]:
        """The findings in the code around networks: losses, frozen parameters, optimizers."""
        yield from ()

    def finding(
        self,
        at: Node | Module | Failure | Span,
        message: str,
        *,
        layer: str | None = None,
        severity: Severity | None = None,
        help: str = "",
        data: Mapping[str, Any] | None = None,
        related: Sequence[Related] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule at a node's call, a module's construction, a failure or a span."""
        span, name = _place(at)
        return Finding(
            self.code, self.name, self.category, severity or self.severity, message, span,
            layer=name if layer is None else layer, help=help, data=dict(data or {}), related=tuple(related), fix=fix,
        )  # fmt: skip


def _place(at: Node | Module | Failure | Span) -> tuple[Span, str]:
    match at:
        case Node(span=span, module=module):
            return span, module.name
        case Module(built_at=span, name=name):
            return span or Span("", 1, 1, 1, 1), name
        case Failure(span=span, module=name):
            return span, name
        case _:
            return at, ""
