"""Declares ``scmhub rule``; the work is in ``rules``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from scmhub.cli.admin_commands import DryRun, Json, Partner

rule = typer.Typer(no_args_is_help=True, help="Sharing rules of a partner, kept in a file; and why somebody sees.")
File = Annotated[Path, typer.Argument(help="TOML or JSON file with the rules wanted: docs/sharing.md shows one.")]
Prune = Annotated[bool, typer.Option("--prune", help="Revoke rules with a note that is no name in the file.")]


@rule.command("plan")
def rule_plan(file: File, partner: Partner, prune: Prune = False, as_json: Json = False) -> None:
    """Show what 'apply' would do, and who would gain and lose how many records; writes nothing."""
    from scmhub.cli.rules import plan

    _print(asyncio.run(plan(partner, file, prune=prune)), as_json)


@rule.command("apply")
def rule_apply(
    file: File,
    partner: Partner,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")],
    prune: Prune = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring the rules in force in line with the file: all of it or nothing; a second time changes nothing."""
    from scmhub.cli.rules import apply

    _print(asyncio.run(apply(partner, file, reason, prune=prune, dry_run=dry_run)), as_json)


@rule.command("explain")
def rule_explain(
    record: Annotated[str, typer.Argument(help="Id of a record.")],
    field: Annotated[str | None, typer.Argument(help="A field of it, such as 'total'.")] = None,
    partner: Annotated[str | None, typer.Option("--as", help="Code of the partner; on the hub's own machine.")] = None,
    about: Annotated[str | None, typer.Option("--for", help="Of a record of yours: why that partner sees it.")] = None,
    url: Annotated[str | None, typer.Option("--hub", help="URL of the hub; default: of the settings.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with an access token.")] = None,
    as_json: Json = False,
) -> None:
    """Say why a partner sees a record, or one field of it, and by which rules; asks a serving hub."""
    from scmhub.cli.rules import explain
    from scmhub.cli.talk import print_json, print_rows

    found = asyncio.run(explain(record, field, about=about, partner=partner, url=url, token_file=token_file))
    if as_json:
        print_json(found)
        return
    shown = found["field"] or found
    how = found["basis"] if not field else shown["precision"] or "withheld"
    print_rows([{"basis": shown["basis"], "field": field, "shown": how}], as_json=False)
    print_rows(
        found["verdicts"] or [{**each, "owner": each["owner"]["code"]} for each in found["scopes"]], as_json=False
    )


def _print(steps: list[dict[str, Any]], as_json: bool) -> None:
    """As JSON, or one line per step and per difference."""
    from scmhub.cli.talk import print_json, print_rows, say

    if as_json:
        print_json(steps)
        return
    rows: list[Mapping[str, Any]] = [
        {
            "action": step["action"],
            "name": step["name"],
            **dict.fromkeys(("partner", "kind", "fieldGroup", "gained", "lost"), ""),
        }
        | {name: value for name, value in each.items() if value is not None}
        for step in steps
        for each in step["effect"] or [{}]
    ]
    print_rows(rows, as_json=False)
    for step in steps:
        if step["warnings"]:
            say(f"{step['name']}: think about {', '.join(step['warnings'])}.")
