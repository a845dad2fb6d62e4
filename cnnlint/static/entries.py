"""Which models a file holds: what its own code builds and calls, its builder functions, and the classes that nobody
else instantiates."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.graph.model import Evidence, EvidenceKind, ProblemKind
from cnnlint.graph.span import Span
from cnnlint.source.syntax import Unparsable
from cnnlint.static.attributes import find_in_class
from cnnlint.static.calls import call
from cnnlint.static.classes import run_statement
from cnnlint.static.examples import makes_inputs
from cnnlint.static.externals import MODULE
from cnnlint.static.frame import Frame, ModuleEnv
from cnnlint.static.imports import file_name
from cnnlint.static.recorder import Example
from cnnlint.static.running import Entry
from cnnlint.static.signals import Exhausted, Raised, Signal
from cnnlint.static.values import (
    Class,
    Descriptor,
    External,
    Function,
    ModuleInstance,
    Native,
    Param,
    Site,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.source.index import Statement
    from cnnlint.static.interpreter import Interpreter

MAX_ENTRIES = 64


@dataclass(frozen=True)
class Broken:
    """A model whose construction raises."""

    target: str
    name: str
    span: Span
    raised: Raised


_SCRIPT = frozenset({"assign", "expr", "for", "with", "if", "try", "while"})


def find_entries(it: Interpreter, env: ModuleEnv, path: str) -> Iterator[Entry | Broken]:
    """The entry models of a file, one at a time: each is run before the next is looked for."""
    assert env.index is not None
    classes = module_classes(it, env)
    if not classes and not _may_run_models(env):
        return
    for count, entry in enumerate(_in_order(it, env, path, classes), start=1):
        yield entry
        if count >= MAX_ENTRIES:
            it.note(it.unknown(f"only the first {MAX_ENTRIES} models of the file are read"))
            return


def _in_order(it: Interpreter, env: ModuleEnv, path: str, classes: dict[str, Statement]) -> Iterator[Entry | Broken]:
    yield from _scripted(it, env, path)
    yield from _built(it, env, path, classes)
    yield from _standing(it, env, path, classes)


def module_classes(it: Interpreter, env: ModuleEnv) -> dict[str, Statement]:
    """The file's classes that derive from ``nn.Module``, by name, in order."""
    assert env.index is not None
    found: dict[str, Statement] = {}
    for statement in env.index.scope.statements:
        if statement.kind == "class":
            cls = _quietly(it, lambda name=statement.names[0]: file_name(it, env, name))
            if isinstance(cls, Class) and cls.is_subclass(MODULE):
                found[statement.names[0]] = statement
    return found


def _quietly(it: Interpreter, question: object) -> Value:
    """The answer, or unknown where the program raises on the way."""
    try:
        return question()  # type: ignore[operator]
    except Raised as raised:
        return it.unknown(f"raises {raised.name}: {raised.text}")


def _may_run_models(env: ModuleEnv) -> bool:
    """Whether a file without module classes may build models all the same: in its ``__main__`` part, from torch's
    containers, or for an example input that it makes."""
    assert env.index is not None
    text = env.index.text.text
    return "torch" in text and (bool(env.index.scope.entry_guard) or "Sequential(" in text or makes_inputs(text))


# ---- the file's own code --------------------------------------------------------------------------------------


def _scripted(it: Interpreter, env: ModuleEnv, path: str) -> Iterator[Entry | Broken]:
    """Models that the file's own top-level code builds and calls."""
    yield from run_script(it, env, path)
    seen: set[int] = set()
    for example in list(it.recorder.examples):
        root = example.module
        if id(root) in seen or not root.initialised or root.spec is not None:
            continue
        seen.add(id(root))
        if _below_another(it, root):
            continue
        known = bool(example.args or example.kwargs) and all(
            not isinstance(value, TensorValue) or value.shape is not None
            for value in (*example.args, *example.kwargs.values())
        )
        yield _example_entry(it, env, path, example, known)


def _below_another(it: Interpreter, root: ModuleInstance) -> bool:
    """Whether a called module belongs to another one that was called."""
    from cnnlint.static.modules import named_modules

    others = {id(e.module): e.module for e in it.recorder.examples if e.module is not root}
    return any(root is child for other in others.values() for _, child in named_modules(it, other))


def _example_entry(it: Interpreter, env: ModuleEnv, path: str, example: Example, known: bool) -> Entry:
    root = example.module
    evidence = Evidence(EvidenceKind.EXAMPLE, example.site.span) if known else Evidence(EvidenceKind.NONE)
    args = example.args if known and not _has_unknown(example) else None
    if args is None:
        evidence = Evidence(EvidenceKind.NONE)
    span = _class_span(root) or example.site.span
    return Entry(
        root, f"{path}:{root.cls.name}", span, example.site, evidence, args=args,
        kwargs=example.kwargs if args is not None else None,
    )  # fmt: skip


def _has_unknown(example: Example) -> bool:
    return any(isinstance(value, Unknown | External) for value in (*example.args, *example.kwargs.values()))


def _class_span(root: ModuleInstance) -> Span | None:
    return root.cls.statement.stmt_span() if root.cls.statement is not None else None


def run_script(it: Interpreter, env: ModuleEnv, path: str) -> Iterator[Broken]:
    """Run the top-level code of a file that is no definition, the ``__main__`` guard included; the models whose
    construction raises there."""
    assert env.index is not None
    scope = env.index.scope
    for statement in scope.statements:
        guarded = statement in scope.entry_guard
        if statement in env.done or (statement.kind not in _SCRIPT and not guarded):
            continue
        env.done.add(statement)
        frame = Frame(env, statement, env.names, module_level=True)
        it.around = True
        try:
            if guarded:
                _run_guard(it, statement, frame)
            else:
                run_statement(it, statement, frame)
        except Exhausted:
            raise
        except Raised as raised:
            if raised.model:
                yield Broken(f"{path}:{raised.model}", raised.model, statement.stmt_span(), raised)
        except (Signal, Unparsable):
            continue
        finally:
            it.around = False


def _run_guard(it: Interpreter, statement: Statement, frame: Frame) -> None:
    node = statement.parse()
    if not isinstance(node, cst.If):
        return
    with it.recorder.inside(Site(statement, node)):
        for item in node.body.body:
            it.execute(item, frame)


# ---- builders ---------------------------------------------------------------------------------------------------


def _built(it: Interpreter, env: ModuleEnv, path: str, classes: dict[str, Statement]) -> Iterator[Entry | Broken]:
    """Models that builder functions return."""
    for statement in builder_statements(env, classes):
        name = statement.names[0]
        function = _quietly(it, lambda name=name: file_name(it, env, name))
        built = dict(it.recorder.built)
        root = build(it, function, name, statement)
        if isinstance(root, Raised):
            if _certainly_raises(it, function, root):
                yield Broken(f"{path}:{name}()", name, statement.stmt_span(), root)
            else:
                # Its classes are still to be tried by themselves.
                it.recorder.built, it.recorder.failures = built, []
        elif isinstance(root, ModuleInstance) and _is_model(it, root):
            site = Site(statement, statement.header())
            yield Entry(root, f"{path}:{name}()", statement.stmt_span(), site, made_up=True)


def _is_model(it: Interpreter, root: ModuleInstance) -> bool:
    """Whether a module is more than one layer of torch or a list of modules."""
    return root.spec is None and (not root.cls.container_kind or has_forward(it, root.cls))


def builder_statements(env: ModuleEnv, classes: dict[str, Statement]) -> list[Statement]:
    """Functions of the file that return something and name one of its module classes, or such a function, or fill a
    torch container that nothing else of the file uses."""
    assert env.index is not None
    functions = [s for s in env.index.scope.statements if s.kind == "function"]
    names = {s.names[0]: _names_in(s.node) for s in functions}
    parts = set().union(*(_names_in(s.node) for s in env.index.scope.statements if s.kind in ("function", "class")))
    wanted = set(classes) | {s.names[0] for s in functions if _is_whole_model(s.node, parts)}
    growing = True
    while growing:
        more = {name for name, used in names.items() if used & wanted and name not in wanted}
        wanted |= more
        growing = bool(more)
    used_elsewhere = set().union(*names.values()) if names else set()
    return [
        s for s in functions
        if s.names[0] in wanted and _returns(s.node) and not (_needs_arguments(s.node) and s.names[0] in used_elsewhere)
    ]  # fmt: skip


def _is_whole_model(node: ast.AST, parts: set[str]) -> bool:
    """Whether a function that needs no arguments builds a ``Sequential`` which is no part of anything else."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if node.name in parts or node.name.startswith("_") or _needs_arguments(node):
        return False
    calls = (item.func for item in ast.walk(node) if isinstance(item, ast.Call))
    return any(ast.unparse(called).rpartition(".")[2] == "Sequential" for called in calls)


def _names_in(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _returns(node: ast.AST) -> bool:
    return any(isinstance(item, ast.Return) and item.value is not None for item in ast.walk(node))


def _needs_arguments(node: ast.stmt) -> bool:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    return len(positional) > len(args.defaults) or any(default is None for default in args.kw_defaults)


def build(it: Interpreter, callee: Value, name: str, statement: Statement) -> Value:
    """What a builder or class gives when called without arguments; required ones are unknown, under their names.

    Where building raises, that is returned."""
    site = Site(statement, statement.header())
    before, it.certain = it.certain, True
    failures = len(it.recorder.failures)
    try:
        with it.recorder.inside(site):
            kwargs = unknown_arguments(it, callee, site)
            return call(it, callee, [], kwargs, site)
    except Raised as raised:
        return raised
    except Exhausted:
        raise
    except Signal:
        return it.unknown(f"{name}() does not return", site)
    finally:
        it.certain = before
        if _forwards(it, callee):
            _doubt_signatures(it, failures)


def _doubt_signatures(it: Interpreter, start: int) -> None:
    """Where arguments are handed on, a layer that misses one would get it from a caller, if its call hands any on."""
    for failure in it.recorder.failures[start:]:
        if failure.problem.kind is ProblemKind.SIGNATURE and _spreads(failure.site):
            failure.certain = False


def _spreads(site: Site) -> bool:
    """Whether a call has arguments that it does not name one by one."""
    return not isinstance(site.node, cst.Call) or any(arg.star for arg in site.node.args)


def _certainly_raises(it: Interpreter, callee: Value, raised: Raised) -> bool:
    """Whether what a callable raises without arguments tells of a fault: not where one that may be left out is then
    used as an object."""
    hollow = any(_is_hollow(param.default) for param in _parameters(it, callee))
    return not (_forwards(it, callee) or "NoneType" in raised.text or (hollow and raised.kind is IndexError))


def _is_hollow(default: cst.BaseExpression | None) -> bool:
    """Whether a default value is an empty tuple or list: in the place of one that must be given."""
    return isinstance(default, cst.Tuple | cst.List) and not default.elements


def _forwards(it: Interpreter, callee: Value) -> bool:
    """Whether a callable hands arguments on that it does not name: calling it without them proves nothing."""
    if isinstance(callee, Class) and not isinstance(find_in_class(it, callee, "__init__"), Function):
        return callee.torch_spec is not None
    return any(param.kind in ("*", "**") for param in _parameters(it, callee))


def unknown_arguments(it: Interpreter, callee: Value, site: Site) -> dict[str, Value]:
    """The required arguments of a callable, unknown but named."""
    return {
        param.name: it.unknown(f"the argument {param.name} is not known", site, param.name)
        for param in _parameters(it, callee)
        if param.default is None and param.kind in ("both", "kw")
    }


def _parameters(it: Interpreter, callee: Value) -> tuple[Param, ...]:
    if isinstance(callee, Class):
        init = find_in_class(it, callee, "__init__")
        return init.code.params[1:] if isinstance(init, Function) else ()
    if isinstance(callee, Descriptor):
        callee = callee.function
    while isinstance(callee, Function) and "__wrapped__" in callee.attrs:
        callee = callee.attrs["__wrapped__"]
    return callee.code.params if isinstance(callee, Function) else ()


# ---- classes that stand alone ---------------------------------------------------------------------------------------


def _standing(it: Interpreter, env: ModuleEnv, path: str, classes: dict[str, Statement]) -> Iterator[Entry | Broken]:
    """Classes that nothing evaluated so far has instantiated, those first that no other class names."""
    used = {name: set() for name in classes}  # type: dict[str, set[str]]
    for name, statement in classes.items():
        for other in _names_in(statement.node) & set(classes):
            if other != name:
                used[other].add(name)
    for name in sorted(classes, key=lambda name: (bool(used[name]), list(classes).index(name))):
        cls = env.names.get(name)
        if not isinstance(cls, Class) or cls in it.recorder.built or not has_forward(it, cls):
            continue
        if any(isinstance(sub := env.names.get(n), Class) and cls in sub.mro[1:] for n in classes):
            continue  # a base class: what its subclasses do not define themselves is read with them
        statement = classes[name]
        root = build(it, cls, name, statement)
        if isinstance(root, Raised):
            if _certainly_raises(it, cls, root):
                yield Broken(f"{path}:{name}", name, statement.stmt_span(), root)
        elif isinstance(root, ModuleInstance):
            yield Entry(
                root, f"{path}:{name}", statement.stmt_span(), Site(statement, statement.header()), made_up=True
            )


def has_forward(it: Interpreter, cls: Class) -> bool:
    """Whether a class can be called as a model: it or a base defines ``forward``."""
    found = find_in_class(it, cls, "forward")
    if isinstance(found, Native) and cls.container_kind in ("list", "dict"):
        return False
    return found is not None
