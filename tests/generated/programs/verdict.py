"""Compares cnnlint with the oracle on one program."""

from __future__ import annotations

import json
import re
import traceback
from dataclasses import dataclass
from pathlib import Path

from programs.outcome import Outcome, raises_as_program
from programs.program import Program

import cnnlint

AS_PROGRAM = "CNN113"
"""Speaks of the main guard and of training mode; the other rules of the model alone, in evaluation mode."""


@dataclass(frozen=True)
class Verdict:
    """``kind`` is ``agrees``, ``false alarm``, ``missed``, ``wrong line``, ``output``, ``parameters`` or ``crash``."""

    program: Program
    outcome: Outcome
    kind: str
    text: str = ""

    @property
    def agrees(self) -> bool:
        return self.kind == "agrees"


def judge(program: Program, outcome: Outcome, folder: Path) -> Verdict:
    """Demands the same shapes and parameters where torch runs the program and no finding of severity error, and such a
    finding at the failing line where torch raises. ``folder`` takes the program's file."""
    try:
        return _judge(program, outcome, folder)
    except Exception as error:  # noqa: BLE001  (a crash of cnnlint is a verdict too)
        return Verdict(program, outcome, "crash", "".join(traceback.format_exception(error)[-3:]))


def _judge(program: Program, outcome: Outcome, folder: Path) -> Verdict:
    path = folder / "program.py"
    path.write_text(program.source, encoding="utf-8")
    inputs = [list(shape) for shape in program.inputs]
    findings = [
        finding.to_dict() for finding in cnnlint.check_source(program.source, filename=str(path), inputs=inputs)
    ]
    errors = [f for f in findings if f["severity"] == "error" and f["code"] != AS_PROGRAM]
    for found in (f for f in findings if f["code"] == AS_PROGRAM):
        lines = raises_as_program(program)
        if lines is None or not lines[0] <= found["line"] <= lines[1]:
            text = f"run as a program it raises at {lines or 'no line'}; cnnlint: {found['line']} {found['message']}"
            return Verdict(program, outcome, "false alarm", text)
    said = "; ".join(f"line {f['line']} {f['code']} {f['message']}" for f in errors) or "no error"
    if not outcome.runs:
        where = " or ".join(str(low) for low, _ in outcome.places)
        torch_said = f"torch at line {where}: {outcome.message}; cnnlint: {said}"
        if any(low <= f["line"] <= high for f in errors for low, high in outcome.places):
            return Verdict(program, outcome, "agrees")
        return Verdict(program, outcome, "wrong line" if errors else "missed", torch_said)
    if errors:
        return Verdict(program, outcome, "false alarm", f"torch runs it; cnnlint: {said}")
    (summary,) = cnnlint.summarize(f"{path}:{program.target}()", inputs=inputs)
    facts = summary.to_dict()
    for kind, measured in (("parameters", outcome.parameters), ("output", outcome.output)):
        if facts[kind] != measured:
            reasons = "; ".join(f"{u['reason']} (line {u['line']})" for u in facts["unknown"][:3])
            return Verdict(
                program, outcome, kind, f"torch {measured}, cnnlint {facts[kind]}; unknown: {reasons or 'none'}"
            )
    return Verdict(program, outcome, "agrees")


HEADER = re.compile(r"^# (target|inputs): (.*)$", re.MULTILINE)


def as_regression(verdict: Verdict) -> str:
    """The program as a file for regressions/."""
    program = verdict.program
    inputs = json.dumps([list(shape) for shape in program.inputs])
    story = f"# from seed {program.seed}: {verdict.kind}\n"
    return f"{story}# target: {program.target}\n# inputs: {inputs}\n{program.source}"


def from_regression(path: Path) -> Program:
    """The program that :func:`as_regression` wrote."""
    source = path.read_text(encoding="utf-8")
    facts = dict(HEADER.findall(source))
    return Program(path.stem, source, facts["target"], tuple(tuple(shape) for shape in json.loads(facts["inputs"])))
