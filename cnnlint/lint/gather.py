"""What the rules say about the networks of one file, before it is joined and suppressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cnnlint.findings import Diagnostic
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.script import ScriptView
from cnnlint.graph.span import Span
from cnnlint.rule import Finding, Rule


@dataclass(frozen=True, slots=True)
class Raw:
    """A finding of one rule at one layer of one network. ``network`` tells networks apart (the file it was read from
    and its number there); ``scope`` is the class that holds the layer and the layer's name in it
    (``BasicBlock.conv1``)."""

    finding: Finding
    network: tuple[str, int]
    scope: str


def gather(graphs: Iterable[ModelGraph], rules: Sequence[Rule], path: str) -> tuple[list[Raw], list[Diagnostic]]:
    """The findings of ``rules`` in ``graphs``, in order. A rule that raises gives a diagnostic that names it."""
    found: list[Raw] = []
    failed: dict[str, Diagnostic] = {}
    for number, graph in enumerate(graphs):
        for rule in rules:
            if rule.code in failed:
                continue
            try:
                found += [raw_of(finding, graph, (path, number)) for finding in rule.check(graph)]
            except Exception as error:  # noqa: BLE001 - rules are plugins; one that raises must not end the run
                failed[rule.code] = _rule_error(rule, graph, error, path)
    return found, list(failed.values())


def gather_scripts(
    scripts: Iterable[ScriptView], rules: Sequence[Rule], path: str
) -> tuple[list[Raw], list[Diagnostic]]:
    """The findings of ``rules`` in the scripts of a file, each once."""
    found: dict[tuple[str, Span, str], Raw] = {}
    failed: dict[str, Diagnostic] = {}
    for script in scripts:
        for rule in rules:
            try:
                for finding in rule.check_script(script):
                    raw = Raw(finding, (path, -1), finding.model or "script")
                    found.setdefault((finding.code, finding.span, finding.message), raw)
            except Exception as error:  # noqa: BLE001 - rules are plugins; one that raises must not end the run
                text = f"rule {rule.code} {rule.name} ({type(rule).__module__}) raised {type(error).__name__} on {path}"
                failed[rule.code] = Diagnostic("rule-error", path, 1, 1, f"{text}: {error}")
    return list(found.values()), list(failed.values())


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
    return Raw(replace(finding, model=finding.model or graph.name), network, scope(graph, finding.layer))


def scope(graph: ModelGraph, layer: str) -> str:
    """The innermost class of the user that holds ``layer``, and the layer's name in it.

    It is the same for all copies of a block, whichever model they stand in, and does not depend on lines."""
    parts = layer.split(".") if layer else []
    for cut in range(max(len(parts) - 1, 0), -1, -1):
        owner = graph.modules.get(".".join(parts[:cut]))
        if owner is not None and not owner.builtin:
            return ".".join((owner.type, *parts[cut:]))
    return ".".join((graph.name, *parts))


def _rule_error(rule: Rule, graph: ModelGraph, error: Exception, path: str) -> Diagnostic:
    kind = type(error).__name__
    message = f"rule {rule.code} {rule.name} ({type(rule).__module__}) raised {kind} on {graph.target}: {error}"
    return Diagnostic("rule-error", path, 1, 1, message)
