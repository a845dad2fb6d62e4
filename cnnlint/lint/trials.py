"""Fixes tried on the running model: what it has and does with one applied, against what the finding claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from cnnlint.graph.model import ModelGraph
from cnnlint.graph.wording import number, short
from cnnlint.lint.gather import Raw
from cnnlint.lint.patch import Patch, patch_of
from cnnlint.rule import Applicability, Edit, Fix, Proof, Related
from cnnlint.source.imports import Project
from cnnlint.trace import Traced, TraceError
from cnnlint.trace.compare import cell, output_sizes

MOST_TRIALS = 20
"""Fixes that are tried for one file; each costs a run of the model."""

MEASURED = "measured"
"""Holds, in a finding's ``data``, what the model has without the fix and with it."""

Result: TypeAlias = Traced | TraceError


Run: TypeAlias = Callable[[ModelGraph, Patch], Result]
"""Runs the model of a graph with a patch applied."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A model without a fix and with it. ``claimed`` is how many parameters the findings say that it saves."""

    model: str
    before: Result
    after: Result
    claimed: int | None

    def to_dict(self) -> dict[str, Any]:
        """``[without the fix, with it]`` of parameters and MACs, ``None`` where the model does not run."""
        pairs = [_figures(result) for result in (self.before, self.after)]
        found: dict[str, Any] = {name: [pair and pair[name] for pair in pairs] for name in ("parameters", "macs")}
        if isinstance(self.after, TraceError):
            found["problem"] = self.after.error or self.after.text
        if self.claimed is not None:
            found |= {"claimed": self.claimed, "as_claimed": self.saved == self.claimed}
        return found

    @property
    def saved(self) -> int | None:
        """The parameters that the fix takes away, if the model runs without and with it."""
        before, after = _figures(self.before), _figures(self.after)
        return before["parameters"] - after["parameters"] if before and after else None

    def sentence(self) -> str:
        """What a person is told."""
        if isinstance(self.after, TraceError):
            what = f"raises {self.after.error}" if self.after.error else f"does not run: {self.after.text}"
        elif isinstance(self.before, TraceError):
            what = "runs"
        else:
            what = " and ".join(self._changes(self.before, self.after)) or "has the same parameters, MACs and output"
        return f"with the fix {self.model} {what}"

    def _changes(self, before: Traced, after: Traced) -> Iterator[str]:
        old, new = before.graph.parameters, after.graph.parameters
        if old != new or self.claimed:
            claim = ""
            if self.claimed is not None:
                claim = ", as claimed" if self.saved == self.claimed else f", not {number(self.claimed)} fewer"
            yield f"has {number(new)} parameters instead of {number(old)}{claim}"
        if before.macs != after.macs:
            yield f"takes {short(after.macs)} MACs instead of {short(before.macs)}"
        sizes = [output_sizes(each.graph.output, {}) for each in (before, after)]
        if sizes[0] != sizes[1]:
            yield f"returns {sizes[1]} instead of {sizes[0]}"


def _figures(result: Result) -> dict[str, Any] | None:
    if isinstance(result, TraceError):
        return None
    return {"parameters": cell(result.graph.parameters, {}), "macs": result.macs}


def tried(
    raws: Sequence[Raw], results: Sequence[tuple[ModelGraph, Result]], project: Project, run: Run
) -> tuple[list[Raw], int]:
    """The findings of one file with what their fixes do to the first of its networks that has them, and how many fixes
    were not tried. ``results`` are the runs without a fix, in the networks' order."""
    groups: dict[Fix, list[Raw]] = {}
    for raw in raws:
        fix = raw.finding.fix
        if fix is not None and fix.applicability is not Applicability.DISPLAY and raw.finding.proof != Proof.REFUTED:
            groups.setdefault(fix, []).append(raw)
    trials: dict[tuple[Edit, ...], Trial] = {}
    left_out = 0
    for fix, group in sorted(groups.items(), key=lambda item: item[0].saves is None):  # claims first
        graph, before = results[group[0].network[1]]
        patch = patch_of(fix, project)
        if patch is None or fix.edits in trials or (isinstance(before, TraceError) and before.kind != "raises"):
            continue
        if len(trials) == MOST_TRIALS:
            left_out += 1
            continue
        trials[fix.edits] = Trial(graph.name, before, run(graph, patch), _claimed(fix, group))
    return [_with_trial(raw, trials) for raw in raws], left_out


def _claimed(fix: Fix, group: Sequence[Raw]) -> int | None:
    """What the layers of the first network save together: one construction may stand for several."""
    return None if fix.saves is None else fix.saves * sum(raw.network == group[0].network for raw in group)


def _with_trial(raw: Raw, trials: Mapping[tuple[Edit, ...], Trial]) -> Raw:
    finding = raw.finding
    trial = trials.get(finding.fix.edits) if finding.fix is not None else None
    if trial is None or finding.fix is None:
        return raw
    note = Related(finding.fix.edits[0].span, trial.sentence())
    data = {**finding.data, MEASURED: trial.to_dict()}
    return replace(raw, finding=replace(finding, related=(*finding.related, note), data=data))
