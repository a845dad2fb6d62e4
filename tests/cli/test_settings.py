"""Configuration as a run sees it: by file, by rule, by model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Project
else:
    Project = Any

OPTIONS_RULE = '''\
from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.graph.operations import Convolution
from cnnlint.rule import Rule, Severity


class WideKernel(Rule):
    """A kernel wider than allowed."""

    code, name, category, severity = "TST011", "too-wide", "test", Severity.WARNING

    @dataclass(frozen=True)
    class Options:
        max_size: int = 9
        words: tuple[str, ...] = ()

    def check(self, model):
        for node in model.nodes:
            if isinstance(node.op, Convolution) and node.op.kernel_size[0] > self.options.max_size:
                yield self.finding(node.module, f"wider than {self.options.max_size}")
'''


def codes(project: Project, *args: str) -> list[str]:
    document = json.loads(project.run(*args, "--output-format", "json").out)
    return [f"{finding['path']}:{finding['code']}" for finding in document["findings"]]


def test_each_file_follows_its_nearest_configuration(project: Project) -> None:
    project.write("sub/net.py", (project.folder / "net.py").read_text("utf-8"))
    project.write("sub/cnnlint.toml", 'extend = "../cnnlint.toml"\nselect = ["TST002"]\n')
    project.write("sub/deep/net.py", (project.folder / "net.py").read_text("utf-8"))
    project.write("sub/deep/pyproject.toml", "[tool.cnnlint]\nselect = []\n")
    assert codes(project) == ["net.py:TST001", "net.py:TST002", "sub/net.py:TST002"]
    assert codes(project, "--config", "sub/cnnlint.toml") == [
        "net.py:TST002",
        "sub/deep/net.py:TST002",
        "sub/net.py:TST002",
    ]


def test_the_options_of_a_rule(project: Project) -> None:
    project.write("plugin/options.py", OPTIONS_RULE)
    plugins = ("--config", "plugins=['plugin/options.py']", "--select", "too-wide")
    assert codes(project, *plugins) == []
    assert codes(project, *plugins, "--config", "rules.too-wide.max-size=2") == ["net.py:TST011"]
    assert codes(project, *plugins, "--config", "rules.TST011.max-size=2") == ["net.py:TST011"]
    result = project.run(*plugins, "--config", "rules.too-wide.max-size='x'")
    assert result.status == 2
    assert "rules.too-wide.max-size: expected `int`, got `str`" in result.err


@pytest.mark.parametrize("args", [["--config", "models.'net.py:Block'={args='8'}"], []])
def test_a_configured_model_is_read_as_configured(project: Project, args: list[str]) -> None:
    project.write("net.py", (project.folder / "net.py").read_text("utf-8").split("class Net")[0])
    text = project.run("--verbose", "--select", "TST001", "--output-format", "concise", *args).out
    assert text.startswith("net.py:8:21: warning TST001")


def test_a_model_that_is_configured_wrongly_is_a_usage_error_whatever_the_number_of_jobs(project: Project) -> None:
    project.write("other.py", "x = 1\n")
    for jobs in ("1", "2"):
        result = project.run("--config", "models.'net.py:Net'={args='1, 2, 3'}", "--jobs", jobs)
        assert (result.status, result.out) == (2, "")
        assert "command line: models: " in result.err
