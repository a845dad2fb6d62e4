"""``cnnlint test``: the good and bad examples of rules, run."""

from __future__ import annotations

import click

from cnnlint import registry
from cnnlint.cli.settings import usable
from cnnlint.report.items import counted
from cnnlint.rule import Rule


@click.command("test")
@click.argument("modules", nargs=-1, required=True, metavar="MODULE...")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of rules that pass.")
def command(modules: tuple[str, ...], quiet: bool) -> int:
    """Run the good and bad examples of rules.

    MODULE is a module or package of rules (`cnnlint_rules`), a file (`my_rules.py`), or the code or name of a
    built-in rule.
    """
    # Imported here, since `test --help` needs none of it.
    from cnnlint.testing import problems_of

    rules = usable(lambda: list(dict.fromkeys(rule for module in modules for rule in rules_named(module))))
    failed = 0
    for rule in rules:
        problems = problems_of(rule)
        failed += bool(problems)
        if problems or not quiet:
            click.echo(f"{'FAIL' if problems else 'ok':<5}{rule.code} {rule.name}")
        for problem in problems:
            click.echo(f"     {problem}")
    click.echo(f"{counted(len(rules), 'rule')}, {len(rules) - failed} passed, {failed} failed", err=True)
    return 1 if failed else 0


def rules_named(name: str) -> list[type[Rule]]:
    """The built-in rule with this code or name, else the rules of the module. Raises
    :class:`~cnnlint.registry.PluginError`."""
    known = registry.load().find(name)
    return [known] if known else registry.rules_of(name)
