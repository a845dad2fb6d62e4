"""The network of the question list, as people write it: what the whole linter says about it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cnnlint import check

NET = Path(__file__).parents[3] / "fixtures" / "models" / "cifar10_cnn.py"


def test_findings_of_the_cifar10_net() -> None:
    findings = check(NET, isolated=True).findings
    assert Counter(finding.code for finding in findings) == {"CNN601": 6, "CNN604": 2}
    dead = [finding.data["dead_parameters"] for finding in findings if finding.code == "CNN601"]
    assert (dead, sum(dead)) == ([32, 32, 64, 64, 128, 128], 448)
    ratios = [finding.data["variance_ratio"] for finding in findings if finding.code == "CNN604"]
    assert ratios == [0.75, 0.75]
