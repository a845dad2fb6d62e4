"""``cnnlint config``: the settings, their schema, and the files that would be linted."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from cnnlint.cli.options import apply, config_options, discovery_options
from cnnlint.cli.settings import discovery_settings, resolver, usable
from cnnlint.config import Settings
from cnnlint.source.paths import absolute, shown


@click.group("config")
def command() -> None:
    """Show the settings, their schema, or the files that would be linted."""


@command.command("show")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@apply(*config_options)
def show(path: Path, config: tuple[str, ...], isolated: bool) -> None:
    """Show the settings that hold for PATH, and where each was set."""
    found = resolver(config, isolated)
    resolved = usable(lambda: found.for_folder(absolute(path)) if path.is_dir() else found.for_file(path))
    click.echo(f"# {resolved.file or 'no configuration file'}")
    for field in msgspec.structs.fields(Settings):
        value = getattr(resolved.settings, field.name)
        text = msgspec.json.encode(value).decode()
        click.echo(f"{field.encode_name} = {text}  # {resolved.origin(field.encode_name)}")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of [tool.cnnlint]."""
    document = msgspec.json.schema(Settings)
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


@command.command("files")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@apply(*discovery_options, *config_options)
def files(paths: tuple[Path, ...], config: tuple[str, ...], isolated: bool, **options: object) -> None:
    """List the files that `cnnlint check PATHS` would lint."""
    from cnnlint.files import find_files

    found = resolver(config, isolated, discovery_settings(options))
    for path in usable(lambda: find_files(paths or (Path(),), found)).files:
        click.echo(shown(path))
