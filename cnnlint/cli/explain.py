"""``cnnlint explain``: the documentation of one rule."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from cnnlint import registry
from cnnlint.cli.options import Word, apply, config_options
from cnnlint.cli.settings import root_settings
from cnnlint.docs import HEADINGS, RuleDoc, markdown, options
from cnnlint.nearest import did_you_mean
from cnnlint.rule import Applicability, Rule


@click.command("explain")
@click.argument("rule", metavar="CODE|NAME")
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@apply(*config_options)
def command(rule: str, output_format: str, config: tuple[str, ...], isolated: bool) -> None:
    """Explain a rule: what it finds, why that matters, and when not to worry.

    As markdown with its examples and what is said about them, as json with the kinds of fix that it has.
    """
    known = registry.load(root_settings(config, isolated).settings.plugins)
    found = known.find(rule)
    if found is None:
        raise click.UsageError(f"no rule is called {rule!r}{did_you_mean(rule, known.words)}")
    if output_format == "text":
        text = markdown(found)
        if not sys.stdout.isatty() or not _pretty(text):
            click.echo(text, nl=False)
        return
    # Imported here, since only running the examples needs the reader.
    from cnnlint.pages import RulePage

    page = RulePage.of(found)
    click.echo(as_json(found, page.fixes) if output_format == "json" else page.text(), nl=output_format == "json")


def as_json(rule: type[Rule], fixes: Iterable[Applicability]) -> str:
    """The rule's documentation as a JSON object. ``fixes`` are the kinds of fix that it has."""
    import json

    doc = RuleDoc.of(rule)
    facts = {"code": rule.code, "name": rule.name, "category": str(rule.category), "severity": str(rule.severity)}
    sections = {heading: doc.sections[heading] for heading in HEADINGS if heading in doc.sections}
    rest = {
        "fixes": list(map(str, fixes)),
        "opt_in": rule.opt_in,
        "options": options(rule),
        "summary": doc.summary,
        "sections": sections,
    }
    return json.dumps(facts | rest, indent=2, ensure_ascii=False)


def _pretty(text: str) -> bool:
    """Shows Markdown with rich, if that is installed."""
    try:
        from rich.console import Console
        from rich.markdown import Markdown
    except ImportError:
        return False
    Console().print(Markdown(text))
    return True
