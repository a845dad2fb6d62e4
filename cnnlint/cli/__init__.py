"""The command line: a group of sub-commands, each imported when it is called.

``main`` is the entry point. Data goes to standard output, everything else to standard error.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from cnnlint import __version__

COMMANDS = {
    "check": "Find what is wrong or wasteful in models (the default command).",
    "summary": "Show the layer table of a model, computed without torch.",
    "trace": "Run a model in its own process and compare it with what was read.",
    "explain": "Explain a rule.",
    "rules": "List the rules.",
    "config": "Show the settings, their schema, or the files that would be linted.",
    "test": "Run the good and bad examples of rules.",
}
"""Command to its one-line help; each lives in the module of its name."""

_DEFAULT = "check"
_OWN_OPTIONS = frozenset({"--help", "-h", "--version", "-V"})

CUT_SHORT, UNUSABLE, INTERRUPTED = 1, 2, 130


class LazyGroup(click.Group):
    """Imports a sub-command when it is called, and takes ``check`` where none is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"cnnlint.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # click's flags take no value, and an option that may have one would swallow the path behind it.
        args = [part for arg in args for part in (("--trace", "--grad") if arg == "--trace=grad" else (arg,))]
        named = args and (args[0] in COMMANDS or args[0] in _OWN_OPTIONS)
        completing = ctx.resilient_parsing and not args  # a shell asks for the names of the commands
        return super().parse_args(ctx, args if named or completing else [_DEFAULT, *args])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, "-V", "--version", prog_name="cnnlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Read PyTorch model source and say what is wrong or wasteful, without running it.

    `cnnlint models/` is short for `cnnlint check models/`; `cnnlint check --help` lists its options.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits with its status."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status. No exception leaves it."""
    given = sys.argv[1:] if args is None else args
    # Syntax trees are many small objects that stay: collecting often costs a tenth of the time and finds nothing.
    gc.set_threshold(500_000)
    try:
        result: Any = cli.main(given, prog_name="cnnlint", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. Python must not complain about it again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_SHORT
    except SystemExit as error:
        # click ends this way when the reader of our output has gone.
        return error.code if isinstance(error.code, int) else CUT_SHORT
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user sees one line, not a traceback
        return _internal_error(error, given)
    return result if isinstance(result, int) else 0


def _internal_error(error: Exception, args: list[str]) -> int:
    if "--verbose" in args or "-v" in args:
        import traceback

        traceback.print_exception(error)
    kind = type(error).__name__
    hint = "" if "--verbose" in args else "; --verbose shows where"
    click.echo(f"cnnlint: internal error: {kind}: {error}{hint}", err=True)
    return UNUSABLE


__all__ = ["COMMANDS", "cli", "main", "run"]
