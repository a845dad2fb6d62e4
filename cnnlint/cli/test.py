"""``cnnlint test``: the good and bad examples of rules, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import registry
from cnnlint.cli.options import apply, python_option
from cnnlint.cli.settings import root_settings, usable
from cnnlint.report.items import counted
from cnnlint.rule import Rule

if TYPE_CHECKING:
    from cnnlint.trace import Tracer


@click.command("test")
@click.argument("modules", nargs=-1, required=True, metavar="MODULE...")
@click.option("--trace", is_flag=True, help="Ask torch too: what is reported as an error must raise there.")
@apply(python_option)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of rules that pass.")
def command(modules: tuple[str, ...], trace: bool, python: Path | None, quiet: bool) -> int:
    """Run the good and bad examples of rules.

    MODULE is a module or package of rules (`cnnlint_rules`), a file (`my_rules.py`), or the code or name of a
    built-in rule.
    """
    # Imported here, since `test --help` needs none of it.
    from cnnlint.lint.tracing import python_of
    from cnnlint.trace import TraceError, Tracer

    rules = usable(lambda: list(dict.fromkeys(rule for module in modules for rule in rules_named(module))))
    with Tracer(python_of(root_settings((), isolated=False), python)) as tracer:
        try:
            failed = sum(not _passes(rule, tracer if trace else None, quiet) for rule in rules)
        except TraceError as error:
            raise click.UsageError(str(error)) from error
    click.echo(f"{counted(len(rules), 'rule')}, {len(rules) - failed} passed, {failed} failed", err=True)
    return 1 if failed else 0


def _passes(rule: type[Rule], tracer: Tracer | None, quiet: bool) -> bool:
    from cnnlint.testing import problems_of

    problems = problems_of(rule, tracer)
    if problems or not quiet:
        click.echo(f"{'FAIL' if problems else 'ok':<5}{rule.code} {rule.name}")
    for problem in problems:
        click.echo(f"     {problem}")
    return not problems


def rules_named(name: str) -> list[type[Rule]]:
    """The built-in rule with this code or name, else the rules of the module. Raises
    :class:`~cnnlint.registry.PluginError`."""
    known = registry.load().find(name)
    return [known] if known else registry.rules_of(name)
