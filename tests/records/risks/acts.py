"""Acting and being refused, with every row of every table watched."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import Firms


async def everything(firms: Firms) -> dict[str, str]:
    """All rows of all tables, the outbox included, as the administrator sees them."""
    tables = await firms.superuser.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    text = "select coalesce(string_agg(t::text, '\n' order by t::text), '') from \"{}\" t"
    return {name: await firms.superuser.fetchval(text.format(name)) for (name,) in tables}


async def do(firms: Firms, firm: str, command: str, selection: str, **given: Any) -> dict[str, Any]:
    """The record after a command that was not refused."""
    payload = await firms.run(firm, command, selection, **given)
    assert payload["userErrors"] == []
    record: dict[str, Any] = next(value for name, value in payload.items() if name != "userErrors")
    return record


async def refused(firms: Firms, firm: str, command: str, **given: Any) -> tuple[str, str, str]:
    """Code, dotted path and message of a refusal; no row of any table has changed."""
    before = await everything(firms)
    [error] = (await firms.run(firm, command, "", **given))["userErrors"]
    assert await everything(firms) == before
    return error["code"], ".".join(error["path"]), error["message"]
