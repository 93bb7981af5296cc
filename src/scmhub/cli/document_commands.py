"""Declares ``scmhub documents``; the work is in the module beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

documents = typer.Typer(no_args_is_help=True, help="Documents that clients send by their hash.")
Partner = Annotated[str | None, typer.Option("--as", help="Code of the partner; on the hub's own machine.")]
Url = Annotated[str | None, typer.Option("--hub", help="URL of the hub; default: of the settings.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with an administrator's access token.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@documents.command()
def push(
    paths: Annotated[list[Path], typer.Argument(help=".graphql files, folders of them, or a manifest (.json).")],
    partner: Partner = None,
    url: Url = None,
    token_file: TokenFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and price, register nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Register documents that are not registered yet; exit status 3 if one cannot run."""
    from scmhub.cli.documents import Access
    from scmhub.cli.documents import push as do_push
    from scmhub.cli.talk import REFUSED, print_rows

    done = asyncio.run(do_push(Access(partner, url, token_file), paths, dry_run=dry_run))
    print_rows(done, as_json=as_json)
    if any(each["result"] == "refused" for each in done):
        raise typer.Exit(REFUSED)


@documents.command("list")
def list_command(partner: Partner = None, url: Url = None, token_file: TokenFile = None, as_json: Json = False) -> None:
    """List a partner's documents: what they cost, when they were last sent."""
    from scmhub.cli.documents import Access, listed
    from scmhub.cli.talk import print_rows

    print_rows(asyncio.run(listed(Access(partner, url, token_file))), as_json=as_json)


@documents.command()
def check(
    schema: Annotated[Path | None, typer.Option(help="The schema (SDL) to come; default: of this version.")] = None,
    partner: Partner = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Name each document that a schema would break, its partner and last use; exit status 1 if there is one.

    With --as or --token-file it looks at that partner's documents, else, on the hub's own machine, at everybody's.
    """
    from scmhub.cli.documents import Access, broken
    from scmhub.cli.talk import FAILED, print_rows, say

    access = Access(partner, url, token_file) if partner or token_file else None
    found = asyncio.run(broken(access, schema))
    print_rows(found, as_json=as_json)
    if found:
        raise typer.Exit(FAILED)
    say("Every document that answers today runs under this schema.")
