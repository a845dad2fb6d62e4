"""What the rules say about the networks of one file, before it is joined and suppressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cnnlint.findings import Diagnostic
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.script import ScriptView
from cnnlint.graph.span import Span
from cnnlint.rule import Finding, Rule


@dataclass(frozen=True, slots=True)
class Raw:
    """A finding of one rule at one layer of one network. ``network`` tells networks apart (the file it was read from
    and its number there); ``scope`` is the class that holds the layer and the layer's name in it
    (``BasicBlock.conv1``); ``alike`` is how many layers of the network stand at the same place in the source."""

    finding: Finding
    network: tuple[str, int]
    scope: str
    alike: int = 1


def gather(graphs: Iterable[ModelGraph], rules: Sequence[Rule], path: str) -> tuple[list[Raw], list[Diagnostic]]:
    """The findings of ``rules`` in ``graphs``, in order. A rule that raises gives a diagnostic that names it."""
    found: list[Raw] = []
    failed: dict[str, Diagnostic] = {}
    for number, graph in enumerate(graphs):
        for rule in rules:
            findings = _asked(rule, partial(rule.check, graph), graph.target, path, failed)
            found += [raw_of(finding, graph, (path, number)) for finding in findings]
    return found, list(failed.values())


def gather_scripts(
    scripts: Iterable[ScriptView], rules: Sequence[Rule], path: str
) -> tuple[list[Raw], list[Diagnostic]]:
    """The findings of ``rules`` in the scripts of a file, each once. A rule that raises gives a diagnostic too."""
    found: dict[tuple[str, Span, str], Raw] = {}
    failed: dict[str, Diagnostic] = {}
    for script in scripts:
        for rule in rules:
            for finding in _asked(rule, partial(rule.check_script, script), path, path, failed):
                raw = Raw(finding, (path, -1), finding.model or "script")
                found.setdefault((finding.code, finding.span, finding.message), raw)
    return list(found.values()), list(failed.values())


def _asked(
    rule: Rule, question: Callable[[], Iterator[Finding]], target: str, path: str, failed: dict[str, Diagnostic]
) -> Iterator[Finding]:
    """What ``rule`` answers, as far as it gets. One that raises is written down in ``failed`` and not asked again."""
    if rule.code in failed:
        return
    try:
        yield from question()
    except Exception as error:  # noqa: BLE001 - rules are plugins; one that raises must not end the run
        kind = type(error).__name__
        message = f"rule {rule.code} {rule.name} ({type(rule).__module__}) raised {kind} on {target}: {error}"
        failed[rule.code] = Diagnostic("rule-error", path, 1, 1, message)


def reads_scripts(rules: Iterable[Rule]) -> bool:
    """Whether one of the rules looks at scripts."""
    return any(type(rule).check_script is not Rule.check_script for rule in rules)


def constructions(graphs: Iterable[ModelGraph]) -> Counter[Span]:
    """How many modules are built at each place in the source, over all networks."""
    return Counter(
        module.built_at for graph in graphs for module in graph.modules.values() if module.built_at is not None
    )


def raw_of(finding: Finding, graph: ModelGraph, network: tuple[str, int]) -> Raw:
    """A finding with the network and the class that it belongs to."""
    named = replace(finding, model=finding.model or graph.name)
    return Raw(named, network, scope(graph, finding.layer), graph.layers_at.get(finding.span, 1))


def scope(graph: ModelGraph, layer: str) -> str:
    """The innermost class of the user that holds ``layer``, and the layer's name in it.

    It is the same for all copies of a block, whichever model they stand in, and does not depend on lines."""
    parts = layer.split(".") if layer else []
    for cut in range(max(len(parts) - 1, 0), -1, -1):
        owner = graph.modules.get(".".join(parts[:cut]))
        if owner is not None and not owner.builtin:
            return ".".join((owner.type, *parts[cut:]))
    return ".".join((graph.name, *parts))
