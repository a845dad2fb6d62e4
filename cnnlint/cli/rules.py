"""``cnnlint rules``: the list of rules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from cnnlint import registry
from cnnlint.cli.options import Word, apply, config_options
from cnnlint.cli.settings import root_settings
from cnnlint.docs import RuleDoc
from cnnlint.report.items import counted
from cnnlint.rule import Rule


@click.command("rules")
@click.option("--output-format", type=Word(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--pages",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write what `explain` says into a file for each rule, and an index.",
)
@apply(*config_options)
def command(output_format: str, pages: Path | None, config: tuple[str, ...], isolated: bool) -> None:
    """List the rules: code, name, category, severity and what each finds."""
    known = registry.load(root_settings(config, isolated).settings.plugins)
    for problem in known.problems:
        click.echo(f"cnnlint: {problem.message}", err=True)
    if pages is not None:
        from cnnlint.pages import write

        click.echo(f"{counted(write(pages, known.rules.values()), 'page')} in {pages}", err=True)
        return
    writers = {"text": _text, "json": _json, "markdown": _markdown}
    click.echo(writers[output_format](known.rules.values()), nl=False)


def _text(rules: Iterable[type[Rule]]) -> str:
    rows = [(rule.code, rule.name, str(rule.severity), _summary(rule)) for rule in rules]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ("  ".join((*map(str.ljust, row[:3], widths), row[3])).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _json(rules: Iterable[type[Rule]]) -> str:
    import json

    rows = [
        {
            "code": rule.code,
            "name": rule.name,
            "category": str(rule.category),
            "severity": str(rule.severity),
            "opt_in": rule.opt_in,
            "summary": RuleDoc.of(rule).summary,
        }
        for rule in rules
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _markdown(rules: Iterable[type[Rule]]) -> str:
    head = "| Code | Name | Category | Severity | Summary |\n| --- | --- | --- | --- | --- |\n"
    rows = (f"| {r.code} | {r.name} | {r.category} | {r.severity} | {_summary(r)} |\n" for r in rules)
    return head + "".join(rows)


def _summary(rule: type[Rule]) -> str:
    return RuleDoc.of(rule).summary + (" (opt-in)" if rule.opt_in else "")
