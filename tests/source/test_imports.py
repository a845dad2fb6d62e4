"""Which file an import statement means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.source.imports import Project
from cnnlint.source.text import SourceProblem, SourceText

LAYOUT = """
setup.py
train.py
utils.py
zoo/__init__.py
zoo/base.py
zoo/nets/__init__.py
zoo/nets/net.py
zoo/nets/plain.py
zoo/utils.py
loose/part.py
loose/deeper/leaf.py
src/inner/__init__.py
src/inner/block.py
tests/test_zoo.py
both/__init__.py
both.py
json.py
torch.py
"""
SITE = "torchvision/__init__.py torchvision/models/resnet.py timm/layers/conv.py zoo/other.py single.py loose/extra.py"


@pytest.fixture
def root(write: Callable[..., Path]) -> Path:
    """A project and, beside it, an environment."""
    folder = write(*(f"project/{name}" for name in LAYOUT.split()), *(f"site/{name}" for name in SITE.split()))
    return folder / "project"


@pytest.fixture
def project(root: Path) -> Project:
    return Project([root], [root.parent / "site"])


RESOLVED = {
    # importer, level, module: file below the folder of project and site
    ("zoo/nets/net.py", 1, ""): "project/zoo/nets/__init__.py",
    ("zoo/nets/net.py", 1, "plain"): "project/zoo/nets/plain.py",
    ("zoo/nets/net.py", 2, ""): "project/zoo/__init__.py",
    ("zoo/nets/net.py", 2, "base"): "project/zoo/base.py",
    ("zoo/nets/net.py", 2, "nets.plain"): "project/zoo/nets/plain.py",
    ("zoo/nets/net.py", 3, "utils"): "project/utils.py",
    ("zoo/nets/net.py", 99, "utils"): None,
    ("zoo/nets/net.py", 1, "missing"): None,
    ("zoo/__init__.py", 1, "base"): "project/zoo/base.py",
    ("zoo/__init__.py", 1, "nets"): "project/zoo/nets/__init__.py",
    ("loose/part.py", 1, "deeper"): "project/loose/deeper",
    ("loose/part.py", 1, "deeper.leaf"): "project/loose/deeper/leaf.py",
    ("loose/part.py", 1, ""): "project/loose",
    ("loose/deeper/leaf.py", 2, "part"): "project/loose/part.py",
    ("zoo/nets/net.py", 0, "zoo"): "project/zoo/__init__.py",
    ("zoo/nets/net.py", 0, "zoo.base"): "project/zoo/base.py",
    ("zoo/nets/net.py", 0, "zoo.nets.plain"): "project/zoo/nets/plain.py",
    ("zoo/nets/net.py", 0, "zoo.missing"): None,
    ("zoo/nets/net.py", 0, "zoo.base.Net"): None,
    ("zoo/nets/net.py", 0, "zoo.other"): None,
    ("zoo/nets/net.py", 0, "plain"): "project/zoo/nets/plain.py",
    ("zoo/nets/net.py", 0, "utils"): "project/utils.py",
    ("train.py", 0, "utils"): "project/utils.py",
    ("train.py", 0, "loose"): "project/loose",
    ("train.py", 0, "loose.part"): "project/loose/part.py",
    ("train.py", 0, "loose.extra"): "site/loose/extra.py",
    ("train.py", 0, "loose.deeper.leaf"): "project/loose/deeper/leaf.py",
    ("train.py", 0, "inner.block"): "project/src/inner/block.py",
    ("tests/test_zoo.py", 0, "inner.block"): "project/src/inner/block.py",
    ("tests/test_zoo.py", 0, "zoo.nets"): "project/zoo/nets/__init__.py",
    ("src/inner/block.py", 0, "inner"): "project/src/inner/__init__.py",
    ("src/inner/block.py", 0, "train"): "project/train.py",
    ("train.py", 0, "both"): "project/both/__init__.py",
    ("train.py", 0, "torchvision"): "site/torchvision/__init__.py",
    ("train.py", 0, "torchvision.models"): "site/torchvision/models",
    ("train.py", 0, "torchvision.models.resnet"): "site/torchvision/models/resnet.py",
    ("train.py", 0, "timm.layers.conv"): "site/timm/layers/conv.py",
    ("train.py", 0, "single"): "site/single.py",
    ("train.py", 0, "single.x"): None,
    ("train.py", 0, "json"): None,
    ("train.py", 0, "torch"): None,
    ("train.py", 0, "torch.nn"): None,
    ("train.py", 0, "os.path"): None,
    ("train.py", 0, "nowhere"): None,
    ("train.py", 0, ""): None,
    ("train.py", 0, "."): None,
    ("train.py", 0, "zoo..base"): None,
    ("train.py", 0, "zoo/base"): None,
    ("train.py", 0, "zoo.nul\0"): None,
    ("train.py", 0, "x" * 5000): None,
    ("missing/file.py", 0, "utils"): "project/utils.py",
}


@pytest.mark.parametrize("case", RESOLVED, ids=lambda case: f"{case[0]} {'.' * case[1]}{case[2][:30]!r}")
def test_resolve(project: Project, root: Path, case: tuple[str, int, str]) -> None:
    importer, level, module = case
    expected = RESOLVED[case]
    for _ in range(2):
        found = project.resolve(module, level, root / importer)
        assert (found and found.relative_to(root.parent).as_posix()) == expected


def test_an_importer_outside_the_roots_sees_its_own_folder(project: Project, write: Callable[..., Path]) -> None:
    elsewhere = write("elsewhere/a.py", "elsewhere/deep/b.py", "elsewhere/deep/c.py", "upper.py") / "elsewhere"
    assert project.resolve("c", 0, elsewhere / "deep/b.py") == elsewhere / "deep/c.py"
    assert project.resolve("a", 0, elsewhere / "deep/b.py") is None
    assert project.resolve("torchvision", 0, elsewhere / "a.py") is not None


NAMES = {
    "train.py": ("train", "."),
    "zoo/__init__.py": ("zoo", "."),
    "zoo/base.py": ("zoo.base", "."),
    "zoo/nets/__init__.py": ("zoo.nets", "."),
    "zoo/nets/net.py": ("zoo.nets.net", "."),
    "loose/part.py": ("part", "loose"),
    "loose/deeper": ("deeper", "loose"),
    "src/inner/block.py": ("inner.block", "src"),
    "zoo/nets/missing.py": ("zoo.nets.missing", "."),
}


@pytest.mark.parametrize("path", NAMES)
def test_module_names(project: Project, root: Path, path: str) -> None:
    name, folder = NAMES[path]
    assert project.module_name(root / path) == (name, root / folder)


def test_files_are_read_once(project: Project, root: Path) -> None:
    (root / "train.py").write_text("x = 1")
    first = project.load(root / "train.py")
    assert first is project.load(root / "zoo/../train.py")
    assert first.text.text == "x = 1"


def test_a_problem_is_raised_each_time(project: Project, root: Path) -> None:
    (root / "train.py").write_text("x = (")
    for _ in range(2):
        with pytest.raises(SourceProblem) as caught:
            project.load(root / "train.py")
        assert caught.value.kind == "syntax-error"
    with pytest.raises(SourceProblem, match="read-error"):
        project.load(root / "missing.py")


def test_files_are_shown_relative_to_the_working_directory(
    project: Project, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert project.load(root / "zoo/base.py").text.path == "zoo/base.py"
    outside = root.parent / "site/single.py"
    assert project.load(outside).text.path == outside.as_posix()


def test_a_text_in_memory_stands_for_its_file(project: Project, root: Path) -> None:
    project.add(SourceText("<stdin>", "y = 2"), root / "zoo/base.py")
    assert project.load(root / "zoo/base.py").text.path == "<stdin>"
    assert project.resolve("fresh", 1, root / "zoo/base.py") is None
    project.add(SourceText("fresh", "z = 3"), root / "zoo/fresh.py")
    assert project.resolve("fresh", 1, root / "zoo/base.py") == root / "zoo/fresh.py"
    project.add(SourceText("fresh", "z = 4"), root / "zoo/fresh.py")
    assert project.load(root / "zoo/fresh.py").text.text == "z = 4"


def test_an_empty_text_in_memory_hides_the_file(project: Project, root: Path) -> None:
    (root / "train.py").write_text("x = 1")
    project.add(SourceText("train.py", ""), root / "train.py")
    assert project.load(root / "train.py").scope.statements == ()


def test_links_in_circles_end(project: Project, root: Path) -> None:
    (root / "zoo/nets/again").symlink_to(root / "zoo")
    (root / "loop.py").symlink_to(root / "loop.py")
    assert project.resolve("again.nets.again.base", 1, root / "zoo/nets/net.py") is not None
    assert project.resolve("loop", 0, root / "train.py") is None
