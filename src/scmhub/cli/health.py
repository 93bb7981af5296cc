"""``scmhub doctor`` and ``scmhub migrate``."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from scmhub.cli.talk import FAILED, print_json, print_table, say
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.doctor import Finding, examine
from scmhub.database.embedded import attach
from scmhub.database.migrate import pending
from scmhub.database.roles import connect_admin
from scmhub.hub import prepare
from scmhub.settings import Settings, load_settings
from scmhub.sharing.expansion import scopes_out_of_line


def run_doctor(*, as_json: bool) -> int:
    """Every check, worst news included; the exit status is 1 if anything failed."""
    settings = load_settings()
    findings = _findings(settings)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(("check", "level", "what", "what to do"), (asdict(finding).values() for finding in findings))
    return FAILED if any(finding.level == "fail" for finding in findings) else 0


def _findings(settings: Settings) -> list[Finding]:
    try:
        with attach(settings) as admin:
            return asyncio.run(_examine(settings, admin))
    except DatabaseUnusable as error:
        say(str(error))
        return asyncio.run(examine(settings, None))


async def _examine(settings: Settings, admin: Address) -> list[Finding]:
    """What the database floor knows, and the law of the sharing floor above it."""
    findings = await examine(settings, admin)
    if any(finding.level == "fail" or (finding.name == "migrations" and finding.level != "ok") for finding in findings):
        return findings
    connection = await connect_admin(admin)
    try:
        wrong = await scopes_out_of_line(connection)
    finally:
        await connection.close()
    if wrong:
        todo = "revise and activate the rules concerned, and report this: it must not happen"
        return [*findings, Finding("scopes", "fail", f"{wrong} scopes differ from what the rules expand into", todo)]
    return [*findings, Finding("scopes", "ok", "scopes are exactly what the active rules expand into")]


def run_migrate(*, apply: bool) -> None:
    settings = load_settings()
    with attach(settings) as admin:
        steps = asyncio.run(_migrate(admin, settings, apply))
    for step in steps:
        print(step)  # noqa: T201
    if not steps:
        say("The database is up to date.")
    elif not apply:
        say("Nothing was changed: run again with --apply.")


async def _migrate(admin: Address, settings: Settings, apply: bool) -> list[str]:
    return await prepare(admin, settings, say) if apply else await pending(admin)
