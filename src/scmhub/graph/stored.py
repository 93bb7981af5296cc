"""Documents found by their hash: those a partner's clients taught the hub, and those its administrator registered.

acme's app sends a hash of 64 digits instead of two kilobytes of query. The hub does not know it
(PersistedQueryNotFound), so the app sends both once; from then on the hash is enough. What acme's administrator
registers is known from the start, and an integration bound to that list may send nothing else.

Each partner has shelves of its own: bolt learns of acme's documents neither by a hit nor by a miss, which takes the
same steps for a hash that acme knows as for one that nobody knows.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from scmhub.clock import Clock
from scmhub.errors import BadRequest, DocumentNotListed, PersistedQueryNotFound
from scmhub.feed.log import HUB, Event
from scmhub.feed.tail import Tail
from scmhub.graph.documents import Document, Documents
from scmhub.graph.rates import Bucket
from scmhub.graph.request import GraphQLRequest, Named
from scmhub.identity.viewer import Viewer

DOCUMENT: Final = "DOCUMENT"
"""The kind of events that tell the hub's processes that a partner's registered documents have changed."""
MOST_TEXTS: Final = 1_000
MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of one shelf; with small characters that is as many bytes."""
MOST_OF_ALL: Final = 64 * 1024 * 1024
"""Characters on the shelves of all partners together: who has most of them gives way."""
MOST_PARTNERS: Final = 5_000
"""With shelves; who sent a hash longest ago gives way."""
_FIND: Final = """
select d.id, d.text, d.answers_until from stored_document d where d.partner_id = $1 and d.sha256 = $2
"""
Rows = Callable[..., Awaitable[list[Any]]]


def digest_of(text: str) -> str:
    """The SHA-256 of a document, as clients compute it: over its text in UTF-8, byte for byte."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Listed:
    """A registered document, as this process knows it."""

    key: UUID
    text: str
    answers_until: datetime | None

    def answers(self, now: datetime) -> bool:
        return self.answers_until is None or now < self.answers_until


class Texts:
    """What was used last, by hash; bounded in number and in characters."""

    def __init__(self, most: int = MOST_TEXTS, characters: int = MOST_CHARACTERS) -> None:
        self._kept: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._most = most
        self._room = characters
        self.size = 0
        """Characters kept."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, sha256: str) -> Any:
        found = self._kept.get(sha256)
        if found is None:
            return None
        self._kept.move_to_end(sha256)
        return found[1]

    def keep(self, sha256: str, size: int, value: Any) -> None:
        """``size`` is how much room it takes."""
        self.drop(sha256)
        self._kept[sha256] = size, value
        self.size += size
        while self.size > self._room or len(self._kept) > self._most:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        self.drop(next(iter(self._kept)))

    def drop(self, sha256: str) -> None:
        size, _ = self._kept.pop(sha256, (0, None))
        self.size -= size


@dataclass(slots=True)
class Shelves:
    """One partner's: ``taught`` holds texts, ``listed`` holds ``Listed``."""

    taught: Texts = field(default_factory=Texts)
    listed: Texts = field(default_factory=Texts)

    @property
    def size(self) -> int:
        return self.taught.size + self.listed.size

    def drop_oldest(self) -> None:
        max(self.taught, self.listed, key=lambda each: each.size).drop_oldest()


class Room:
    """The shelves of all partners, bounded together.

    Whoever keeps most gives way first, its own oldest document: so a partner that sends ever new ones pushes out its
    own, and one that sends few keeps them whatever the others do.
    """

    def __init__(self, characters: int = MOST_OF_ALL, partners: int = MOST_PARTNERS) -> None:
        self._shelves: OrderedDict[UUID, Shelves] = OrderedDict()
        self._characters = characters
        self._partners = partners

    def __len__(self) -> int:
        return sum(len(each.taught) + len(each.listed) for each in self._shelves.values())

    def of(self, partner: UUID) -> Shelves:
        """One partner's, the last to be given up."""
        found = self._shelves.get(partner)
        if found is None:
            found = self._shelves[partner] = Shelves()
            if len(self._shelves) > self._partners:
                self._shelves.popitem(last=False)
        self._shelves.move_to_end(partner)
        return found

    def keep(self, shelf: Texts, sha256: str, text: str, value: Any) -> None:
        """On one of the shelves; others make room for it, or it goes at once."""
        shelf.keep(sha256, len(text), value)
        while self.size > self._characters:
            max(self._shelves.values(), key=lambda each: each.size).drop_oldest()

    @property
    def size(self) -> int:
        """Characters kept."""
        return sum(each.size for each in self._shelves.values())

    def forget_listed(self, partner: UUID | None = None) -> None:
        """What a partner, or anybody, has registered is read anew."""
        for key, each in self._shelves.items():
            if partner in (None, key):
                each.listed = Texts()


class StoredDocuments:
    """Puts the text where a request has a hash, and refuses what a bound integration may not send."""

    def __init__(
        self, documents: Documents, rows: Rows, clock: Clock, compilations: Bucket,
        is_bound: Callable[[Viewer], bool], on_use: Callable[[UUID, UUID], None] = lambda partner, key: None,
    ) -> None:  # fmt: skip
        """``is_bound``: whether a caller may send registered documents only. ``on_use(partner, key)``: one was sent."""
        self._documents = documents
        self._rows = rows
        self._clock = clock
        self._compilations = compilations
        self._is_bound = is_bound
        self._on_use = on_use
        self.room = Room()

    def __len__(self) -> int:
        return len(self.room)

    def settles(self, request: GraphQLRequest, viewer: Viewer) -> bool:
        """Whether ``settle`` has anything to do, without a coroutine for the many requests where it has not."""
        return request.named is not None or self._is_bound(viewer)

    async def settle(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLRequest:
        """The request with the text of its document and no hash; RequestRefused if there is none for this caller."""
        partner, named = viewer.lens.partner_id, request.named
        if self._is_bound(viewer):
            return _with(await self._from_list(request, partner), request)
        if named is None:
            return request
        sha256 = _checked(named)
        if named.listed:
            found = await self._listed(partner, sha256)
            if found is None:
                raise PersistedQueryNotFound("No document with this id is registered for you: see 'documents'.")
            return _with(found, request)
        if request.query:
            await self._teach(sha256, request, partner)
            return _with(request.query, request)
        text = self.room.of(partner).taught.get(sha256) or await self._listed(partner, sha256)
        if text is None:
            raise PersistedQueryNotFound
        return _with(text, request)

    async def read(self, text: str, partner: UUID) -> list[Document]:
        """Every operation of a document; RequestRefused if one cannot run."""
        if "\0" in text:
            raise BadRequest("A document holds no NUL.")
        self._compilations.spend(partner, 1)
        return await self._documents.every(text)

    async def check_listed(self, text: str, viewer: Viewer) -> None:
        """DocumentNotListed if the caller may send registered documents only and this is none."""
        if self._is_bound(viewer):
            await self._from_list(GraphQLRequest(text), viewer.lens.partner_id)

    async def _from_list(self, request: GraphQLRequest, partner: UUID) -> str:
        """Nothing of the text is read but its hash."""
        named = request.named
        sha256 = _checked(named) if named else digest_of(request.query)
        if named and request.query:
            _match(sha256, request.query)
        found = await self._listed(partner, sha256)
        if found is None:
            raise DocumentNotListed
        return found

    async def _teach(self, sha256: str, request: GraphQLRequest, partner: UUID) -> None:
        """Keep a valid document under its hash; what is wrong with it is told as if it had come without one."""
        text, name = request.query, request.operation_name
        taught = self.room.of(partner).taught
        if taught.get(sha256) == text:
            return
        _match(sha256, text)
        if not self._documents.known(text, name):
            self._compilations.spend(partner, 1)
        await self._documents.get(text, name)
        self.room.keep(taught, sha256, text, text)

    async def _listed(self, partner: UUID, sha256: str) -> str | None:
        """The text of a registered document that answers today."""
        listed = self.room.of(partner).listed
        found: Listed | None = listed.get(sha256)
        if found is None:
            rows = await self._rows(_FIND, partner, sha256)
            if not rows:
                return None
            found = Listed(*rows[0])
            self.room.keep(listed, sha256, found.text, found)
        if not found.answers(self._clock()):
            return None
        self._on_use(partner, found.key)
        return found.text

    # -- what other processes do ---------------------------------------------------------------------------------------

    def follow(self, tail: Tail) -> None:
        """From now on what the tail reads counts."""
        tail.on_event.append(self.take)
        tail.on_reset.append(self.forget)
        self.forget()

    def take(self, event: Event) -> None:
        """One event of the log: what its partner has registered is read anew."""
        if event.kind == DOCUMENT and event.audience == HUB:
            self.room.forget_listed(event.owner_id)

    def forget(self) -> None:
        """The log is another than before: nothing that was registered is known for sure."""
        self.room.forget_listed()


def _with(text: str, request: GraphQLRequest) -> GraphQLRequest:
    return replace(request, query=text, named=None, settled=True)


def _checked(named: Named) -> str:
    sha256 = named.sha256
    if sha256 is None:
        where = "'documentId' is 'sha256:' and" if named.listed else "'extensions.persistedQuery.sha256Hash' is"
        raise BadRequest(f"{where} 64 hexadecimal digits in lower case.", reason="DOCUMENT_HASH")
    return sha256


def _match(sha256: str, text: str) -> None:
    if digest_of(text) != sha256:
        raise BadRequest("The hash is not the SHA-256 of 'query' in UTF-8.", reason="DOCUMENT_HASH")
