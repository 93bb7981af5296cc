"""What a mutation answers: the record it changed, read back through policy, the errors, and texts shown once.

acme lets dyna see its shipments and wants to be told of reads. dyna's complaint about one shows the shipment in its
answer: the statement that reads the payload back is gated as that of a query is, and what it showed is written down in
the command's own transaction. A repeat of the same key shows it again, so the answer is kept with its marks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from strawberry.utils.str_converters import to_camel_case

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph.collect import Selected
from scmhub.graph.declare import Command
from scmhub.graph.documents import Document
from scmhub.graph.plan import Inputs
from scmhub.graph.receipts import Receipts, reader_of
from scmhub.identity.viewer import Permission, Viewer
from scmhub.sharing.limits import Governed


@dataclass(frozen=True, slots=True)
class PayloadMember:
    """One response key of a payload: the record (by statement), its errors, or a constant."""

    key: str
    name: str
    statement: Governed | None = None
    gated: bool = False
    """Whether the statement answers null to a viewer whose rules ask for receipts."""
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One root field of a mutation document, ready to run."""

    selected: Selected
    command: Command
    members: tuple[PayloadMember, ...]
    selection: str
    needs: frozenset[Permission]
    """What a caller needs for what the payload shows, besides what the command itself needs."""


@dataclass(frozen=True, slots=True)
class Called:
    """A mutation document on its way: who sent it with which variables."""

    document: Document
    variables: Any
    args: list[dict[str, Any]]
    viewer: Viewer
    marked: Callable[[], list[Step | str]]
    """Makes its steps again, with marks in what they answer."""


class Source(Protocol):
    """Where a payload is read: in the command's transaction, or after one that was taken back."""

    async def fetch(self, sql: str, *args: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of one step."""

    step: Step
    called: Called
    inputs: Inputs
    receipts: Receipts

    async def read(
        self, source: Source, refusal: Refusal | None = None, texts: dict[str, str] | None = None
    ) -> bytes:
        """Its bytes; marks are in it where rules ask for receipts."""
        names = graphql_names(self.step.command)
        parts = []
        for each in self.step.members:
            if each.name in names:
                value = orjson.dumps((texts or {}).get(names[each.name]))
            else:
                value = await self._value(each, source, refusal)
            parts.append(b'"%s":%s' % (each.key.encode(), value))
        return b"{" + b",".join(parts) + b"}"

    async def told(self, body: bytes, unit: Unit | None) -> bytes:
        """The bytes without marks, once what they say is written with what was done."""
        called = self.called
        return await self.receipts.take(body, reader_of(called.viewer, called.document, self.inputs.now), unit)

    async def _value(self, member: PayloadMember, source: Source, refusal: Refusal | None) -> bytes:
        if member.name == "__typename":
            name = self.step.command.name
            return orjson.dumps(f"{name[0].upper()}{name[1:]}Payload")
        if member.name == "userErrors":
            return orjson.dumps([_error(refusal, member.errors)] if refusal else [])
        if self.inputs.record is None or member.statement is None:
            return b"null"
        found = await self._fetch(member, source)
        if found is None and member.gated:
            found = await self._fetch(self._marked(member), source)
        return found or b"null"

    async def _fetch(self, member: PayloadMember, source: Source) -> bytes | None:
        assert member.statement
        found: bytes | None = await source.fetch(*member.statement.asked(self.inputs))
        return found

    def _marked(self, member: PayloadMember) -> PayloadMember:
        steps = (each for each in self.called.marked() if isinstance(each, Step))
        step = next(each for each in steps if each.selected.key == self.step.selected.key)
        return next(each for each in step.members if each.key == member.key)


def graphql_names(command: Command) -> dict[str, str]:
    """GraphQL name -> name of the texts this command shows once."""
    return {to_camel_case(each): each for each in command.shown_once}


def _error(refusal: Refusal, wanted: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    values = {
        "code": refusal.refusal_code,
        "message": refusal.message,
        "path": refusal.path,
        "__typename": "UserError",
    }
    return {key: values[name] for key, name in wanted}
