"""Findings joined over layers and models, and their fingerprints."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from cnnlint import rule
from cnnlint.findings import Finding, at_least
from cnnlint.graph.span import Span
from cnnlint.lint.gather import Raw
from cnnlint.rule import Applicability, Fix, Proof, Severity

_FIELDS = [field.name for field in fields(rule.Finding)]


def join(
    raws: Iterable[Raw], severities: Mapping[str, Severity] | None = None, built: Mapping[Span, int] | None = None
) -> list[Finding]:
    """One finding for each code and place in the source, sorted by path, line, column and code.

    A block that stands in several layers or models is reported once, with the number of places. ``severities`` are
    those that the configuration changes, by code; ``built`` says how many modules are built at each place."""
    groups: dict[tuple[Span, str, int], list[Raw]] = {}
    said: Counter[tuple[Span, str, tuple[str, int], str]] = Counter()
    for raw in raws:
        place = (raw.finding.span, raw.finding.code, raw.network, raw.finding.layer)
        # A rule may say several things about one layer; the first of each layer belong together, then the second.
        key = (raw.finding.span, raw.finding.code, said[place])
        said[place] += 1
        groups.setdefault(key, []).append(raw)
    joined = [_joined(groups[key], severities or {}, built or {}) for key in sorted(groups, key=_order)]
    return with_fingerprints(joined)


def _order(key: tuple[Span, str, int]) -> tuple[Any, ...]:
    span, code, number = key
    return span[:3], code, number, span


def _joined(group: Sequence[Raw], severities: Mapping[str, Severity], built: Mapping[Span, int]) -> Finding:
    first = group[0]
    for raw in group[1:]:
        if _says_more(raw.finding, first.finding):
            first = raw
    values = {name: getattr(first.finding, name) for name in _FIELDS}
    values["severity"] = severities.get(first.finding.code, first.finding.severity)
    places, where = _places(group)
    if places > 1:
        values["message"] += f" (in {where})"
        values["data"] = {**first.finding.data, "places": places}
    values["proof"] = _proof(group)
    values["fix"] = _fix(group, first.finding.fix, built)
    return Finding(**values, scope=first.scope, places=places)


def _says_more(one: rule.Finding, other: rule.Finding) -> bool:
    """Whether one of two findings about the same place is the more severe, or the one of a model that was run."""
    if one.severity is not other.severity:
        return at_least(one.severity, other.severity)
    return one.proof is Proof.CONFIRMED and other.proof is not Proof.CONFIRMED


def _proof(group: Sequence[Raw]) -> Proof:
    """Confirmed if it is anywhere; refuted only if it is everywhere."""
    grades = {raw.finding.proof for raw in group}
    if Proof.CONFIRMED in grades:
        return Proof.CONFIRMED
    return Proof.REFUTED if grades == {Proof.REFUTED} else Proof.STATIC


def _fix(group: Sequence[Raw], fix: Fix | None, built: Mapping[Span, int]) -> Fix | None:
    """The fix; an unsafe one if it changes a construction that also builds layers without the fault."""
    if fix is None or fix.applicability is not Applicability.SAFE:
        return fix
    found = len({(raw.network, raw.finding.layer) for raw in group if raw.finding.fix is not None})
    everywhere = all(found >= built.get(edit.span, 0) for edit in fix.edits)
    return fix if everywhere else replace(fix, applicability=Applicability.UNSAFE)


def _places(group: Sequence[Raw]) -> tuple[int, str]:
    """In how many layers of one network something was found, at most, and of how many that stand there: ``16 of 16
    places``; where it is one layer, in how many networks."""
    layers: dict[tuple[str, int], set[str]] = {}
    for raw in group:
        layers.setdefault(raw.network, set()).add(raw.finding.layer)
    network, most = max(((network, len(names)) for network, names in layers.items()), key=lambda item: item[1])
    if most == 1:
        return len(layers), f"{len(layers)} models"
    alike = max(raw.alike for raw in group if raw.network == network)
    return most, f"{most} of {max(most, alike)} places"


def with_fingerprints(findings: Sequence[Finding]) -> list[Finding]:
    """Sorted findings with fingerprints made of path, rule, class and layer, and occurrence; never of lines."""
    seen: Counter[tuple[str, str, str]] = Counter()
    result: list[Finding] = []
    for finding in findings:
        key = (finding.path, finding.code, finding.scope)
        text = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        result.append(replace(finding, fingerprint=digest))
    return result
