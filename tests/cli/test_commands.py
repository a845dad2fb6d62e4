"""The commands beside ``check``."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest

from cnnlint import __version__
from cnnlint.config import Settings

if TYPE_CHECKING:
    from conftest import Project
else:
    Project = Any


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(project: Project, option: str) -> None:
    assert project.run(option).out == f"cnnlint {__version__}\n"


def test_help_names_every_command(project: Project) -> None:
    text = project.run("--help").out
    for name in ("check", "summary", "explain", "rules", "config", "test"):
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
        assert project.run(name, "--help").status == 0


def test_a_shell_completes_commands_and_options() -> None:
    from click.shell_completion import ShellComplete

    from cnnlint.cli import cli

    completion = ShellComplete(cli, {}, "cnnlint", "_CNNLINT_COMPLETE")
    assert [item.value for item in completion.get_completions([], "su")] == ["summary"]
    assert "--select" in [item.value for item in completion.get_completions(["models"], "--s")]


def test_summary_text(project: Project) -> None:
    lines = project.run("summary", "net.py:Net", "--input", "2x3x8x8").out.splitlines()
    assert lines[0] == "net.py:Net()  (net.py:15)"
    assert lines[2].split() == ["Layer", "Type", "Output", "Parameters", "MACs", "Receptive", "field", "Stride"]
    assert lines[4].split() == ["stem", "Conv2d", "[2,", "16,", "8,", "8]", "64", "6,144", "1", "1"]
    assert lines[5].split() == ["blocks.0.conv", "Conv2d", "[2,", "16,", "8,", "8]", "2,320", "294,912", "3", "1"]
    assert "Input:                [2, 3, 8, 8] (given by --input)" in lines
    assert "Parameters:           7,120 (7.12 k)" in lines
    assert "Multiply-adds (MACs): 890,880 (890.88 k)" in lines
    assert "MACs per sample:      445,440 (445.44 k)" in lines


def test_summary_json_follows_its_schema(project: Project) -> None:
    document = json.loads(project.run("summary", "net.py", "--output-format", "json").out)
    schema = files("cnnlint.report").joinpath("schemas", "summary.schema.json").read_text("utf-8")
    jsonschema.validate(document, json.loads(schema))
    (model,) = document["models"]
    assert model["input"]["evidence"] == "layers"
    assert model["output"][1:] == [16, "H", "W"]
    assert model["complete"] is True
    assert [layer["name"] for layer in model["layers"]][:2] == ["stem", "blocks.0.conv"]
    assert model["layers"][0]["built_at"] == {"path": "net.py", "line": 18, "column": 21}


def test_summary_says_what_is_unknown_and_gives_no_partial_total(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    source = source.replace("import torch\n", "from elsewhere import layer\n").replace(
        "nn.Conv2d(3, 16, 1)", "layer(3)"
    )
    project.write("net.py", source)
    (model,) = json.loads(project.run("summary", "net.py:Net", "--output-format", "json").out)["models"]
    assert model["complete"] is False
    assert model["macs"] is None
    assert model["macs_by_op"] is None
    assert model["unknown"]
    text = project.run("summary", "net.py:Net").out
    assert "Multiply-adds (MACs): ?" in text
    assert re.search(r"^Unknown \(\d+\):$", text, re.MULTILINE)


def test_summary_markdown(project: Project) -> None:
    text = project.run("summary", "net.py:Net", "--input", "3x8x8", "--output-format", "markdown").out
    assert text.startswith("### net.py:Net()\n\n- Input: [1, 3, 8, 8]")
    assert "| stem | Conv2d | [1, 16, 8, 8] | 64 | 3,072 | 1 | 1 |\n" in text


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing.py", "nothing.py"),
        ("net.py:Nett", "did you mean Net?"),
        ("net.py:Net(", "net.py:Net("),
        ("net.py:Net(3)", "net.py:Net(3)"),
        ("broken.py", "broken.py:1:"),
        ("empty.py", "no model found"),
    ],
)
def test_targets_that_name_no_model(project: Project, target: str, message: str) -> None:
    project.write("broken.py", "def f(:\n")
    project.write("empty.py", "x = 1\n")
    result = project.run("summary", target)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert "internal error" not in result.err


def test_rules(project: Project) -> None:
    assert "TST001  wide-kernel" in project.run("rules").out
    rows = {row["code"]: row for row in json.loads(project.run("rules", "--output-format", "json").out)}
    assert rows["TST002"] == {
        "code": "TST002", "name": "pointwise", "category": "test", "severity": "advice", "opt_in": False,
        "summary": "A kernel of one pixel.",
    }  # fmt: skip
    assert "| CNN601 | bias-before-batchnorm |" in project.run("rules", "--output-format", "markdown").out


@pytest.mark.parametrize("rule", ["CNN601", "cnn601", "bias-before-batchnorm"])
def test_explain(project: Project, rule: str) -> None:
    text = project.run("explain", rule).out
    assert text.startswith("# CNN601 bias-before-batchnorm\n")
    for heading in ("What it does", "Why it matters", "Use instead", "When not to worry"):
        assert f"\n## {heading}\n" in text
    assert "```python\nnn.Sequential(" in text
    document = json.loads(project.run("explain", rule, "--output-format", "json").out)
    assert document["code"] == "CNN601"
    assert "What it does" in document["sections"]
    assert document["fixes"] == ["safe"]


def test_explain_names_the_options_of_a_rule(project: Project) -> None:
    line = "- `min-parameters` (default `1000000`): a layer with as many parameters is reported, whatever the size of"
    assert f"\n{line} the model\n" in project.run("explain", "CNN301").out
    assert "\n- `max-share` (default `0.5`): the widest, as a part" in project.run("explain", "CNN804").out
    assert json.loads(project.run("explain", "CNN301", "--output-format", "json").out)["options"]["min-share"] == 0.25


def test_explain_of_an_unknown_rule(project: Project) -> None:
    result = project.run("explain", "bias-before-batchnrm")
    assert result.status == 2
    assert "did you mean 'bias-before-batchnorm'?" in result.err


def test_config_show(project: Project) -> None:
    lines = project.run("config", "show", "--config", "fail-on='error'").out.splitlines()
    assert lines[0] == f"# {project.folder / 'cnnlint.toml'}"
    assert 'fail-on = "error"  # command line' in lines
    assert f'select = ["TST","CNN000"]  # {project.folder / "cnnlint.toml"}' in lines
    assert "ignore = []  # default" in lines


def test_config_schema(project: Project) -> None:
    schema = json.loads(project.run("config", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"select": ["ALL"], "fail-on": "never"}, schema)
    for wrong in ({"selct": []}, {"fail-on": "sometimes"}, {"models": {"a.py:Net": {"max-macs": "4x"}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
    keys = {field.encode_name for field in msgspec.structs.fields(Settings)}
    assert set(schema["$defs"]["Settings"]["properties"]) == keys


def test_config_files(project: Project) -> None:
    for name in ("a.py", "lib/b.py", "lib/c.txt", "build/d.py", ".venv/e.py", "ignored/f.py"):
        project.write(name, "x = 1\n")
    project.write(".gitignore", "ignored/\n")
    assert project.run("config", "files").out.split() == ["a.py", "lib/b.py", "net.py"]
    assert project.run("config", "files", "lib", "plugin/rules.py").out.split() == ["lib/b.py", "plugin/rules.py"]
    assert project.run("config", "files", "plugin/rules.py", "--force-exclude").out == ""
    assert project.run("config", "files", "--exclude", "lib").out.split() == [
        ".venv/e.py", "a.py", "build/d.py", "net.py"
    ]  # fmt: skip


def test_test_runs_the_examples_of_rules(project: Project) -> None:
    result = project.run("test", "cnnlint_rules")
    assert result.status == 0
    assert "ok   CNN601 bias-before-batchnorm\n" in result.out
    result = project.run("test", "plugin/rules.py")
    assert result.status == 1
    assert "FAIL TST001 wide-kernel\n" in result.out
    assert "it has 0 bad examples and needs at least 2" in result.out


def test_installed_packages_are_read_from_the_environment_that_python_names(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    block, net = source.split("class Net")
    project.write("environment/lib/python3.12/site-packages/blocks.py", block)
    project.write("net.py", f"from torch import nn\nfrom blocks import Block\n\n\nclass Net{net}")

    def complete(*args: str) -> object:
        document = json.loads(project.run("summary", "net.py:Net", "--output-format", "json", *args).out)
        return document["models"][0]["complete"]

    assert complete() is False
    assert complete("--config", "python='environment'") is True
