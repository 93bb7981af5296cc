"""The commands of ``scmhub``; each is a few lines over what the hub can do. Heavy imports wait for their command."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from scmhub.cli.admin_commands import register
from scmhub.cli.document_commands import documents
from scmhub.cli.rule_commands import rule

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="One GraphQL API for a supply chain: every partner sees the same chain through its own lens.",
)
imports = typer.Typer(no_args_is_help=True, help="Bring records of other systems into the hub.")
app.add_typer(imports, name="import")
feeds = typer.Typer(no_args_is_help=True, help="The change feed.")
app.add_typer(feeds, name="feed")
app.add_typer(documents, name="documents")
register(app)
app.add_typer(rule, name="rule")
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def serve() -> None:
    """Run the hub: start the database, migrate it, answer at /graphql until stopped."""
    from scmhub.cli.serving import run_hub

    run_hub()


@app.command()
def demo(
    live: Annotated[bool, typer.Option("--live", help="The six firms go on acting through the API.")] = False,
    pace: Annotated[float, typer.Option(min=0.05, max=3600, help="With --live: seconds between two events.")] = 3.0,
    seed: Annotated[str, typer.Option(help="With --live: equal seeds draw equal events; empty: from the clock.")] = "",
) -> None:
    """Run a hub filled with a year of six firms' business, and print where to click and a token for each."""
    from scmhub.cli.demo import run_demo

    run_demo(live=live, pace=pace, seed=seed)


@app.command()
def token(
    partner: Annotated[str, typer.Option(help="Code of the partner the token acts for.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="Leave out the right to write.")] = False,
    minutes: Annotated[int, typer.Option(min=1, max=60 * 24 * 31, help="Life in minutes.")] = 60 * 12,
    as_json: Json = False,
) -> None:
    """Print an access token for a partner, signed by the hub's own key; for demonstrations and development."""
    from scmhub.cli.talk import print_json
    from scmhub.cli.tokens import make_token

    made = asyncio.run(make_token(partner, read_only=read_only, minutes=minutes))
    if as_json:
        print_json({"accessToken": made, "tokenType": "Bearer", "expiresIn": minutes * 60})
    else:
        print(made)  # noqa: T201


@app.command()
def tail(
    partner: Annotated[str, typer.Option(help="Code of the partner to follow as.")],
    after: Annotated[str | None, typer.Option(help="Continue after this cursor.")] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="Print all records first.")] = False,
) -> None:
    """Print what a partner may see of every change, as it happens, one JSON object a line."""
    from scmhub.cli.tail import run_tail

    raise typer.Exit(asyncio.run(run_tail(partner, after, snapshot=snapshot)))


@app.command()
def listen(
    forward_to: Annotated[str, typer.Option(help="URL that items are posted to; http to this machine, else https.")],
    partner: Annotated[str | None, typer.Option("--as", help="Code of the partner; on the hub's own machine.")] = None,
    url: Annotated[str | None, typer.Option("--hub", help="URL of the hub; default: of the settings.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with an access token, read at each connect.")] = None,
    document: Annotated[Path | None, typer.Option(help="File with a subscription that takes $after.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="File with the whsec_ secret to sign with.")] = None,
    after: Annotated[str | None, typer.Option(help="Continue after this cursor.")] = None,
) -> None:
    """Post each change to a URL, signed as webhooks are, and print a line for it: for building a receiver."""
    from scmhub.cli.listen import run_listen

    raise typer.Exit(
        asyncio.run(
            run_listen(
                forward_to, partner=partner, url=url, token_file=token_file, after=after,
                document=document.read_text() if document else None,
                secret=secret_file.read_text().strip() if secret_file else None,
            )
        )
    )  # fmt: skip


@app.command()
def trigger(
    event: Annotated[str, typer.Argument(help="order.placed, order.confirmed or case.opened.")],
    partner: Annotated[str | None, typer.Option("--as", help="Code of the partner; on the hub's own machine.")] = None,
    url: Annotated[str | None, typer.Option("--hub", help="URL of the hub; default: of the settings.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with an access token.")] = None,
    as_json: Json = False,
) -> None:
    """Make a small change through the API, a copy of what is there, so that an integration has something to get."""
    from scmhub.cli.talk import print_rows
    from scmhub.cli.trigger import run_trigger

    done = asyncio.run(run_trigger(event, partner=partner, url=url, token_file=token_file))
    print_rows([done], as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is wrong with this installation, and what to do."""
    from scmhub.cli.health import run_doctor

    raise typer.Exit(run_doctor(as_json=as_json))


@app.command("migrate")
def migrate_command(
    apply: Annotated[bool, typer.Option("--apply", help="Apply the steps; without it they are only listed.")] = False,
) -> None:
    """List the database changes this version needs, or apply them."""
    from scmhub.cli.health import run_migrate

    run_migrate(apply=apply)


@feeds.command()
def epoch() -> None:
    """After a restore from a backup: void all cursors of the change feed, so that followers read anew."""
    from scmhub.cli.feed import run_epoch

    asyncio.run(run_epoch())


@app.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from scmhub.schema import load_schema

    print(load_schema().sdl(), end="")  # noqa: T201


@app.command()
def partners(as_json: Json = False) -> None:
    """List the partners of this hub."""
    from scmhub.cli.talk import print_rows
    from scmhub.cli.tokens import list_partners

    print_rows(asyncio.run(list_partners()), as_json=as_json)


MapName = Annotated[str, typer.Option("--map", help="Map of the columns: a TOML file, or one of the hub's.")]
Apply = Annotated[bool, typer.Option("--apply", help="Import; without it only say what would happen.")]
Limit = Annotated[int, typer.Option(min=0, max=100_000, help="Most findings listed of a level.")]


@imports.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(help="Delimited text or JSON Lines, one order line per row.")],
    map_name: MapName,
    partner: Annotated[str, typer.Option("--as", help="Code of the partner whose orders they are; registered if new.")],
    apply: Apply = False,
    as_json: Json = False,
    limit: Limit = 50,
) -> None:
    """Orders and shipments from a file: reads everything, says what it would change, changes it with --apply."""
    from scmhub.cli.importing import run_import

    raise typer.Exit(run_import("orders", file, map_name, partner, apply=apply, as_json=as_json, limit=limit))


@imports.command("forecasts")
def import_forecasts(
    file: Annotated[Path, typer.Argument(help="Delimited text or JSON Lines, one period of one series per row.")],
    map_name: MapName,
    partner: Annotated[str, typer.Option("--as", help="Code of the partner who publishes them.")],
    apply: Apply = False,
    as_json: Json = False,
    limit: Limit = 50,
) -> None:
    """Demand, sell-out, production or capacity from a file: publishes a version of each series that has news."""
    from scmhub.cli.importing import run_import

    raise typer.Exit(run_import("forecasts", file, map_name, partner, apply=apply, as_json=as_json, limit=limit))


@imports.command("inventory")
def import_inventory(
    file: Annotated[Path, typer.Argument(help="Delimited text or JSON Lines, one statement about stock per row.")],
    map_name: MapName,
    partner: Annotated[str, typer.Option("--as", help="Code of the partner who states them, as owner or holder.")],
    apply: Apply = False,
    as_json: Json = False,
    limit: Limit = 50,
) -> None:
    """Stock from a file: states what was counted, and how much there should be."""
    from scmhub.cli.importing import run_import

    raise typer.Exit(run_import("inventory", file, map_name, partner, apply=apply, as_json=as_json, limit=limit))
