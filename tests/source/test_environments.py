"""Where installed packages are, by the layout of folders alone."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.source.environments import site_packages

LAYOUTS = {
    "virtual environment": ("venv/bin/python", "venv/lib/python3.12/site-packages"),
    "by its folder": ("venv", "venv/lib/python3.12/site-packages"),
    "by its scripts": ("venv/bin", "venv/lib/python3.12/site-packages"),
    "windows": ("venv/Scripts/python.exe", "venv/Lib/site-packages"),
    "windows installation": ("Python312/python.exe", "Python312/Lib/site-packages"),
    "debian": ("usr/bin/python3", "usr/lib/python3/dist-packages"),
    "pypy": ("venv/bin/pypy3", "venv/lib/pypy3.10/site-packages"),
    "64 bit": ("venv/bin/python", "venv/lib64/python3.12/site-packages"),
}


@pytest.mark.parametrize(("python", "site"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(write: Callable[..., Path], python: str, site: str) -> None:
    folder = write(f"{site}/torchvision/__init__.py", *([python] if "python" in python.rsplit("/", 1)[-1] else []))
    assert site_packages(folder / python) == [folder / site]


def test_the_version_of_the_interpreter_decides(write: Callable[..., Path]) -> None:
    folder = write(
        "usr/bin/python3.9", "usr/bin/python3", *(f"usr/lib/python3.{n}/site-packages/a.py" for n in (9, 12))
    )
    old, new = folder / "usr/lib/python3.9/site-packages", folder / "usr/lib/python3.12/site-packages"
    assert site_packages(folder / "usr/bin/python3.9") == [old]
    assert site_packages(folder / "usr/bin/python3") == [new, old]


@pytest.mark.parametrize(("setting", "shared"), [("true", True), ("false", False)])
def test_an_environment_may_share_its_base(write: Callable[..., Path], setting: str, shared: bool) -> None:
    folder = write("v/bin/python", "v/lib/python3.12/site-packages/a.py", "base/lib/python3.12/site-packages/b.py")
    home = f"home = {folder}/base/bin\ninclude-system-site-packages = {setting}\nversion = 3.12.1\n"
    write(**{"v/pyvenv.cfg": home})
    expected = [folder / "v/lib/python3.12/site-packages", folder / "base/lib/python3.12/site-packages"]
    assert site_packages(folder / "v/bin/python") == expected[: 1 + shared]


def test_a_link_to_an_interpreter_leads_to_its_packages(write: Callable[..., Path]) -> None:
    folder = write("opt/py/bin/python3.12", "opt/py/lib/python3.12/site-packages/a.py", "home/bin/x")
    (folder / "home/bin/python").symlink_to(folder / "opt/py/bin/python3.12")
    assert site_packages(folder / "home/bin/python") == [folder / "opt/py/lib/python3.12/site-packages"]


def test_path_files_add_folders(write: Callable[..., Path]) -> None:
    site = "v/lib/python3.12/site-packages"
    folder = write("v/bin/python", "proj/src/net.py", "other/net.py", f"{site}/near/net.py")
    lines = f"# note\n\n{folder}/proj/src\nnear\n{folder}/missing\nimport sys; sys.exit(1)\n"
    write(**{f"{site}/a.pth": lines, f"{site}/b.pth": f"\ufeff{folder}/other\r\n{folder}/proj/src\r\n"})
    (folder / site / "bad.pth").write_bytes(b"\xff\xfe\0\n")
    expected = [site, "proj/src", f"{site}/near", "other"]
    assert site_packages(folder / "v/bin/python") == [folder / name for name in expected]


def test_setuptools_editable_finder(write: Callable[..., Path]) -> None:
    site = "v/lib/python3.12/site-packages"
    folder = write("v/bin/python", "work/src/zoo/__init__.py")
    mapping = f"MAPPING: dict[str, str] = {{'zoo': '{folder}/work/src/zoo', 'renamed': '{folder}/work/src/zoo'}}\n"
    write(
        **{
            f"{site}/__editable__.zoo-1.pth": "import __editable___zoo_1_finder; __editable___zoo_1_finder.install()",
            f"{site}/__editable___zoo_1_finder.py": f"import sys\n{mapping}NAMESPACES = {{}}\n",
            f"{site}/__editable__.bad.pth": "import __editable___bad_finder; __editable___bad_finder.install()",
            f"{site}/__editable___bad_finder.py": "MAPPING = {open('x'): 1}\n",
        }
    )
    assert site_packages(folder / "v/bin/python") == [folder / site, folder / "work/src"]


@pytest.mark.parametrize("python", ["missing/bin/python", "file.txt", "."])
def test_what_is_no_interpreter_has_no_packages(write: Callable[..., Path], python: str) -> None:
    assert site_packages(write("file.txt") / python) == []


def test_it_is_where_this_interpreter_has_them() -> None:
    assert Path(sysconfig.get_path("purelib")) in site_packages(Path(sys.executable))


def test_it_is_where_a_fresh_environment_has_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True, timeout=120)
    scripts = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.run([scripts / "python", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert Path(asked.stdout.strip()) in site_packages(scripts / "python")
