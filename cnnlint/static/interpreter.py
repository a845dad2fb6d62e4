"""The evaluator: an abstract interpreter for the Python that builds models.

It runs over libcst nodes by dispatch on their type and never touches the user's code in any other way. Whatever it
cannot know becomes :class:`~cnnlint.static.values.Unknown`; it is bounded in steps, depth and sizes, so it ends on
every input.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import libcst as cst

from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.memo import Memo
from cnnlint.static.signals import Exhausted, Raised
from cnnlint.static.trail import Trail
from cnnlint.static.values import Site, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnlint.source.imports import Project
    from cnnlint.static.recorder import Recorder, Unknowns
    from cnnlint.static.scriptlog import ScriptLog

MAX_STEPS = 2_000_000
MAX_DEPTH = 200
MAX_ITEMS = 100_000
MAX_TEXT = 1_000_000
MAX_BITS = 4096
MAX_UNKNOWNS = 200


class Interpreter:
    """The state of one evaluation. A new one is made for each entry, so that entries cannot disturb each other;
    parsed statements are shared through the project."""

    def __init__(self, project: Project, recorder: Recorder, *, training: bool = False, steps: int = MAX_STEPS) -> None:
        self.project = project
        self.recorder = recorder
        self.training = training
        self.steps = steps
        self.depth = 0
        self.stopped = False
        """Whether an evaluation was stopped before its end."""
        self.trail = Trail()
        self.certain = True
        self.guarded = 0
        """How many ``try`` statements around the current point would catch what torch raises."""
        self.hazy: dict[int, tuple[Any, Unknown]] = {}
        """Lists, dicts and sets of which not even the length is known (kept alive, so that ids stay theirs)."""
        self.modules: dict[Path, ModuleEnv] = {}
        self.unknowns: Unknowns = {}
        self.noted = 0
        """How many unknowns were noted so far, repeated ones too."""
        self.memo = Memo()
        self.frame: Frame | None = None
        """The function that is running."""
        self.grad = True
        """Whether gradients are recorded, as outside ``torch.no_grad``."""
        self.hooked = False
        """Whether a module or tensor was given a hook, which may change anything."""
        self.explored: set[object] = set()
        """Where example calls of models were looked for: files, and classes of files."""
        self.script: ScriptLog | None = None
        """Where what a script does to its models is written down, while a script is read."""
        self.around = False
        """Whether the code around models runs: what it does not know is no model's, unless it builds one with it."""
        self.live = False
        """Whether a file is followed as Python would run it: what torch refuses ends it, and models that its own code
        calls are run."""
        self.machine_asked = 0
        """How often the program asked what the machine has: what it raises on purpose may hang on the answer."""
        self.tensor_names: set[str] = set()
        """Attributes of their own that the program has given to tensors."""
        self.types_change = False
        """Whether the program sets another default element type, or lets autocast choose."""
        self.hidden_parameters = False
        """Whether the forward pass called something unknown, which may hold parameters."""

    # ---- evaluation -------------------------------------------------------------------------------------------

    def eval(self, node: cst.CSTNode, frame: Frame) -> Value:
        """The value of an expression."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted("evaluation was stopped: the step budget is used up")
        handler = _EXPRESSIONS.get(type(node))
        if handler is None:
            return self.unknown(f"{type(node).__name__} is not evaluated", Site(frame.statement, node))
        try:
            return handler(self, node, frame)
        except Raised as raised:
            if raised.site is None:
                raised.site, raised.certain = Site(frame.statement, node), self.certain
            raise

    def execute(self, node: cst.CSTNode, frame: Frame) -> None:
        """Run one statement."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted("evaluation was stopped: the step budget is used up")
        handler = _STATEMENTS.get(type(node))
        if handler is None:
            self.note(self.unknown(f"{type(node).__name__} is not evaluated", Site(frame.statement, node)))
            return
        try:
            handler(self, node, frame)
        except Raised as raised:
            if raised.site is None:
                raised.site, raised.certain = Site(frame.statement, node), self.certain
            raise
        except (RecursionError, MemoryError):
            # Values of the program may be nested more deeply than the functions here can follow.
            raise Exhausted("evaluation was stopped: values are too deep or too large") from None

    def spend(self, steps: int) -> None:
        """Use up a part of the budget for work that no node stands for. Raises :class:`Exhausted`."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted("evaluation was stopped: the step budget is used up")

    @property
    def stops(self) -> bool:
        """Whether what torch refuses raises here and now, rather than being written down and mended."""
        return self.live or self.guarded > 0

    # ---- what is not known ------------------------------------------------------------------------------------

    def unknown(self, reason: str, site: Site | None = None, name: str = "") -> Unknown:
        """A new unknown value. It is listed only if it comes to matter: see :meth:`note`."""
        return Unknown(reason, site, name)

    def note(self, unknown: Unknown) -> None:
        """List an unknown that has cost knowledge of the model."""
        recorder = self.recorder
        self.noted += 1
        if recorder.initialising and not recorder.running:
            known = recorder.doubts_about(recorder.initialising[0])
        elif self.around:
            return
        else:
            known = self.unknowns
        if len(known) < MAX_UNKNOWNS:
            unknown.noted = len(recorder.nodes) if recorder.running else 0
            known.setdefault((unknown.reason, unknown.site), unknown)

    @contextmanager
    def doubtful(self) -> Iterator[None]:
        """Inside, what happens may not happen: nothing found there is certain."""
        before, self.certain = self.certain, False
        try:
            yield
        finally:
            self.certain = before

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Around statements of a file or class body that run late, when a name is first asked for: they belong before
        any branch or ``try`` that is open now."""
        certain, guarded = self.certain, self.guarded
        self.certain, self.guarded = True, 0
        try:
            with self.trail.aside():
                yield
        finally:
            self.certain, self.guarded = certain, guarded

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One more call of the evaluated program on the stack."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.depth -= 1
            raise Raised(RecursionError, "maximum recursion depth exceeded")
        try:
            yield
        finally:
            self.depth -= 1

    def enter(self, site: Site) -> None:
        """A function of the program starts, called at ``site``; :meth:`leave` must follow. (No context manager: this
        is the hottest pair of calls.)"""
        if self.depth >= MAX_DEPTH:
            raise Raised(RecursionError, "maximum recursion depth exceeded")
        self.depth += 1
        self.recorder.sites.append(site)

    def leave(self) -> None:
        self.depth -= 1
        self.recorder.sites.pop()

    # ---- changes ----------------------------------------------------------------------------------------------

    def effect(self, target: Any = None) -> None:
        """Something is changed: an instance (it matters to calls that began after the instance was made), or, without
        ``target``, something that every call can see."""
        self.memo.effects.append(target.birth if target is not None else -1)

    def set_item(self, container: dict[Any, Value], key: Any, value: Value) -> None:
        """``container[key] = value``, journalled."""
        if self.trail.open:
            self.trail.touch(container)
        container[key] = value

    def make_hazy(self, container: Any, why: Unknown) -> None:
        """From here on the contents of ``container`` are not known."""
        self.hazy[id(container)] = (container, why)

    def haze(self, container: Any) -> Unknown | None:
        """Why the contents are unknown; ``None`` if they are known."""
        if not self.hazy:
            return None
        entry = self.hazy.get(id(container))
        return entry[1] if entry is not None else None


Handler = TypeVar("Handler", bound=Callable[..., Any])

# Filled by the modules that hold the handlers, so that each family of syntax stands in a file of its own.
_EXPRESSIONS: dict[type[cst.CSTNode], Any] = {}
_STATEMENTS: dict[type[cst.CSTNode], Any] = {}


def expression(*kinds: type[cst.CSTNode]) -> Callable[[Handler], Handler]:
    """Decorator: the handler of these kinds of expression."""

    def register(handler: Handler) -> Handler:
        for kind in kinds:
            _EXPRESSIONS[kind] = handler
        return handler

    return register


def statement(*kinds: type[cst.CSTNode]) -> Callable[[Handler], Handler]:
    """Decorator: the handler of these kinds of statement."""

    def register(handler: Handler) -> Handler:
        for kind in kinds:
            _STATEMENTS[kind] = handler
        return handler

    return register
