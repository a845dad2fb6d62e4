"""``match`` patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.static.frame import Frame
from cnnlint.static.iteration import items_of
from cnnlint.static.names import bind_name
from cnnlint.static.operators import equal, identical
from cnnlint.static.values import Class, Instance, Site, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


def matches(it: Interpreter, pattern: cst.MatchPattern, subject: Value, frame: Frame) -> bool | None:
    """Whether ``subject`` matches; binds what the pattern captures. ``None`` if it is not known."""
    match pattern:
        case cst.MatchValue(value=value):
            return equal(it, subject, it.eval(value, frame))
        case cst.MatchSingleton(value=value):
            return identical(subject, it.eval(value, frame))
        case cst.MatchOr():
            answers = [matches(it, item.pattern, subject, frame) for item in pattern.patterns]
            return True if True in answers else None if None in answers else False
        case cst.MatchAs():
            return _match_as(it, pattern, subject, frame)
        case cst.MatchList() | cst.MatchTuple():
            return _match_sequence(it, pattern, subject, frame)
        case cst.MatchMapping():
            return _match_mapping(it, pattern, subject, frame)
        case cst.MatchClass():
            return _match_class(it, pattern, subject, frame)
        case _:
            return None


def _match_as(it: Interpreter, pattern: cst.MatchAs, subject: Value, frame: Frame) -> bool | None:
    answer = True if pattern.pattern is None else matches(it, pattern.pattern, subject, frame)
    if answer and pattern.name is not None:
        bind_name(it, pattern.name.value, subject, frame)
    return answer


def _match_sequence(
    it: Interpreter, pattern: cst.MatchList | cst.MatchTuple, subject: Value, frame: Frame
) -> bool | None:
    if isinstance(subject, Unknown):
        return None
    if not isinstance(subject, list | tuple):
        return False
    items = items_of(it, subject)
    if items is None:
        return None
    stars = [i for i, element in enumerate(pattern.patterns) if isinstance(element, cst.MatchStar)]
    spare = len(items) - (len(pattern.patterns) - len(stars))
    if spare < 0 or (spare > 0 and not stars):
        return False
    if stars:
        items = [*items[: stars[0]], items[stars[0] : stars[0] + spare], *items[stars[0] + spare :]]
    return _every(
        matches(it, element.value, item, frame) if isinstance(element, cst.MatchSequenceElement)
        else _match_star(it, element, item, frame)
        for element, item in zip(pattern.patterns, items, strict=True)
    )  # fmt: skip


def _match_star(it: Interpreter, element: cst.MatchStar, items: Value, frame: Frame) -> bool:
    if element.name is not None:
        bind_name(it, element.name.value, items, frame)
    return True


def _match_mapping(it: Interpreter, pattern: cst.MatchMapping, subject: Value, frame: Frame) -> bool | None:
    if not isinstance(subject, dict) or it.haze(subject):
        return None if isinstance(subject, Unknown | dict) else False
    answers: list[bool | None] = []
    keys: list[Value] = []
    for element in pattern.elements:
        key = it.eval(element.key, frame)
        answers.append(matches(it, element.pattern, subject[key], frame) if key in subject else False)
        keys.append(key)
    answer = _every(iter(answers))
    if answer and pattern.rest is not None:
        bind_name(it, pattern.rest.value, {key: value for key, value in subject.items() if key not in keys}, frame)
    return answer


def _match_class(it: Interpreter, pattern: cst.MatchClass, subject: Value, frame: Frame) -> bool | None:
    from cnnlint.static.attributes import get_attribute
    from cnnlint.static.kinds import is_instance

    cls = it.eval(pattern.cls, frame)
    answer = is_instance(it, subject, cls)
    if not answer:
        return answer
    if pattern.patterns:
        simple = isinstance(cls, Class) and cls.pytype is not None and len(pattern.patterns) == 1
        if not simple:
            return None
        return matches(it, pattern.patterns[0].value, subject, frame)
    if pattern.kwds and not isinstance(subject, Instance):
        return None
    site = Site(frame.statement, pattern)
    return _every(
        matches(it, keyword.pattern, get_attribute(it, subject, keyword.key.value, site), frame)
        for keyword in pattern.kwds
    )


def _every(answers: object) -> bool | None:
    undecided = False
    for answer in answers:  # type: ignore[attr-defined]  # an iterator of answers
        if answer is False:
            return False
        undecided = undecided or answer is None
    return None if undecided else True
