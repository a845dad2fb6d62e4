"""Which files a run looks at."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cnnlint.source.discovery import discover
from cnnlint.source.paths import absolute

TREE = """
a.py
b.txt
notebook.ipynb
pkg/__init__.py
pkg/net.py
pkg/sub/deep.py
pkg/build/made.py
pkg/buildings/house.py
.venv/lib/x.py
venv/x.py
.git/hooks/x.py
node_modules/x/y.py
__pycache__/x.py
.hidden/x.py
folder.py/inner.py
legacy/old.py
"""
PKG = "pkg/__init__.py pkg/buildings/house.py pkg/net.py pkg/sub/deep.py"
ALL = f"a.py folder.py/inner.py legacy/old.py .hidden/x.py {PKG}"
FOUR = "__init__ net house deep"


@pytest.fixture
def tree(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    root = write(*(f"work/{name}" for name in TREE.split())) / "work"
    monkeypatch.chdir(root)
    return root


SEARCHES: dict[str, tuple[Sequence[str], dict[str, Any], str]] = {
    "a folder": (["."], {}, ALL),
    "a file": (["pkg/net.py"], {}, "pkg/net.py"),
    "twice":
        (["pkg/net.py", "./pkg/net.py", "pkg", "pkg/../pkg/net.py"], {}, PKG),
    "nothing": ([], {}, ""),
    "a file of any name": (["b.txt", "notebook.ipynb"], {}, "b.txt notebook.ipynb"),
    "an excluded file that is named": ([".venv/lib/x.py"], {}, ".venv/lib/x.py"),
    "an excluded file that is named, forced": ([".venv/lib/x.py", "a.py"], {"force_exclude": True}, "a.py"),
    "an excluded folder that is named": (["pkg/build", "venv"], {}, "pkg/build/made.py venv/x.py"),
    "an excluded folder that is named, forced": (["pkg/build", "venv"], {"force_exclude": True}, ""),
    "below an excluded folder": ([".venv/lib"], {}, ".venv/lib/x.py"),
    "other excludes": (["pkg"], {"exclude": ["sub"]}, PKG.replace("sub/deep", "build/made")),
    "more excludes": (["."], {"extend_exclude": ["/pkg", "*.py/", ".hidden"]}, "a.py legacy/old.py"),
    "an exclude from the root":
        (["."], {"exclude": ["/*/", "!/pkg", "net.py"]}, f"a.py {PKG.replace('net', 'build/made')}"),
    "an exclude with a path":
        (["pkg"], {"extend_exclude": ["pkg/sub/*.py", "pkg/buildings"]}, "pkg/__init__.py pkg/net.py"),
    "none": (["pkg/build", "__pycache__"], {"exclude": []}, "__pycache__/x.py pkg/build/made.py"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEARCHES.values(), ids=SEARCHES)
def test_what_is_found(tree: Path, case: tuple[Sequence[str], dict[str, Any], str]) -> None:
    paths, options, expected = case
    for order in (list(paths), list(reversed(paths))):
        found = discover(order, **options)
        assert sorted(map(Path.as_posix, found.files)) == sorted(expected.split())
        assert [absolute(path) for path in found.files] == sorted(map(absolute, found.files))
        assert found.missing == ()


IGNORES: dict[str, tuple[dict[str, str], list[str], dict[str, Any], str]] = {
    "a pattern": ({".gitignore": "net.py\n"}, ["pkg"], {}, "__init__ house deep"),
    "a folder": ({".gitignore": "sub/\nbuildings\n"}, ["pkg"], {}, "__init__ net"),
    "from the root": ({".gitignore": "/net.py\n/pkg/sub\n"}, ["pkg"], {}, "__init__ net house"),
    "taken back": ({".gitignore": "*.py\n!net.py\n"}, ["pkg"], {}, "net"),
    "taken back in a nested file": ({".gitignore": "*.py\n", "pkg/sub/.gitignore": "!deep.py\n"}, ["pkg"], {}, "deep"),
    "nested": ({"pkg/.gitignore": "/net.py\n", "pkg/sub/.gitignore": "*\n"}, ["pkg"], {}, "__init__ house"),
    "a nested file says nothing of others": ({"pkg/sub/.gitignore": "*.py\n"}, ["a.py", "pkg/net.py"], {}, "a net"),
    "comments and blanks": ({".gitignore": "# net.py\n\n   \n\\#x\n"}, ["pkg"], {}, FOUR),
    "bad patterns": ({".gitignore": "!\n\\\n[z-a]\nnet.py\n"}, ["pkg"], {}, "__init__ house deep"),
    "not asked for": ({".gitignore": "*.py\n", "pkg/.gitignore": "*"}, ["pkg"], {"respect_gitignore": False}, FOUR),
    "a named file": ({".gitignore": "*.py\n"}, ["pkg/net.py"], {}, "net"),
    "a named file, forced": ({".gitignore": "*.py\n"}, ["pkg/net.py", "b.txt"], {"force_exclude": True}, "b"),
    "a named file below an ignored folder, forced":
        ({".gitignore": "pkg/\n"}, ["pkg/net.py"], {"force_exclude": True}, ""),
    "a named folder": ({".gitignore": "pkg/\n"}, ["pkg"], {}, FOUR),
    "a named folder, forced": ({".gitignore": "pkg/\n"}, ["pkg"], {"force_exclude": True}, ""),
    "above the repository": ({"../.gitignore": "*.py\n"}, ["pkg"], {}, FOUR),
    "between the root and the folder": ({"pkg/.gitignore": "deep.py\n"}, ["pkg/sub"], {}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", IGNORES.values(), ids=IGNORES)
def test_ignore_files(
    tree: Path, write: Callable[..., Path], case: tuple[Mapping[str, str], Sequence[str], dict[str, Any], str]
) -> None:
    ignores, paths, options, expected = case
    write(**{f"work/{name}": text for name, text in ignores.items()})
    assert sorted(path.stem for path in discover(paths, **options).files) == sorted(expected.split())


def test_outside_a_repository_ignore_files_above_do_not_count(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("x/pkg/a.py", "x/pkg/b.py")
    write(**{"x/.gitignore": "a.py\n", "x/pkg/.gitignore": "b.py\n"})
    monkeypatch.chdir(root)
    assert [path.name for path in discover(["x/pkg"]).files] == ["a.py"]
    assert [path.name for path in discover(["x"]).files] == []


def test_excludes_hold_outside_the_working_directory(
    tree: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write("elsewhere/x.py") / "elsewhere")
    found = [path.relative_to(tree).as_posix() for path in discover([tree]).files]
    assert sorted(found) == sorted(ALL.split())
    given = discover([tree], extend_exclude=["legacy", "/pkg"], root=tree).files
    assert sorted(path.relative_to(tree).as_posix() for path in given) == [".hidden/x.py", "a.py", "folder.py/inner.py"]


def test_files_are_shown_as_given(tree: Path) -> None:
    assert discover([tree / "a.py"]).files == (tree / "a.py",)
    assert discover([tree / "a.py", "a.py"]).files == discover(["a.py", tree / "a.py"]).files == (Path("a.py"),)
    assert discover(["../work/pkg/sub"]).files == (Path("../work/pkg/sub/deep.py"),)


def test_what_is_missing_is_told(tree: Path) -> None:
    (tree / "dangling.py").symlink_to(tree / "nowhere.py")
    found = discover(["zzz.py", "a.py", "zzz.py", "dangling.py", "bad\0name"])
    assert found.files == (Path("a.py"),)
    assert [(entry.path.as_posix(), entry.reason) for entry in found.missing] == [
        ("bad\0name", "no such file or folder"),
        ("dangling.py", "is neither a file nor a folder"),
        ("zzz.py", "no such file or folder"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_and_pipes(tree: Path) -> None:
    (tree / "pkg/sub/up").symlink_to(tree)
    (tree / "pkg/sub/self").symlink_to("self")
    (tree / "pkg/sub/linked.py").symlink_to(tree / "a.py")
    (tree / "pkg/sub/broken.py").symlink_to(tree / "nowhere.py")
    os.mkfifo(tree / "pkg/sub/pipe.py")
    found = discover(["pkg/sub"])
    assert [path.name for path in found.files] == ["deep.py", "linked.py"]
    assert found.missing == ()
    assert discover(["pkg/sub/up/pkg/sub"]).files[0] == Path("pkg/sub/up/pkg/sub/deep.py")


def test_a_folder_that_cannot_be_read_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "sub":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = discover(["pkg"])
    assert [path.name for path in found.files] == ["__init__.py", "house.py", "net.py"]
    assert [(entry.path.as_posix(), entry.reason) for entry in found.missing] == [
        ("pkg/sub", "cannot read the folder: Permission denied")
    ]


@pytest.mark.parametrize("pattern", ["!", "[z-a]", "\\"])
def test_a_bad_exclude_is_named(tree: Path, pattern: str) -> None:
    with pytest.raises(ValueError, match="bad exclude pattern"):
        discover(["."], extend_exclude=[pattern])
