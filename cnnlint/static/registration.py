"""Registries: collections that decorators and calls all over a program fill.

Names run on demand, and nothing asks for what is only registered. So where a key is missing from a collection that a
file, or an object or class of a file, holds and whose holder stores into it, the statements that register are run
first: ``@register_model``, ``register_block("one", Block)``, ``@REGISTRY.register()``. Those that name the key come
before the others, and are looked for in the modules that the packages around import, too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.source.bindings import root_name
from cnnlint.static.frame import ModuleEnv
from cnnlint.static.imports import file_name, open_file, run_late
from cnnlint.static.methods import CHANGING
from cnnlint.static.values import Class, Function, Instance, Site, Value

if TYPE_CHECKING:
    from cnnlint.source.index import Statement
    from cnnlint.static.interpreter import Interpreter


@dataclass(frozen=True)
class _Registry:
    """What fills a collection: the functions and classes ``fillers`` of the file ``home``, or the object ``owner``."""

    home: ModuleEnv
    fillers: frozenset[str] = frozenset()
    owner: Instance | Class | None = None
    asked: set[str] = field(default_factory=set)
    """The missing keys that were looked for."""

    def stores_at(self, site: Site) -> bool:
        """Whether the code at ``site`` belongs to what fills the collection."""
        if self.owner is not None:
            cls = self.owner if isinstance(self.owner, Class) else self.owner.cls
            methods = cls.statement.body.statements if cls.statement is not None else ()
            return site.statement in methods and any(map(_changed, ast.walk(site.statement.node)))
        return site.statement.file is self.home.index and not self.fillers.isdisjoint(site.statement.names)

    def is_filled_by(self, value: Value) -> bool:
        if self.owner is not None:
            return value is self.owner
        return isinstance(value, Function | Class) and value.env is self.home and value.name in self.fillers


def complete(it: Interpreter, table: Value, key: str, site: Site) -> bool:
    """Run what may register ``key`` in ``table``, from which it is missing. Whether ``table`` then holds all that it
    ever will: a registry may be filled by files that are not read. What asks at ``site`` whether a key is taken
    before it registers it is answered as things stand."""
    registry = _registry_of(it, table)
    if registry is None or registry.stores_at(site):
        return True
    if key not in registry.asked:
        registry.asked.add(key)
        _fill(it, registry, table, key)
    return False


def _fill(it: Interpreter, registry: _Registry, table: Value, key: str) -> None:
    opened = list(it.modules.values())
    _run(it, registry, opened, key)
    if key not in table:
        _run(it, registry, list(_modules_naming(it, registry.home, key)), key)
    if key not in table:
        _run(it, registry, opened, None)


# ---- what fills a collection ------------------------------------------------------------------------------------


def _registry_of(it: Interpreter, table: Value) -> _Registry | None:
    known = it.memo.registries.get(id(table))
    if known is None:
        known = it.memo.registries[id(table)] = (table, _found_registry(it, table))
    return known[1]


def _found_registry(it: Interpreter, table: Value) -> _Registry | None:
    for env in it.modules.values():
        for name, value in env.names.items():
            if value is table and _is_made_in(env, name):
                fillers = _fillers(env, name)
                return _Registry(env, fillers) if fillers else None
            if isinstance(value, Instance | Class) and _holds(value, table) and _is_made_in(env, name):
                return _Registry(env, owner=value)
    return None


def _is_made_in(env: ModuleEnv, name: str) -> bool:
    """Whether the file itself makes what ``name`` names, rather than importing it."""
    statements = env.index.scope.by_name.get(name, ()) if env.index is not None else ()
    return any(statement.kind != "import" for statement in statements)


def _holds(owner: Instance | Class, table: Value) -> bool:
    if isinstance(owner, Instance) and owner.payload is table:
        return True
    return any(value is table for value in owner.attrs.values())


def _fillers(env: ModuleEnv, name: str) -> frozenset[str]:
    """The functions and classes of a file whose code changes the global ``name``."""
    if env.index is None:
        return frozenset()
    definitions = (s for s in env.index.scope.statements if s.kind in ("function", "class"))
    return frozenset(s.names[0] for s in definitions if any(_changed(node) == name for node in ast.walk(s.node)))


def _changed(node: ast.AST) -> str | None:
    """The name at the root of the collection that a node stores into."""
    match node:
        case ast.Subscript(ctx=ast.Store(), value=collection):
            return root_name(collection)
        case ast.Call(func=ast.Attribute(value=collection, attr=method)) if method in CHANGING:
            return root_name(collection)
    return None


# ---- what registers -----------------------------------------------------------------------------------------------


def _run(it: Interpreter, registry: _Registry, envs: list[ModuleEnv], key: str | None) -> None:
    """Run the statements of files that register: all, or those that name ``key``."""
    for env in envs:
        fills: dict[str, bool] = {}
        for statement in env.index.scope.statements if env.index is not None else ():
            name = None if statement in env.done else _registers_by(statement)
            if name is None or (key is not None and not _names(statement, key)):
                continue
            if name not in fills:
                fills[name] = registry.is_filled_by(file_name(it, env, name))
            if fills[name]:
                run_late(it, env, statement)


def _registers_by(statement: Statement) -> str | None:
    """The name at the root of what a decorator, or a call that is a statement, calls."""
    match statement.node:
        case ast.FunctionDef(decorator_list=[*_, decorator]) | ast.ClassDef(decorator_list=[*_, decorator]):
            return root_name(decorator)
        case ast.Expr(value=ast.Call() as call):
            return root_name(call)
    return None


def _names(statement: Statement, key: str) -> bool:
    """Whether a registering statement defines ``key`` or holds it as a text."""
    if key in statement.names:
        return True
    node = statement.node
    where = getattr(node, "decorator_list", [node])
    return any(isinstance(n, ast.Constant) and n.value == key for part in where for n in ast.walk(part))


def _modules_naming(it: Interpreter, home: ModuleEnv, key: str) -> Iterator[ModuleEnv]:
    """The modules that the packages around ``home`` import, and whose text defines or quotes ``key``."""
    marks = (f"def {key}(", f"class {key}", f"'{key}'", f'"{key}"')
    for path in _imported(it, home.path):
        if path not in it.modules and any(mark in it.project.text(path) for mark in marks):
            env = open_file(it, path)
            if env is not None:
                yield env


def _imported(it: Interpreter, path: Path) -> Iterator[Path]:
    """The modules that the packages around a file import, and those that packages among them import."""
    name, folder = it.project.module_name(path)
    parts = name.split(".")
    pending = [folder.joinpath(*parts[:count], "__init__.py") for count in range(len(parts), 0, -1)]
    seen: set[Path] = set()
    while pending:
        file = pending.pop(0)
        env = open_file(it, file) if file not in seen else None
        seen.add(file)
        if env is None or env.index is None:
            continue
        for statement in env.index.scope.statements:
            for imported in _modules_of(it, statement, file):
                if imported.name == "__init__.py":
                    pending.append(imported)
                elif imported not in seen:
                    seen.add(imported)
                    yield imported


def _modules_of(it: Interpreter, statement: Statement, importer: Path) -> Iterator[Path]:
    match statement.node:
        case ast.ImportFrom(module=module, level=level, names=names) if level:
            modules = [module] if module else [alias.name for alias in names]
            for name in modules:
                path = it.project.resolve(name, level, importer)
                if path is not None and path.suffix == ".py":
                    yield path
