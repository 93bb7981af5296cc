"""How a command gets at records: through the same policy as a query, so that a foreign id is simply not found."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import SQLModel, select

from scmhub.database.fragment import Bind, all_of, sql
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph.declare import REGISTRY
from scmhub.graph.plan import Inputs
from scmhub.ids import key_of
from scmhub.sharing.lens import lens_of
from scmhub.sharing.limits import Governed, finished
from scmhub.sharing.rows import Row
from scmhub.sharing.scopes import with_scopes

_Record = TypeVar("_Record", bound=SQLModel)
_statements: dict[str, Governed] = {}


async def visible_key(unit: Unit, kind_name: str, public_id: str, path: list[str]) -> UUID:
    """The key of a record the acting partner may see; NOT_FOUND for any other id, with one text for all reasons."""
    kind = REGISTRY.kinds[kind_name]
    key = key_of(kind.prefix, public_id)
    if key is None or not await _visible(unit, kind_name, key):
        raise not_found(kind_name, path)
    return key


def not_found(kind_name: str, path: list[str]) -> Refusal:
    return Refusal("NOT_FOUND", f"There is no {kind_name} with this id that you may see.", path)


async def changeable(
    unit: Unit,
    model: type[_Record],
    kind_name: str,
    public_id: str,
    expected_version: int | None,
    path: list[str],
    sides: tuple[str, ...] | None = None,
) -> _Record:
    """The record, locked for change. ``sides``: columns of which one must name the acting partner (default: owner).

    NOT_FOUND: not visible. FORBIDDEN: visible, but not on one of these sides. CONFLICT: the version has moved on.
    ``path`` is where the id stands in the arguments.
    """
    kind = REGISTRY.kinds[kind_name]
    key = await visible_key(unit, kind_name, public_id, path)
    record = (await unit.session.exec(select(model).where(model.id == key).with_for_update())).first()  # type: ignore[attr-defined]
    allowed = sides or (kind.policy.owner,)  # type: ignore[attr-defined]
    if record is None or unit.partner_id not in [getattr(record, side) for side in allowed]:
        raise Refusal("FORBIDDEN", f"You may see this {kind_name} but not change it.", path, key)
    if expected_version is not None and record.version != expected_version:  # type: ignore[attr-defined]
        raise Refusal(
            "CONFLICT",
            f"It has version {record.version} now, not {expected_version}: read it again.",  # type: ignore[attr-defined]
            ["input", "expectedVersion"],
            key,
        )
    return record


async def _visible(unit: Unit, kind_name: str, key: UUID) -> bool:
    statement = _statements.get(kind_name) or _statements.setdefault(kind_name, _visibility(kind_name))
    now: datetime = unit.now
    inputs = Inputs(lens_of(unit), now, now.date(), [], key)
    return bool(await unit.fetch(*statement.asked(inputs)))


def _visibility(kind_name: str) -> Governed:
    kind = REGISTRY.kinds[kind_name]
    row = Row(kind.policy, kind.table.name, "t1")
    key = Bind(("record",), "uuid", lambda inputs: inputs.record)
    tests = all_of([sql("{} = {}", row.cell("id"), key), kind.policy.visible(row)])
    return finished(with_scopes(sql("select exists (select from {} where {})", row.source(), tests)))
