"""Declares ``scmhub integration``, ``keys``, ``partner``, ``audit`` and ``admin``; the work is in modules beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Partner = Annotated[str, typer.Option("--partner", help="Code of the partner.")]
Roles = Annotated[list[str], typer.Option("--role", help="A role; give the option once for each.")]
Person = Annotated[str, typer.Argument(help="A person, per_...: 'scmhub user list' shows them.")]
Name = Annotated[str, typer.Option("--name", help="Their name.")]
Email = Annotated[str, typer.Option("--email", help="Their e-mail address.")]
Code = Annotated[str, typer.Argument(help="Code of the partner.")]
ClientId = Annotated[str, typer.Argument(help="Client id, int_...")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept in the audit trail for good.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")]

integration = typer.Typer(no_args_is_help=True, help="Machines of a partner that call the hub.")
keys = typer.Typer(no_args_is_help=True, help="The hub's signing keys.")
partner = typer.Typer(no_args_is_help=True, help="Partners of the hub.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail of security changes.")
user = typer.Typer(no_args_is_help=True, help="People of a partner.")
admin = typer.Typer(no_args_is_help=True, help="Access for administrators.")


def register(app: typer.Typer) -> None:
    """Add all groups to the command."""
    groups = {
        "integration": integration, "keys": keys, "partner": partner, "audit": audit, "admin": admin, "user": user,
    }  # fmt: skip
    for name, group in groups.items():
        app.add_typer(group, name=name)


@integration.command("create")
def integration_create(
    partner: Partner,
    name: Annotated[str, typer.Option(help="What to call it.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="Leave out the right to write.")] = False,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Create an integration and print its client id and secret, this once."""
    from scmhub.cli.integration import create
    from scmhub.cli.talk import print_rows
    from scmhub.identity.viewer import TokenScope

    scopes = [TokenScope.READ, TokenScope.SUBSCRIBE] + ([] if read_only else [TokenScope.WRITE])
    print_rows([asyncio.run(create(partner, name, scopes, dry_run=dry_run, reason=reason))], as_json=as_json)


@integration.command("rotate")
def integration_rotate(
    client_id: ClientId,
    partner: Partner,
    overlap_hours: Annotated[int, typer.Option(min=0, max=168, help="How long the old secret works on.")] = 24,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give an integration a new secret and print it, this once."""
    from scmhub.cli.integration import rotate
    from scmhub.cli.talk import print_rows

    print_rows(
        [asyncio.run(rotate(partner, client_id, overlap_hours, dry_run=dry_run, reason=reason))], as_json=as_json
    )


@integration.command("add-key")
def integration_add_key(
    client_id: ClientId,
    file: Annotated[Path, typer.Argument(help="File with the public key as a JSON Web Key: EC P-256, or RSA.")],
    partner: Partner,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let an integration prove itself with a key of its own (private_key_jwt)."""
    from scmhub.cli.integration import add_key
    from scmhub.cli.talk import print_rows

    try:
        jwk = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None
    print_rows([asyncio.run(add_key(partner, client_id, jwk, dry_run=dry_run, reason=reason))], as_json=as_json)


@integration.command("revoke")
def integration_revoke(
    name: Annotated[str, typer.Argument(help="An integration (int_...) or one credential of it (crd_...).")],
    partner: Partner,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End an integration or a credential, and its tokens within two seconds."""
    from scmhub.cli.integration import revoke
    from scmhub.cli.talk import print_rows

    print_rows([asyncio.run(revoke(partner, name, dry_run=dry_run, reason=reason))], as_json=as_json)


@integration.command("bind")
def integration_bind(
    client_id: ClientId,
    partner: Partner,
    free: Annotated[bool, typer.Option("--free", help="Let it send any document again.")] = False,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let an integration send registered documents only: 'scmhub documents list' shows them."""
    from scmhub.cli.integration import bind
    from scmhub.cli.talk import print_rows

    print_rows([asyncio.run(bind(partner, client_id, free=free, dry_run=dry_run, reason=reason))], as_json=as_json)


@integration.command("list")
def integration_list(
    partner: Partner,
    stale_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Only active ones that got no token for so many days.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the integrations of a partner."""
    from scmhub.cli.integration import listed
    from scmhub.cli.talk import print_rows

    print_rows(asyncio.run(listed(partner, stale_days)), as_json=as_json)


@keys.command("list")
def keys_list(as_json: Json = False) -> None:
    """List the signing keys and their states."""
    from scmhub.cli.admin import list_keys
    from scmhub.cli.talk import print_rows

    print_rows(asyncio.run(list_keys()), as_json=as_json)


@keys.command("rotate")
def keys_rotate(reason: Reason = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Publish a new key; run again after five minutes, and it signs."""
    from scmhub.cli.admin import rotate
    from scmhub.cli.talk import print_rows, say

    done = asyncio.run(rotate(dry_run=dry_run, reason=reason))
    print_rows([done], as_json=as_json)
    if not dry_run:
        published = done["state"] == "PENDING"
        say("Published; rotate again in five minutes." if published else "It signs from now on.")


@keys.command("revoke")
def keys_revoke(
    kid: Annotated[str, typer.Argument(help="Which key: 'scmhub keys list' shows them.")],
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Refuse a key at once, with every token it signed."""
    from scmhub.cli.admin import revoke
    from scmhub.cli.talk import print_rows

    print_rows([asyncio.run(revoke(kid, dry_run=dry_run, reason=reason))], as_json=as_json)


@partner.command("add")
def partner_add(
    code: Code,
    name: Annotated[str, typer.Option(help="Name of the firm.")],
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Register a partner."""
    from scmhub.cli.admin import add_partner
    from scmhub.cli.talk import print_rows

    print_rows([asyncio.run(add_partner(code, name, dry_run=dry_run, reason=reason))], as_json=as_json)


@partner.command("suspend")
def partner_suspend(code: Code, reason: Reason = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """End a partner's access; its records stay."""
    _set_status(code, "SUSPENDED", reason, dry_run, as_json)


@partner.command("reactivate")
def partner_reactivate(code: Code, reason: Reason = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Let a partner in again."""
    _set_status(code, "ACTIVE", reason, dry_run, as_json)


def _set_status(code: str, status: str, reason: str | None, dry_run: bool, as_json: bool) -> None:
    from scmhub.cli.admin import set_partner_status
    from scmhub.cli.talk import print_rows

    print_rows([asyncio.run(set_partner_status(code, status, dry_run=dry_run, reason=reason))], as_json=as_json)


@audit.command("verify")
def audit_verify(
    sign: Annotated[bool, typer.Option("--sign", help="If it is whole, sign where it stands.")] = False,
) -> None:
    """Walk the audit trail; exit status 1 and the place if it is broken."""
    from scmhub.cli.audit import verify
    from scmhub.cli.talk import FAILED, say

    found = asyncio.run(verify(sign=sign))
    if not found.intact:
        say(f"The audit trail of ptr_{found.partner} is broken at row {found.broken_at}: {found.reason}.")
        raise typer.Exit(FAILED)
    say(f"The audit trail is whole: {found.rows} rows, {found.checkpoints} checkpoints.")


@admin.command("token")
def admin_token_command(
    partner: Annotated[str, typer.Option(help="Code of the partner, or 'hub' for the operator.")],
    minutes: Annotated[int, typer.Option(min=1, max=60, help="Life in minutes.")] = 15,
) -> None:
    """Print a token that may administer, not write; its making is in the audit trail."""
    from scmhub.cli.admin import admin_token

    print(asyncio.run(admin_token(partner, minutes)))  # noqa: T201


@admin.command("bootstrap")
def admin_bootstrap(name: Name = "Operator", email: Email = "operator@localhost", as_json: Json = False) -> None:
    """Print the link that makes the hub's first operator: it works once, within an hour."""
    from scmhub.cli.talk import print_json, say
    from scmhub.cli.user import bootstrap

    made = asyncio.run(bootstrap(name, email))
    if as_json:
        print_json(made)
        return
    print(made["link"])  # noqa: T201
    say("Open this link in a browser within an hour; whoever opens it first runs this hub.")


@user.command("invite")
def user_invite(
    partner: Partner, name: Name, email: Email, role: Roles, reason: Reason = None, as_json: Json = False
) -> None:
    """Invite somebody and print the link, this once; it works within seven days."""
    from scmhub.cli.talk import print_rows
    from scmhub.cli.user import invite

    print_rows([asyncio.run(invite(partner, name, email, role, reason=reason))], as_json=as_json)


@user.command("list")
def user_list(partner: Partner, as_json: Json = False) -> None:
    """List the people of a partner."""
    from scmhub.cli.talk import print_rows
    from scmhub.cli.user import listed

    print_rows(asyncio.run(listed(partner)), as_json=as_json)


@user.command("roles")
def user_roles(person: Person, partner: Partner, role: Roles, reason: Reason = None) -> None:
    """Give a person these roles instead of those before; they are logged out everywhere."""
    from scmhub.cli.user import set_roles

    asyncio.run(set_roles(partner, person, role, reason=reason))


@user.command("deactivate")
def user_deactivate(person: Person, partner: Partner, reason: Reason = None) -> None:
    """Let a person in no more."""
    from scmhub.cli.user import deactivate

    asyncio.run(deactivate(partner, person, reason=reason))
