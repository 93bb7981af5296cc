"""Read receipts: who read which owner's records under which rule, for owners whose rules ask for it.

acme shares its orders with bolt by a rule that asks for receipts. Whatever answers bolt from one statement also says,
beside each record that the rule covers, which record it is and which rules cover it: a *mark*, text between two
separators that cannot stand in JSON. Marks are made by the statement that made the answer, so both are of one snapshot;
they are taken out of the answer and written to the access log.

Whoever holds no such rule is answered by the statement without marks. It holds a *gate*: its answer is null if such a
rule is in force after all. So a forgotten mark cannot be: the gate is judged where the records are read.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Column, Index, Uuid
from sqlmodel import Field

from scmhub.database.fragment import Bind, Fragment, Relation, all_of, literal, sql
from scmhub.database.tables import Record, governed, instant, key, symbol
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import ME, Row
from scmhub.sharing.scopes import SCOPE, in_force, reaches

COUNTED = "#"
"""Before the name of the kind: the record was counted or pointed at, not shown."""
_MARK = re.compile(rb"\x1e([^\x1e]*)\x1e")
_EDGE = literal("\x1e")


class AccessLogTable(Record, table=True):
    """One operation's reading of one owner's records of one kind, under rules that ask for receipts."""

    __tablename__ = "access_log"
    __table_args__ = (
        Index(None, "owner_id", "id"),
        Index(None, "reader_id", "id"),
        governed(owner="owner_id", parties=("reader_id",), write="select, insert"),
    )
    at: datetime = instant()
    owner_id: uuid.UUID = key("partner")
    reader_id: uuid.UUID = key("partner")
    actor: str = symbol()
    document: str = symbol()
    operation: str | None = symbol(optional=True)
    kind: str = symbol()
    rules: list[uuid.UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    records: int
    counted: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one operation read of one owner. ``strict``: to be written before the answer leaves."""

    owner: UUID
    kind: str
    rules: tuple[UUID, ...]
    records: int
    counted: int
    strict: bool


def reads_scopes(fragment: Fragment) -> bool:
    """Whether anything in a statement can be opened by a rule."""
    return any(isinstance(part, Relation) and part.table.startswith(("scope", "live_")) for part in fragment.parts)


def _asking(grantee: Fragment) -> Fragment:
    """Scopes in force that ask for receipts, of some grantee: by an index that holds no others."""
    return sql("{} where {} and {} is not null and {}", SCOPE.source(), grantee, SCOPE.cell("receipts"), in_force())


def gated(answer: Fragment) -> Fragment:
    """The answer; null if a rule in force that opens something to the viewer asks for receipts."""
    mine = sql("{} = {}", SCOPE.cell("grantee"), ME)
    return sql("case when not exists (select from {}) then {} end", _asking(mine), answer)


def asked_of(viewers: Bind) -> Fragment:
    """Of a statement for many viewers at once: whether this viewer must be told of. One look for all of them."""
    grantee = SCOPE.cell("grantee")
    return sql("{} = any(array(select {} from {}))", ME, grantee, _asking(sql("{} = any({})", grantee, viewers)))


def asked_of_me() -> Fragment:
    """Whether a rule that opens something to the viewer asks."""
    return sql("exists (select from {})", _asking(sql("{} = {}", SCOPE.cell("grantee"), ME)))


def mark(row: Row, kind: str) -> Fragment | None:
    """The mark of one record of this kind, null if no rule that covers it asks; None: no rule can cover such records.

    A part is read with its whole, which has a mark of its own.
    """
    policy = row.policy
    if not isinstance(policy, Owned) or row.subject is not None:
        return None
    if policy.evidence is not None:
        return _mark_of_evidence(row, kind, *policy.evidence)
    if policy.kind is None:
        return None
    source, covers = policy.covering(row)
    asks = sql("{} is not null", SCOPE.cell("receipts"))
    text = _mark(kind, row, row.cell(policy.owner))
    return sql("(select {} from {} where {} and {} having count(*) > 0)", text, source, covers, asks)


def _mark_of_evidence(row: Row, kind: str, table: str, key: str) -> Fragment:
    """One mark for each owner of whose rules some open a piece of what the record was found in.

    The hub found acme's stock below its target; bolt reads that, because rules of acme open stock and target to it.
    """
    piece = Row(row.policy, table, f"{row.alias}r", inside=True)
    shows = sql("{} && {}", SCOPE.cell("tokens"), piece.cell("field_groups"))
    asks = sql("{} is not null", SCOPE.cell("receipts"))
    opens = all_of([sql("{} = {}", piece.cell(key), row.cell("id")), reaches(piece), shows, asks])
    owner = SCOPE.cell("owner")
    return sql(
        "(select string_agg(m.mark, '') from (select {} as mark from {}, {} where {} group by {}) m)",
        _mark(kind, row, owner), piece.source(), SCOPE.source(), opens, owner,
    )  # fmt: skip


def _mark(kind: str, row: Row, owner: Fragment) -> Fragment:
    """Kind, record, owner, and the rules of a group of scopes."""
    rule, asks = SCOPE.cell("rule_id"), SCOPE.cell("receipts")
    return sql(
        "concat({}, {}, {}, ' ', {}, ' ', string_agg(distinct concat({}, left({}, 1)), ','), {})",
        _EDGE, literal(f"{kind} "), row.cell("id"), owner, rule, asks, _EDGE,
    )  # fmt: skip


def taken(answer: bytes) -> tuple[bytes, list[Receipt]]:
    """The answer without its marks, and what they say: one receipt per owner and kind, in order."""
    read: dict[tuple[str, str], tuple[set[str], set[str], set[str]]] = {}
    for found in _MARK.findall(answer):
        kind, record, owner, rules = found.decode().split(" ")
        shown, told, under = read.setdefault((owner, kind.removeprefix(COUNTED)), (set(), set(), set()))
        (told if kind.startswith(COUNTED) else shown).add(record)
        under.update(rules.split(","))
    if not read:
        return answer, []
    return without_marks(answer), [_receipt(*of, *said) for of, said in sorted(read.items())]


def without_marks(answer: bytes) -> bytes:
    """The answer as its reader gets it."""
    return _MARK.sub(b"", answer)


def _receipt(owner: str, kind: str, shown: set[str], told: set[str], rules: set[str]) -> Receipt:
    strict = any(each.endswith("S") for each in rules)
    keys = tuple(sorted(UUID(each[:-1]) for each in rules))
    return Receipt(UUID(owner), kind, keys, len(shown), len(told), strict)
