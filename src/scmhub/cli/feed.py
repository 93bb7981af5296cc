"""``scmhub feed epoch``: after a restore, void the cursors of before."""

from __future__ import annotations

from scmhub.cli.talk import say
from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.database.embedded import attach
from scmhub.database.roles import login
from scmhub.database.secret import load_secret
from scmhub.database.tables import PUMP_ROLE
from scmhub.feed.pump import Pump
from scmhub.settings import Settings, load_settings


async def run_epoch() -> None:
    """A new epoch in the configured database."""
    settings = load_settings()
    with attach(settings) as admin:
        await begin_epoch(admin, settings)
    say("The change feed has a new epoch: every follower is told to read anew (Reset, reason EPOCH).")


async def begin_epoch(admin: Address, settings: Settings) -> None:
    """Numbers of the log may be given out a second time after a restore; cursors of before must not meet them."""
    pump = Pump(login(admin, PUMP_ROLE, load_secret(settings)), settings, system_clock)
    try:
        await pump.new_epoch()
    finally:
        await pump.close()
