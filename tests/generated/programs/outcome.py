"""What torch does with a program: the oracle's half of the differential test."""

from __future__ import annotations

import linecache
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

import torch
from programs.program import Program
from torch import nn

Lines = tuple[int, int]
"""First and last line of an expression."""


@dataclass(frozen=True)
class Outcome:
    """``output`` and ``parameters`` where torch runs the program; ``places`` and ``message`` where it raises.

    ``places`` starts with the innermost expression of the program's own code. Where torch raises inside a layer that
    this expression calls, directly or through a container, the line that built this layer follows: either is where a
    finding may stand (``nn.Conv2d(3, 8, (3, 3, 3))`` is accepted at first and refused when it is called)."""

    output: Any = None
    parameters: int | None = None
    places: tuple[Lines, ...] = ()
    message: str = ""
    own: bool = False
    """Whether the program's own Python raises (an index, an assertion), not torch."""

    @property
    def runs(self) -> bool:
        return not self.places


def run(program: Program) -> Outcome:
    """Build and call the program's model on the CPU, in eval mode. (The meta device skips some of torch's checks.)"""
    filename = f"<generated {program.seed}>"
    code = compile(program.source, filename, "exec")
    with warnings.catch_warnings(), torch.no_grad(), _built_lines(code) as built:
        warnings.simplefilter("ignore")
        try:
            return _run(program, code)
        except Exception as error:  # noqa: BLE001  (whatever torch or Python raises is what the oracle says)
            places = tuple(_places(error.__traceback__, filename, built))
            innermost = traceback.extract_tb(error.__traceback__)[-1]
            message = f"{type(error).__name__}: {error}".split("\n")[0]
            return Outcome(places=places, message=message, own=innermost.filename == filename)
        finally:
            linecache.cache.pop(filename, None)


def _run(program: Program, code: CodeType) -> Outcome:
    namespace: dict[str, Any] = {"__name__": "generated"}
    # dataclasses look their module up while the class is made
    sys.modules["generated"] = type(sys)("generated")
    try:
        exec(code, namespace)
        model = namespace[program.target]().eval()
        output = model(*(torch.randn(shape) for shape in program.inputs))
    finally:
        del sys.modules["generated"]
    return Outcome(shape_of(output), sum(p.numel() for p in model.parameters()))


def raises_as_program(program: Program) -> Lines | None:
    """Where ``python program.py`` raises, main guard and training mode included; ``None`` where it does not."""
    filename = f"<generated {program.seed}>"
    main = ModuleType("__main__")
    before, sys.modules["__main__"] = sys.modules["__main__"], main
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            exec(compile(program.source, filename, "exec"), main.__dict__)
    except Exception as error:  # noqa: BLE001  (whatever torch or Python raises is what the oracle says)
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename][-1]
        assert own.lineno is not None
        return own.lineno, own.end_lineno or own.lineno
    finally:
        sys.modules["__main__"] = before
    return None


def shape_of(value: Any) -> Any:
    """Shapes as the summary's JSON has them."""
    if isinstance(value, torch.Tensor):
        return list(value.shape)
    if isinstance(value, (list, tuple)):
        return [shape_of(item) for item in value]
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    return None


@contextmanager
def _built_lines(code: CodeType) -> Iterator[dict[int, int]]:
    """While open, notes for each module (by ``id``) the line of the program that builds it."""
    lines: dict[int, int] = {}
    original = nn.Module.__init__

    def noting(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and (
            frame.f_code.co_filename != code.co_filename or frame.f_locals.get("self") is self
        ):
            frame = frame.f_back
        if frame is not None:
            lines[id(self)] = frame.f_lineno
        original(self, *args, **kwargs)

    nn.Module.__init__ = noting  # type: ignore[method-assign]  # the only hook that sees every construction
    try:
        yield lines
    finally:
        nn.Module.__init__ = original  # type: ignore[method-assign]  # as above


def _places(trace: TracebackType | None, filename: str, built: dict[int, int]) -> Iterator[Lines]:
    frames = list(traceback.walk_tb(trace))
    own = [number for number, (frame, _) in enumerate(frames) if frame.f_code.co_filename == filename]
    summary = list(traceback.extract_tb(trace))[own[-1]]
    assert summary.lineno is not None
    low, high = summary.lineno, summary.end_lineno or summary.lineno
    yield low, high
    inside = [frame.f_locals.get("self") for frame, _ in frames[own[-1] + 1 :]]
    modules = [module for module in inside if isinstance(module, nn.Module)]
    if modules and id(modules[-1]) in built:
        line = built[id(modules[-1])]
        if not low <= line <= high:
            yield line, line
