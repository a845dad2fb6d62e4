"""What cnnlint warns of in torchvision, each warning judged in a line: tests/corpus/expected_warnings.json.

    CNNLINT_CORPUS=<folder that holds torchvision/> python tests/corpus/expectations.py

writes the file anew and keeps the reasons. A warning that is new gets an empty one: look at the source and at the
rule's catalogue, write down why it is right, or mend the rule. Findings of severity error are never right here.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from compare import Corpus, Facts, torchvision_truth

import cnnlint
from cnnlint import registry
from cnnlint.findings import Finding
from cnnlint.graph.shapes import parse_shape
from cnnlint.lint.gather import constructions, gather
from cnnlint.lint.join import join
from cnnlint.rule import Severity
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions

FILE = Path(__file__).with_name("expected_warnings.json")
PACKAGE = "the whole package"
"""All files as ``cnnlint check`` reads them, where no input is given."""
KINDS = ("classification", "segmentation", "video", "detection", "optical_flow")

Place = tuple[str, str, int]
"""Code, path below torchvision/ and line."""


def builders() -> dict[str, Facts]:
    """The measured builders by name, each to be checked on the input that it was measured with."""
    return {name: truth for name, truth in torchvision_truth().items() if truth["kind"] in KINDS}


def in_package(source: Path) -> list[Finding]:
    """What the rules say about the whole package, advice left out."""
    report = cnnlint.check(source / "torchvision", isolated=True)
    assert not report.diagnostics, report.diagnostics
    return _loud(report.findings)


def in_builder(corpus: Corpus, name: str, truth: Facts) -> list[Finding]:
    """What they say about one builder's network."""
    rules = [rule() for rule in registry.load().rules.values() if not rule.opt_in]
    options = ReadOptions(inputs=tuple(parse_shape("x".join(map(str, shape))) for shape in truth["in"]))
    project = Project([corpus.workspace, corpus.source])
    graphs = Reader(project, options=options).read_target(corpus.target(name, truth))
    raws, failed = gather(graphs, rules, name)
    assert not failed, failed
    return _loud(join(raws, built=constructions(graphs)))


def messages(findings: Iterable[Finding]) -> dict[Place, str]:
    """The findings by place, in words."""
    return {
        (
            finding.code,
            finding.path.rpartition("torchvision/")[2],
            finding.line,
        ): f"{finding.severity}: {finding.message}"
        for finding in findings
    }


def expected(where: str) -> dict[Place, str]:
    """The messages that are expected in the package or a builder."""
    return {
        (entry["code"], entry["path"], entry["line"]): entry["messages"][where]
        for entry in entries()
        if where in entry["messages"]
    }


def entries() -> list[dict[str, Any]]:
    """The judged warnings: code, path, line, reason, and the message in each place that draws it."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def _loud(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is not Severity.ADVICE]


def _all(corpus: Corpus) -> Iterator[tuple[str, dict[Place, str]]]:
    yield PACKAGE, messages(in_package(corpus.source))
    for name, truth in builders().items():
        yield name, messages(in_builder(corpus, name, truth))


def main() -> int:
    reasons = {(entry["code"], entry["path"]): entry["reason"] for entry in entries()} if FILE.exists() else {}
    found: dict[Place, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for where, said in _all(Corpus(Path(os.environ["CNNLINT_CORPUS"]).resolve(), Path(folder))):
            for place, message in said.items():
                found.setdefault(place, {})[where] = message
    table = [
        {"code": code, "path": path, "line": line, "reason": reasons.get((code, path), ""), "messages": said}
        for (code, path, line), said in sorted(found.items())
    ]
    FILE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unjudged = [f"{entry['path']}:{entry['line']}: {entry['code']}" for entry in table if not entry["reason"]]
    print(f"{len(table)} warnings", *(f"without a reason: {place}" for place in unjudged), sep="\n")
    return 1 if unjudged else 0


if __name__ == "__main__":
    sys.exit(main())
