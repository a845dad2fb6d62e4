"""Spans are exactly those of libcst's own position provider, without its cost."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider
from nasty import FORM_FEEDS, NASTY

from cnnlint.source.index import FileIndex, Scope, Statement, index_source
from cnnlint.source.text import SourceText, read_source

WANTED = (
    libcst.BaseExpression, libcst.BaseCompoundStatement, libcst.BaseSmallStatement, libcst.Arg, libcst.Param,
    libcst.Decorator,
)  # fmt: skip
Found = tuple[str, int, int, int, int]


def nodes(root: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    """The wanted nodes at and below ``root``, in source order."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, WANTED):
            yield node
        pending.extend(reversed(node.children))


def stock(text: str) -> list[Found]:
    """What libcst's provider says of the whole file."""
    wrapper = MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True)
    ranges = wrapper.resolve(PositionProvider)
    found = [(node, ranges[node]) for node in nodes(wrapper.module)]
    return [(type(n).__name__, r.start.line, r.start.column + 1, r.end.line, r.end.column + 1) for n, r in found]


def ours(scope: Scope) -> list[Found]:
    """What the statements of a scope say, each parsed alone."""
    return [found for statement in scope.statements for found in spans(statement, statement.parse())]


def spans(statement: Statement, root: libcst.CSTNode) -> Iterator[Found]:
    for node in nodes(root):
        yield (type(node).__name__, *statement.span(node)[1:])


def every_statement(file: FileIndex) -> Iterator[Statement]:
    """The statements of a file at every depth, each by itself; an ``elif`` is none."""
    for node in ast.walk(ast.parse(file.text.text)):
        if isinstance(node, ast.stmt):
            statement = Statement(node, file)
            line, column = statement.stmt_span()[1:3]
            if not file.text.line(line)[column - 1 :].startswith("elif"):
                yield statement


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_statements_parsed_alone_have_the_stock_positions(text: str) -> None:
    assert sorted(ours(index_source(SourceText("a.py", text)).scope)) == sorted(stock(text))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_statements_at_every_depth_have_the_stock_positions(text: str) -> None:
    expected = set(stock(text))
    for statement in every_statement(index_source(SourceText("a.py", text))):
        node = statement.parse()
        assert set(spans(statement, node)) <= expected
        assert statement.span(node) == statement.stmt_span()


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_headers_have_the_stock_positions(text: str) -> None:
    expected = set(stock(text))
    for statement in every_statement(index_source(SourceText("a.py", text))):
        if statement.kind not in ("class", "function"):
            continue
        node = statement.header()
        parts = [node.name, *node.decorators]
        parts += [*node.bases, *node.keywords] if isinstance(node, libcst.ClassDef) else [node.params]
        assert {found for part in parts for found in spans(statement, part)} <= expected
        whole = statement.parse()
        assert isinstance(whole, (libcst.ClassDef, libcst.FunctionDef))
        assert statement.span(node.name) == statement.span(whole.name)


AST_TYPES = {"Attribute": "Attribute", "BinOp": "BinaryOperation", "Call": "Call", "Name": "Name"}


def by_ast(text: str) -> set[Found]:
    """Where Python's own parser says that expressions stand."""
    source = SourceText("a.py", text)
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Attribute, ast.BinOp, ast.Call, ast.Name)):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = source.characters(node.lineno, node.col_offset) + 1
            end = source.characters(node.end_lineno, node.end_col_offset) + 1
            found.add((AST_TYPES[type(node).__name__], node.lineno, start, node.end_lineno, end))
    return found


AST_TEXTS = {
    **FORM_FEEDS,
    **{name: text for name, text in NASTY.items() if "f-string" not in name and "f'{" not in text},
}


@pytest.mark.parametrize("text", AST_TEXTS.values(), ids=AST_TEXTS)
def test_expressions_stand_where_python_says(text: str) -> None:
    found = ours(index_source(SourceText("a.py", text)).scope)
    assert by_ast(text) <= set(found)


@pytest.mark.parametrize("text", FORM_FEEDS.values(), ids=FORM_FEEDS)
def test_form_feeds_move_no_statement(text: str) -> None:
    for statement in every_statement(index_source(SourceText("a.py", text))):
        assert statement.span(statement.parse()) == statement.stmt_span()


def test_a_span_reads_as_its_expression() -> None:
    text = SourceText("a.py", "class A:\n    x = f('🧠',\n      é.b)\n")
    assign = index_source(text).scope.statements[0].body.statements[0]
    node = assign.parse()
    assert isinstance(node, libcst.Assign)
    assert assign.span(node.value) == ("a.py", 2, 9, 3, 11)


def test_a_foreign_node_has_no_span() -> None:
    statement = index_source(SourceText("a.py", "x = f(1)")).scope.statements[0]
    node = libcst.Name("x")
    with pytest.raises(LookupError, match="Name"):
        statement.span(node)
    statement.parse()
    with pytest.raises(LookupError, match="Name"):
        statement.span(node)


@pytest.mark.corpus
def test_torchvision_has_the_stock_positions(torchvision: Path) -> None:
    for file in sorted((torchvision / "models").rglob("*.py")):
        text = read_source(file)
        assert sorted(ours(index_source(text).scope)) == sorted(stock(text.text)), file
