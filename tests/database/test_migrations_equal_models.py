"""A database that was migrated and one made from today's models are the same, down to privileges and policies."""

from __future__ import annotations

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.settings import Settings

from ..conftest import clone, execute
from .catalogue import catalogue
from .models import load_models


async def test_migrations_amount_to_the_models(
    server: Address, admin: Address, settings: Settings, secret: HubSecret
) -> None:
    load_models()
    async with clone(server) as modelled:
        await ensure_roles(modelled, secret, settings)
        await execute(modelled, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
        from_models, from_migrations = await catalogue(modelled), await catalogue(admin)
    assert from_migrations == from_models
    assert any(line.startswith("column: change_outbox.id") for line in from_models)


async def test_the_comparison_sees_every_kind_of_difference(admin: Address, settings: Settings) -> None:
    """One change at a time; each must show."""
    seen = await catalogue(admin)
    changes = [
        "alter table change_outbox add extra int",
        "alter table change_outbox alter kind drop not null",
        "alter table change_outbox add constraint positive check (id > 0)",
        "create index on change_outbox (at)",
        "alter table change_outbox enable row level security",
        "alter table change_outbox force row level security",
        "create policy all_rows on change_outbox using (true)",
        "grant delete on change_outbox to hub_write",
        "grant update (kind) on change_outbox to hub_write",
        "alter table change_outbox owner to current_user",
        "create function f() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger t after insert on change_outbox execute function f()",
        "create sequence s",
    ]
    for change in changes:
        await execute(admin, change)
        now = await catalogue(admin)
        assert now != seen, change
        seen = now
