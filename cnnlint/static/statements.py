"""Handlers of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.static.attributes import get_attribute
from cnnlint.static.calls import call
from cnnlint.static.classes import make_class, make_function, merge_property
from cnnlint.static.frame import Frame
from cnnlint.static.imports import import_modules, import_names
from cnnlint.static.interpreter import Interpreter, statement
from cnnlint.static.iteration import items_of, merge
from cnnlint.static.names import assign, bind_name, delete
from cnnlint.static.operators import binary, first_unknown, truth
from cnnlint.static.signals import Break, Continue, Raised, Return, Signal
from cnnlint.static.syntax import names_in, only_raises, statements_of
from cnnlint.static.trail import Changes
from cnnlint.static.values import (
    GRAD_MODES,
    MISSING,
    Class,
    Instance,
    ModuleInstance,
    Native,
    Site,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

AUGMENTED_NAMES: dict[type[cst.CSTNode], str] = {
    cst.AddAssign: "add", cst.SubtractAssign: "sub", cst.MultiplyAssign: "mul", cst.DivideAssign: "truediv",
    cst.FloorDivideAssign: "floordiv", cst.ModuloAssign: "mod", cst.PowerAssign: "pow",
    cst.MatrixMultiplyAssign: "matmul", cst.BitAndAssign: "and_", cst.BitOrAssign: "or_", cst.BitXorAssign: "xor",
    cst.LeftShiftAssign: "lshift", cst.RightShiftAssign: "rshift",
}  # fmt: skip


def execute_block(it: Interpreter, body: cst.BaseSuite, frame: Frame) -> None:
    """Run the statements of a block in order."""
    for node in statements_of(body):
        it.execute(node, frame)


@statement(cst.SimpleStatementLine)
def _line(it: Interpreter, node: cst.SimpleStatementLine, frame: Frame) -> None:
    for item in node.body:
        it.execute(item, frame)


@statement(cst.Expr)
def _expr(it: Interpreter, node: cst.Expr, frame: Frame) -> None:
    if not isinstance(node.value, cst.SimpleString | cst.ConcatenatedString):
        it.eval(node.value, frame)


@statement(cst.Pass, cst.TypeAlias)
def _pass(it: Interpreter, node: cst.CSTNode, frame: Frame) -> None:
    return


@statement(cst.Assign)
def _assign(it: Interpreter, node: cst.Assign, frame: Frame) -> None:
    value = it.eval(node.value, frame)
    for target in node.targets:
        assign(it, target.target, value, frame)


@statement(cst.AnnAssign)
def _annotated(it: Interpreter, node: cst.AnnAssign, frame: Frame) -> None:
    if frame.class_body and frame.owner is not None and isinstance(node.target, cst.Name):
        frame.owner.annotated.append(node.target.value)
    if node.value is not None:
        assign(it, node.target, it.eval(node.value, frame), frame)


@statement(cst.AugAssign)
def _augmented(it: Interpreter, node: cst.AugAssign, frame: Frame) -> None:
    old = it.eval(node.target, frame)
    value = it.eval(node.value, frame)
    site = Site(frame.statement, node)
    name = AUGMENTED_NAMES[type(node.operator)]
    if isinstance(old, list) and name == "add":
        it.memo.touched.append(old)
        it.trail.touch(old)
        items = items_of(it, value)
        if items is None:
            it.make_hazy(old, first_unknown(it, site, value))
        else:
            old.extend(items)
        new: Value = old
    elif isinstance(old, ModuleInstance) and old.cls.container_kind and name == "add":
        new = call(it, get_attribute(it, old, "__iadd__", site), [value], {}, site)
    elif isinstance(old, dict) and name == "or_" and isinstance(value, dict):
        it.trail.touch(old)
        old.update(value)
        new = old
    else:
        new = binary(it, name, old, value, site, inplace=isinstance(old, TensorValue))
    assign(it, node.target, new, frame)


@statement(cst.Return)
def _return(it: Interpreter, node: cst.Return, frame: Frame) -> None:
    raise Return(it.eval(node.value, frame) if node.value is not None else None)


@statement(cst.Break)
def _break(it: Interpreter, node: cst.Break, frame: Frame) -> None:
    raise Break


@statement(cst.Continue)
def _continue(it: Interpreter, node: cst.Continue, frame: Frame) -> None:
    raise Continue


@statement(cst.Del)
def _del(it: Interpreter, node: cst.Del, frame: Frame) -> None:
    delete(it, node.target, frame)


@statement(cst.Global)
def _global(it: Interpreter, node: cst.Global, frame: Frame) -> None:
    frame.global_names |= {item.name.value for item in node.names}


@statement(cst.Nonlocal)
def _nonlocal(it: Interpreter, node: cst.Nonlocal, frame: Frame) -> None:
    frame.nonlocal_names |= {item.name.value for item in node.names}


@statement(cst.Import)
def _import(it: Interpreter, node: cst.Import, frame: Frame) -> None:
    import_modules(it, node, frame)


@statement(cst.ImportFrom)
def _import_from(it: Interpreter, node: cst.ImportFrom, frame: Frame) -> None:
    import_names(it, node, frame)


@statement(cst.FunctionDef)
def _function(it: Interpreter, node: cst.FunctionDef, frame: Frame) -> None:
    made = make_function(it, node, frame, None)
    bind_name(it, node.name.value, merge_property(frame.locals.get(node.name.value), made), frame)


@statement(cst.ClassDef)
def _class(it: Interpreter, node: cst.ClassDef, frame: Frame) -> None:
    bind_name(it, node.name.value, make_class(it, node, frame, None), frame)


@statement(cst.Assert)
def _assert(it: Interpreter, node: cst.Assert, frame: Frame) -> None:
    asked = it.machine_asked
    if truth(it, it.eval(node.test, frame)) is not False:
        return
    raised = Raised(AssertionError, "assertion failed")
    test = cst.Module([]).code_for_node(node.test)
    unmeant = isinstance(node.test, cst.Name | cst.Tuple) or "None" in test or _reads_none(node.test, frame)
    if unmeant or it.machine_asked > asked:
        raise _explicit(raised)  # "not meant to be reached", or an argument that must be given
    raised.problem = Problem(ProblemKind.ARGUMENT, f"fails its own check: assert {test}")
    raise raised


def _reads_none(test: cst.CSTNode, frame: Frame) -> bool:
    """Whether a local name in ``test``, or an attribute of the first parameter, is ``None``."""
    attributes = frame.first.attrs if isinstance(frame.first, Instance) else {}
    return any(attributes.get(name, frame.locals.get(name, MISSING)) is None for name in names_in(test))


@statement(cst.Raise)
def _raise(it: Interpreter, node: cst.Raise, frame: Frame) -> None:
    raise _explicit(_raised(it, node, frame))


def _explicit(raised: Raised) -> Raised:
    raised.explicit = True
    return raised


def _raised(it: Interpreter, node: cst.Raise, frame: Frame) -> Raised:
    if node.exc is None:
        return Raised(RuntimeError, "re-raised")
    value = it.eval(node.exc, frame)
    if isinstance(value, Class):
        value = call(it, value, [], {}, Site(frame.statement, node))
    if isinstance(value, Instance):
        texts = [arg for arg in value.attrs.get("args", ()) if isinstance(arg, str)]
        return Raised(value.cls.pytype or value.cls, " ".join(texts), value)
    return Raised(Exception, "an exception that is not known")


# ---- conditions -----------------------------------------------------------------------------------------------


@statement(cst.If)
def _if(it: Interpreter, node: cst.If, frame: Frame) -> None:
    test = it.eval(node.test, frame)
    answer = truth(it, test)
    orelse = node.orelse.body if isinstance(node.orelse, cst.Else) else node.orelse
    if answer is not None:
        chosen = node.body if answer else orelse
        if chosen is not None:
            _execute_branch(it, chosen, frame)
    elif only_raises(node.body):
        if orelse is not None:
            _execute_branch(it, orelse, frame)
    elif isinstance(orelse, cst.BaseSuite) and only_raises(orelse):
        _execute_branch(it, node.body, frame)
    else:
        with forking(it):
            undecided(it, [node.body, orelse], frame, Site(frame.statement, node.test))


def _execute_branch(it: Interpreter, branch: cst.CSTNode, frame: Frame) -> None:
    if isinstance(branch, cst.BaseSuite):
        execute_block(it, branch, frame)
    else:
        it.execute(branch, frame)


@contextmanager
def forking(it: Interpreter) -> Iterator[None]:
    """Inside, one of several branches runs: what is found there is no part of every run of a script."""
    if it.script is None:
        yield
        return
    it.script.forks += 1
    try:
        yield
    finally:
        it.script.forks -= 1


def undecided(it: Interpreter, branches: list[cst.CSTNode | None], frame: Frame, site: Site) -> None:
    """Run blocks of which one is taken, it is not known which, and keep what holds in every case.

    A branch that leaves the function leaves its value as one outcome; what follows then may not happen. A branch that
    raises on purpose is taken as not meant; one that an operation ends keeps what it changed until then, since the
    cause may be what is not known."""
    fallen: list[Changes] = []
    left: Signal | None = None
    doubt = False
    for branch in branches:
        it.trail.start()
        try:
            with it.doubtful():
                if branch is not None:
                    _execute_branch(it, branch, frame)
        except (Return, Break, Continue, Raised) as signal:
            changes = it.trail.finish()
            if isinstance(signal, Raised) and not signal.explicit:
                fallen.append(changes)
                doubt = True
                _haze_locals(it, frame, site)
                continue
            left = left or signal
            if isinstance(signal, Return):
                frame.outcomes.append(signal.value)
        else:
            fallen.append(it.trail.finish())
    if not fallen:
        assert left is not None
        raise left if not isinstance(left, Return) else Return(frame.outcomes.pop())
    if doubt or (left is not None and not isinstance(left, Raised)):
        it.certain = False
    merge(it, fallen[0], fallen[-1], site)
    for middle in fallen[1:-1]:
        merge(it, middle, {}, site)


def _haze_locals(it: Interpreter, frame: Frame, site: Site) -> None:
    """What the rest of a branch that broke off would have put into local collections is not known."""
    why = it.unknown("changed in a branch that could not be followed", site)
    for value in frame.locals.values():
        if isinstance(value, list | dict | set):
            it.make_hazy(value, why)


@statement(cst.Match)
def _match(it: Interpreter, node: cst.Match, frame: Frame) -> None:
    from cnnlint.static.patterns import matches

    subject = it.eval(node.subject, frame)
    for case in node.cases:
        answer = matches(it, case.pattern, subject, frame)
        if answer and case.guard is not None:
            answer = truth(it, it.eval(case.guard, frame))
        if answer is None:
            undecided(it, [case.body for case in node.cases], frame, Site(frame.statement, node))
            return
        if answer:
            execute_block(it, case.body, frame)
            return


# ---- loops ----------------------------------------------------------------------------------------------------


@statement(cst.For)
def _for(it: Interpreter, node: cst.For, frame: Frame) -> None:
    source = it.eval(node.iter, frame)
    items = items_of(it, source)
    if items is None:
        why = first_unknown(it, Site(frame.statement, node.iter), source)
        it.note(why)
        assign(it, node.target, why, frame)
        _maybe_once(it, node.body, frame, Site(frame.statement, node.iter))
        return
    for item in items:
        it.spend(1)
        assign(it, node.target, item, frame)
        if _broken(it, node.body, frame):
            return
    if node.orelse is not None:
        execute_block(it, node.orelse.body, frame)


def _broken(it: Interpreter, body: cst.BaseSuite, frame: Frame) -> bool:
    """Run a loop body once; whether it broke out."""
    try:
        execute_block(it, body, frame)
    except Continue:
        pass
    except Break:
        return True
    return False


def _maybe_once(it: Interpreter, body: cst.BaseSuite, frame: Frame, site: Site) -> None:
    """A loop that runs an unknown number of times: once, to see what it changes, and nothing of it certain."""
    try:
        undecided(it, [body, None], frame, site)
    except (Break, Continue):
        return


@statement(cst.While)
def _while(it: Interpreter, node: cst.While, frame: Frame) -> None:
    while True:
        it.spend(50)
        answer = truth(it, it.eval(node.test, frame))
        if answer is None:
            _maybe_once(it, node.body, frame, Site(frame.statement, node.test))
            return
        if not answer:
            break
        if _broken(it, node.body, frame):
            return
    if node.orelse is not None:
        execute_block(it, node.orelse.body, frame)


# ---- try and with ---------------------------------------------------------------------------------------------


@statement(cst.Try, cst.TryStar)
def _try(it: Interpreter, node: cst.Try | cst.TryStar, frame: Frame) -> None:
    try:
        _guarded(it, node, frame)
    finally:
        if node.finalbody is not None:
            execute_block(it, node.finalbody.body, frame)


def _guarded(it: Interpreter, node: cst.Try | cst.TryStar, frame: Frame) -> None:
    it.guarded += bool(node.handlers)
    try:
        execute_block(it, node.body, frame)
    except Raised as raised:
        it.guarded -= bool(node.handlers)
        handler = next((h for h in node.handlers if _handles(it, h, raised, frame)), None)
        if handler is None:
            it.guarded += bool(node.handlers)
            raise
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            bind_name(it, handler.name.name.value, raised.instance or it.unknown("a caught exception"), frame)
        try:
            execute_block(it, handler.body, frame)
        finally:
            it.guarded += bool(node.handlers)
        return
    finally:
        it.guarded -= bool(node.handlers)
    if node.orelse is not None:
        execute_block(it, node.orelse.body, frame)


def _handles(it: Interpreter, handler: cst.ExceptHandler | cst.ExceptStarHandler, raised: Raised, frame: Frame) -> bool:
    if handler.type is None:
        return True
    kinds = it.eval(handler.type, frame)
    return any(_is_kind(raised, kind) for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


def _is_kind(raised: Raised, kind: Value) -> bool:
    if not isinstance(kind, Class):
        return isinstance(kind, Unknown)
    if isinstance(raised.kind, Class):
        return raised.kind.is_subclass(kind) or (kind.pytype in (Exception, BaseException))
    return kind.pytype is not None and any(issubclass(own, kind.pytype) for own in (raised.kind, *raised.also))


@statement(cst.With)
def _with(it: Interpreter, node: cst.With, frame: Frame) -> None:
    entered: list[tuple[Value, Site]] = []
    grad = it.grad
    for item in node.items:
        manager = it.eval(item.item, frame)
        site = Site(frame.statement, item.item)
        value = _enter(it, manager, site)
        entered.append((manager, site))
        if isinstance(manager, Native):
            it.grad = GRAD_MODES.get(manager.name, it.grad)
        if item.asname is not None:
            assign(it, item.asname.name, value, frame)
    raised: Raised | None = None
    try:
        execute_block(it, node.body, frame)
    except Raised as caught:
        raised = caught
    finally:
        it.grad = grad
        for manager, site in reversed(entered):
            swallows = _leave(it, manager, site, raised)
            if raised is not None and swallows is True:
                raised = None
            elif raised is not None and swallows is None:
                raised.certain = False
    if raised is not None:
        raise raised


def _enter(it: Interpreter, manager: Value, site: Site) -> Value:
    from cnnlint.static.attributes import find_in_class

    if isinstance(manager, Instance):
        method = find_in_class(it, manager.cls, "__enter__")
        if method is not None:
            return call(it, method, [manager], {}, site)
    return manager if isinstance(manager, Unknown) else it.unknown("what a with statement enters", site)


def _leave(it: Interpreter, manager: Value, site: Site, raised: Raised | None) -> bool | None:
    """Leave a context; whether that ends the exception that is on its way. ``None``: not known."""
    from cnnlint.static.attributes import find_in_class

    if isinstance(manager, Instance):
        method = find_in_class(it, manager.cls, "__exit__")
        if method is not None:
            about = it.unknown("a caught exception", site) if raised is not None else None
            return truth(it, call(it, method, [manager, about, about, about], {}, site))
    return None if isinstance(manager, Unknown) else False
