"""Which settings hold, and what is said about those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlint.config import ConfigError, Resolver


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("cnnlint.toml", "selct = []", "unknown setting 'selct'; did you mean 'select'?"),
        ("pyproject.toml", "[tool.cnnlint]\nfail_on = 'error'", "unknown setting 'fail_on'; did you mean 'fail-on'?"),
        ("cnnlint.toml", "fail-on = 'eror'", "setting 'fail-on': invalid enum value 'eror'; did you mean 'error'?"),
        ("cnnlint.toml", "target = 'mobil'", "did you mean 'mobile'?"),
        ("cnnlint.toml", "select = 'ALL'", "setting 'select': expected `array`, got `str`"),
        ("cnnlint.toml", "[models.'a.py:Net']\ninputs = []", "unknown setting 'inputs' in models."),
        ("cnnlint.toml", "[models.'a.py:Net']\nmax-macs = 'many'", "setting 'models[...].max-macs': expected `str`"),
        ("cnnlint.toml", "input = ['3xx']", "'3xx' is not a shape"),
        ("cnnlint.toml", "[models.'a.py:Net']\ninput = ['0x3']", "'0x3' is not a shape: a size of 0"),
        ("cnnlint.toml", "select = [", "is not valid TOML"),
        ("cnnlint.toml", "extend = 'base.toml'", "extend names 'base.toml', which is no file"),
        ("cnnlint.toml", "extend = 'cnnlint.toml'", "extend goes round in a circle"),
        ("pyproject.toml", "[tool]\ncnnlint = 3", "tool.cnnlint must be a table"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, file: str, text: str, message: str) -> None:
    write(tmp_path, {file: text})
    with pytest.raises(ConfigError) as error:
        _ = Resolver(tmp_path).root
    assert message in str(error.value)
    assert str(tmp_path / file) in str(error.value)


def test_the_nearest_file_wins_without_merging(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.cnnlint]\nselect = ['CNN1']\nfail-on = 'error'",
            "inner/cnnlint.toml": "select = ['CNN2']",
            "inner/deep/pyproject.toml": "[project]\nname = 'x'",
        },
    )
    resolver = Resolver(tmp_path)
    inner = resolver.for_file(tmp_path / "inner/deep/net.py")
    assert inner.file == tmp_path / "inner/cnnlint.toml"
    assert (inner.settings.select, inner.settings.fail_on) == (("CNN2",), "warning")
    assert resolver.for_file(tmp_path / "net.py").settings.fail_on == "error"


def test_cnnlint_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.cnnlint]\nignore = ['A']", "cnnlint.toml": "ignore = ['B']"})
    assert Resolver(tmp_path).root.settings.ignore == ("B",)


def test_extend_replaces_lists_and_merges_tables(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "base.toml": "select = ['CNN1']\nfail-on = 'error'\n[rules.a]\nx = 1\ny = 1\n[severity]\nCNN101 = 'advice'",
            "cnnlint.toml": "extend = 'base.toml'\nselect = ['CNN2']\n[rules.a]\ny = 2\n[rules.b]\nz = 3",
        },
    )
    resolved = Resolver(tmp_path).root
    assert resolved.settings.select == ("CNN2",)
    assert resolved.settings.fail_on == "error"
    assert resolved.settings.rules == {"a": {"x": 1, "y": 2}, "b": {"z": 3}}
    assert resolved.settings.severity == {"CNN101": "advice"}
    assert resolved.origin("fail-on") == str(tmp_path / "base.toml")
    assert resolved.origin("select") == str(tmp_path / "cnnlint.toml")
    assert resolved.origin("ignore") == "default"


def test_paths_are_relative_to_the_file_that_holds_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shared/base.toml": "plugins = ['rules.py', 'package.module']\n[models.'net.py:Net']\nargs = 'n=1'",
            "cnnlint.toml": "extend = 'shared/base.toml'",
        },
    )
    settings = Resolver(tmp_path).root.settings
    assert settings.plugins == (str(tmp_path / "shared/rules.py"), "package.module")
    assert list(settings.models) == [str(tmp_path / "shared/net.py:Net")]


def test_the_command_line_comes_last(tmp_path: Path) -> None:
    write(tmp_path, {"cnnlint.toml": "fail-on = 'error'\nexclude = ['a']", "other.toml": "fail-on = 'advice'"})
    pairs = Resolver(tmp_path, config=["fail-on = 'never'", "rules.x.y = 1"]).root
    assert (pairs.settings.fail_on, pairs.settings.exclude) == ("never", ("a",))
    assert pairs.origin("fail-on") == "command line"
    assert Resolver(tmp_path, config=["other.toml"]).root.settings.fail_on == "advice"
    assert Resolver(tmp_path, isolated=True).root.settings.fail_on == "warning"
    assert Resolver(tmp_path, options={"fail-on": "never"}).root.settings.fail_on == "never"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing.toml", "'nothing.toml' is neither a file nor KEY=VALUE"),
        ("fail-on=error", "strings need quotes"),
        ("fial-on='error'", "unknown setting 'fial-on'; did you mean 'fail-on'?"),
    ],
)
def test_wrong_config_options(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Resolver(tmp_path, config=[text])
    assert message in str(error.value)
