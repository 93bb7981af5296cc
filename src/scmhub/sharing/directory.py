"""Who finds which partners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scmhub.database.fragment import Fragment, all_of, any_of, join, sql
from scmhub.sharing.access import PUBLIC, Access
from scmhub.sharing.rows import ME, Branch, Row, Scoped


@dataclass(frozen=True, slots=True)
class Directory:
    """Partners: one finds oneself and those one has, had or was offered a relationship with, but whom one is kept apart
    from."""

    in_preview: bool = False
    repeated: ClassVar[tuple[str, ...]] = ()

    @property
    def owned_by(self) -> None:
        """A partner belongs to nobody."""
        return None

    @property
    def previewed(self) -> str | None:
        return "id" if self.in_preview else None

    def visible(self, row: Row) -> Fragment:
        return any_of(branch.condition for branch in self.mine(row))

    def nameable(self, row: Row) -> Fragment:
        """A partner's code is unique in the hub: looked up among those one may find."""
        return self.visible(row)

    def unmasked(self, side: str, access: Access) -> bool:
        return access == PUBLIC or side == "id"

    def mine(self, row: Row) -> list[Branch]:
        link = Row(self, "relationship", f"{row.alias}r", inside=True)
        pair = Row(self, "block_pair", f"{row.alias}b", inside=True)
        ends = ("provider_id", "recipient_id")
        apart = join(" union all ", [
            sql("select {} from {} where {} = {} and {} = 'ACTIVE' and not {}",
                pair.cell(there), pair.source(), pair.cell(here), ME, pair.cell("state"), pair.cell("own_records_only"))
            for here, there in (("one_id", "other_id"), ("other_id", "one_id"))
        ])  # fmt: skip
        related = [
            Branch(
                there,
                sql(
                    "{} in (select {} from {} where {} = {} and {} <> 'DECLINED' and {} <> all (array({})))",
                    row.cell("id"),
                    link.cell(there),
                    link.source(),
                    link.cell(here),
                    ME,
                    link.cell("state"),
                    link.cell(there),
                    apart,
                ),
            )
            for here, there in (ends, ends[::-1])
        ]
        return [Branch("id", sql("{} = {}", row.cell("id"), ME)), *related]

    def granted(self, row: Row, access: Access) -> Fragment | None:
        return None if access == PUBLIC else all_of([sql("{} = {}", row.cell("id"), ME), *row.own_card()])

    def scoped(self, table: str, alias: str) -> list[Scoped]:
        return []

    def grants(self, row: Row) -> tuple[Fragment, Fragment]:
        raise AssertionError("nobody asks scopes about a partner")


def kept_apart(other: Fragment, publisher: Fragment, alias: str) -> Fragment:
    """Whether the viewer and a partner are kept apart: everywhere, or in the records of this publisher."""
    pair = Row(Directory(), "block_pair", alias, inside=True)
    holds = sql("(not {} or {} = {})", pair.cell("own_records_only"), pair.cell("owner_id"), publisher)
    ends = [
        all_of([sql("{} = {}", pair.cell(here), ME), sql("{} = {}", pair.cell(there), other)])
        for here, there in (("one_id", "other_id"), ("other_id", "one_id"))
    ]
    return sql(
        "exists (select from {} where {} = 'ACTIVE' and {} and {})",
        pair.source(), pair.cell("state"), any_of(ends), holds,
    )  # fmt: skip
