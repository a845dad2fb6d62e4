"""What the formats for programs hold when real models are linted."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lsprotocol import converters, types

from cnnlint.cli import run

ROOT = Path(__file__).parents[2]


def linted(capsys: pytest.CaptureFixture[str], output_format: str) -> Any:
    run(["fixtures/models", "--output-format", output_format, "--quiet"])
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    document = linted(capsys, "json")
    jsonschema.validate(document, _schema("findings"))
    prints = [finding["fingerprint"] for finding in document["findings"]]
    assert len(set(prints)) == len(prints) > 0


def test_sarif(capsys: pytest.CaptureFixture[str]) -> None:
    document = linted(capsys, "sarif")
    jsonschema.validate(document, json.loads((ROOT / "tests/data/sarif-2.1.0.json").read_text("utf-8")))
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    for result in document["runs"][0]["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]


def test_lsp(capsys: pytest.CaptureFixture[str]) -> None:
    published = linted(capsys, "lsp")
    params = converters.get_converter().structure(published, list[types.PublishDiagnosticsParams])
    assert {Path(param.uri).name for param in params} <= {path.name for path in (ROOT / "fixtures/models").iterdir()}
    assert all(param.diagnostics for param in params)


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures/models").glob("*.py")), ids=lambda path: path.stem)
def test_summary(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["summary", str(path.relative_to(ROOT)), "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, _schema("summary"))
    for model in document["models"]:
        rows = sum(row["macs"] for row in model["layers"] if isinstance(row["macs"], int))
        assert model["macs"] is None or not isinstance(model["macs"], int) or rows <= model["macs"]


def _schema(name: str) -> Any:
    return json.loads(files("cnnlint.report").joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))
