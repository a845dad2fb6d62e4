"""Registries that calls and decorators fill: looking a name up finds what Python has registered by then."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from cnnlint.source.imports import Project
from cnnlint.static.imports import file_name, open_file
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.reader import _deep_stack
from cnnlint.static.recorder import Recorder
from cnnlint.static.values import Unknown

REGISTRY = """
    _makers = {}
    _modules = {}

    def register(fn):
        if fn.__name__ in _makers:
            raise ValueError("twice")
        _makers[fn.__name__] = fn
        _modules.setdefault(fn.__module__, []).append(fn.__name__)
        return fn

    def register_as(name, fn):
        _makers[name] = fn

    def known(name):
        return name in _makers

    def create(name, **kwargs):
        if not known(name):
            raise RuntimeError(f"unknown model {name}")
        return _makers[name](**kwargs)
    """
CLASS = """
    class Registry:
        def __init__(self):
            self.table = {}
        def register(self, name=None):
            def add(cls):
                self.table[name or cls.__name__] = cls
                return cls
            return add
        def get(self, name):
            found = self.table.get(name)
            if found is None:
                raise KeyError(name)
            return found
    NETS = Registry()
    """

PROGRAMS = {
    "a call in the file that asks": {
        "zoo/__init__.py": "",
        "zoo/registry.py": REGISTRY,
        "main.py": """
            from zoo.registry import create, register_as
            def small(width=1): return width * 10
            register_as("small", small)
            answer = create("small", width=3)
            """,
    },
    "decorators in files that the package imports": {
        "zoo/__init__.py": "from .nets import *\nfrom .more import *\nfrom .registry import create, known\n",
        "zoo/registry.py": REGISTRY,
        "zoo/nets.py": """
            from .registry import register
            __all__ = []
            @register
            def net18(): return "net18"
            @register
            def net34(): return "net34"
            """,
        "zoo/more/__init__.py": "from .deep import deep\n",
        "zoo/more/deep.py": """
            from ..registry import register, register_as
            @register
            def deep(): return "deep"
            register_as("alias", deep)
            """,
        "main.py": """
            import zoo
            answer = zoo.create("net34"), zoo.create("deep"), zoo.create("alias"), zoo.known("net18")
            """,
    },
    "decorators of an object": {
        "zoo/__init__.py": "from .nets import Plain\nfrom .registry import NETS\n",
        "zoo/registry.py": CLASS,
        "zoo/nets.py": """
            from .registry import NETS
            @NETS.register()
            class Plain: size = 1
            @NETS.register("renamed")
            class Other: size = 2
            """,
        "main.py": """
            from zoo.registry import NETS
            @NETS.register()
            class Own: size = 3
            answer = [NETS.get(name).size for name in ("Own", "Plain", "renamed")]
            """,
    },
    "names that a call gives to its module": {
        "zoo/__init__.py": "",
        "zoo/registry.py": """
            import sys
            def alias(module, names):
                for old, new in names.items():
                    setattr(sys.modules[module], old, getattr(sys.modules[module], new))
            """,
        "zoo/nets.py": """
            from .registry import alias
            def net(): return "net"
            alias(__name__, {"old_net": "net"})
            """,
        "main.py": """
            from zoo import nets
            from zoo.nets import old_net
            answer = old_net(), nets.old_net(), hasattr(nets, "older")
            """,
    },
    "a dictionary that nothing fills": {
        "main.py": """
            SIZES = {"small": 1}
            def double(f): return lambda x: 2 * f(x)
            @double
            def size(x): return SIZES[x]
            answer = "large" in SIZES, SIZES.get("large"), size("small")
            """,
    },
}


def read(folder: Path) -> Any:
    recorder = Recorder()
    it = Interpreter(Project([folder]), recorder)
    recorder.interpreter = it
    env = open_file(it, folder / "main.py")
    assert env is not None
    with _deep_stack():
        return file_name(it, env, "answer")


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What Python leaves in ``answer``."""
    monkeypatch.syspath_prepend(str(folder))
    try:
        return runpy.run_path(str(folder / "main.py"))["answer"]
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
            del sys.modules[name]


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_looks_up_what_python_registers(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path, PROGRAMS[name])
    assert repr(read(folder)) == repr(run(folder, monkeypatch))


def test_what_may_be_registered_elsewhere_is_unknown(tmp_path: Path) -> None:
    main = "from zoo.registry import create, known\nanswer = known('elsewhere'), create('elsewhere')\n"
    answer = read(written(tmp_path, {"zoo/__init__.py": "", "zoo/registry.py": REGISTRY, "main.py": main}))
    assert [type(value) for value in answer] == [Unknown, Unknown]
