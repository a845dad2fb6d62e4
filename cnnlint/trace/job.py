"""What a traced process is asked for, within which limits, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

META_FIRST = ("meta", "moved", "cpu")
"""The meta device; a model built on the CPU and moved there; the CPU."""
CPU_ONLY = ("cpu",)
"""The meta device skips some of the CPU's checks, so where torch is expected to raise the CPU decides."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one job: wall time in seconds, memory and size of the answer in bytes. ``start`` is the time in seconds that
    the interpreter may take to import torch."""

    seconds: float = 60.0
    memory: int = 4 << 30
    output: int = 256 << 20
    start: float = 120.0


@dataclass(frozen=True, slots=True)
class Input:
    """One input tensor; ``name`` is the parameter of ``forward`` it goes to, where that is known."""

    shape: tuple[int, ...]
    dtype: str | None = "float32"
    name: str = ""


@dataclass(frozen=True, slots=True)
class ExampleCall:
    """A call in the user's own code whose model and arguments are taken: at ``line``, of a module of class ``type``;
    the one of number ``occurrence`` where a loop calls several there."""

    line: int
    end_line: int
    type: str
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One model to run. ``path`` is absolute; ``module`` is the dotted name that the file is imported under and
    ``folders`` are those that its imports are looked up in. The model comes from ``example`` where there is one, else
    from ``callable`` with literal arguments. ``gradients`` asks for a backward pass, ``counts`` for fvcore's figures;
    ``texts`` are taken for the content of files. With ``lines`` no model is run, but what stands at them in a script is
    watched."""

    target: str
    path: Path
    module: str
    folders: tuple[Path, ...]
    callable: str = ""
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    example: ExampleCall | None = None
    devices: tuple[str, ...] = META_FIRST
    gradients: bool = False
    counts: bool = True
    texts: Mapping[Path, str] = field(default_factory=dict)
    lines: tuple[int, ...] = ()


class TraceError(Exception):
    """A model could not be run. ``kind`` is one of ``python`` (the interpreter), ``time``, ``memory``, ``output``,
    ``crash``, ``exit``, ``raises`` and ``input``; the text says what happened and, where the user's code has a part in
    it, ``path`` and ``line`` say where. ``stage`` is ``build``, ``forward`` or ``backward``."""

    def __init__(
        self, kind: str, text: str, *, path: str | None = None, line: int | None = None, stage: str = "",
        error: str = "", facts: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text)
        self.kind = kind
        self.path = path
        self.line = line
        self.stage = stage
        self.error = error
        self.facts = facts

    @property
    def text(self) -> str:
        return str(self.args[0])
