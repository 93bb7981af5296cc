"""What the schema says of the feed: the items, the filters, ``Query.changes``, and what there is to subscribe to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Union

import strawberry

from scmhub.graph.declare import Kind, Registry
from scmhub.identity.viewer import Permission

MOST_IDS = 500
PAGE_DEFAULT, PAGE_MOST = 50, 250
_ID = strawberry.ID
_CURSOR = "Where this item stands; resume with it as `after`. Grants no right, and only you can use it."
_AT = "When it happened, by the hub's clock; order follows the log, not this."
_KIND = "Kind of the record."
_FIELDS: dict[str, tuple[str, dict[str, tuple[Any, str]]]] = {
    "Changed": (
        "A record that you may see was made or changed. A later item never shows an older state.",
        {
            "id": (_ID, "Id of the change; the same when it is delivered again."),
            "at": (datetime, _AT),
            "kind": ("ChangeKind", _KIND),
            "action": (str, "What happened, such as PLACED or CONFIRMED; more may be added."),
            "actor": (str | None, "Who did it, if it was one of your own firm."),
            "record_id": (_ID, "Id of the record."),
            "changed_fields": (list[str], "Names of the changed fields that you may see."),
            "record": ("Node | None", "The record as you see it now, not as it was then."),
        },
    ),
    "NoLongerVisible": (
        "A record left your view: moved, withdrawn or no longer shared.",
        {"at": (datetime, _AT), "kind": ("ChangeKind", _KIND), "record_id": (_ID, "Id of the record.")},
    ),
    "SnapshotRecord": (
        "A record that you may see, sent before the changes that follow.",
        {
            "kind": ("ChangeKind", _KIND),
            "record_id": (_ID, "Id of the record."),
            "record": ("Node | None", "The record as you see it."),
        },
    ),
    "SnapshotEnd": ("All records were sent; from here on you get changes.", {}),
    "Checkpoint": ("You have seen everything up to here; save the cursor.", {"at": (datetime, "The hub's time.")}),
    "AccessChanged": (
        "What a partner shares with you has changed.",
        {
            "at": (datetime, _AT),
            "owner": (_ID, "Id of the partner whose records are concerned."),
            "kinds": ("list[ChangeKind] | None", "Kinds of records concerned."),
            "direction": ("AccessDirection", "Whether you see more or less."),
        },
    ),
    "Reset": (
        "What you keep may be out of date: read it again, or ask for a snapshot.",
        {
            "reason": ("ResetReason", "Why."),
            "owners": (list[_ID] | None, "Ids of the partners whose records to read again; null: all."),
            "kinds": ("list[ChangeKind] | None", "Kinds of records to read again; null: all."),
        },
    ),
}  # fmt: skip
ITEM_TYPES = tuple(_FIELDS)
_OF_A_KIND = tuple(name for name, (_, fields) in _FIELDS.items() if "record" in fields)
"""Items that show a record; where one kind is followed they are types of their own, so that it needs no fragment."""
_DIRECTIONS = {
    "WIDENED": "You may see more.",
    "NARROWED": "You may see less.",
    "WINDOW": "A window of days has moved; read again what you show.",
}
_REASONS = {
    "EXPIRED": "The cursor is older than what the hub keeps.",
    "EPOCH": "The log was restored or moved; earlier cursors are void.",
    "ACCESS_CHANGED": "What is shared with you has changed.",
}
_KINDS: dict[str, tuple[Any, str]] = {"kinds": ("list[ChangeKind] | None", "Only records of these kinds.")}
_FILTER: dict[str, tuple[Any, str]] = {
    "actions": (list[str] | None, "Only these actions."),
    "owners": (list[_ID] | None, "Only records of these partners, by id; at most 500."),
    "record_ids": (list[_ID] | None, "Only these records, by id; at most 500. Unknown ids match nothing."),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """Marks a field that delivery answers. ``kind``: it follows records of that kind alone, and its items are typed."""

    kind: Kind | None = None

    def shown(self, item: str) -> str:
        """The type of an item as this field shows it: ``OrderChanged`` for ``Changed``."""
        return f"{self.kind.name}{item}" if self.kind is not None and item in _OF_A_KIND else item

    @property
    def items(self) -> str:
        """The type all its items have in common."""
        return f"{self.kind.name}FeedItem" if self.kind is not None else "FeedItem"

    def followed(self, registry: Registry) -> dict[str, Kind]:
        """Code -> kind of what it speaks of."""
        kinds = kinds_by_code(registry)
        return kinds if self.kind is None else {code: kind for code, kind in kinds.items() if kind is self.kind}


def is_followed(kind: Kind) -> bool:
    """Whether the feed speaks of it, to whoever may read records; parts are told as changes of their whole."""
    return not kind.part_of and kind.needs in (None, Permission.READ)


def kinds_by_code(registry: Registry) -> dict[str, Kind]:
    """Kinds that the feed speaks of."""
    return {kind.code: kind for kind in registry.kinds.values() if is_followed(kind)}


def add_feed(built: Any, signature: Any) -> tuple[Any, type, list[type]]:
    """(field of Query, type Subscription, types nobody names) in a schema under construction."""
    _enums(built)
    interface = type("FeedItem", (), {"__annotations__": {"cursor": str}, "__module__": built.module.__name__})
    interface.cursor = strawberry.field(description=_CURSOR)  # type: ignore[attr-defined]
    built.module.FeedItem = strawberry.interface(interface, description="One item of the change feed.")
    for name, (description, fields) in _FIELDS.items():
        built.add(name, *_split(fields), description, bases=(built.module.FeedItem,))
    _filter(built, "ChangeFilter", _KINDS | _FILTER)
    _filter(built, "RecordChangeFilter", _FILTER)
    built.add(
        "ChangeConnection",
        {"nodes": "list[FeedItem]", "page_info": "PageInfo"},
        {
            "nodes": strawberry.field(description="The items of this page, in the order of the log."),
            "page_info": strawberry.field(
                description="`endCursor` is never null, and new with each page that reaches the end of the log. "
                "`hasNextPage`: there is more for you, or the page took so long that it was cut."
            ),
        },
        "A page of the change feed.",
    )
    arguments: dict[str, tuple[Any, str]] = {
        "after": (str | None, "Continue after this cursor; without it a page starts at the oldest change kept."),
        "where": ("ChangeFilter | None", "Only changes that fulfil this."),
    }
    bounds = f"1 to {PAGE_MOST}, default {PAGE_DEFAULT}"
    first = (int | None, f"How many items, {bounds}; what one change says comes together.")
    page = strawberry.field(
        resolver=signature({"first": first, **arguments}, "ChangeConnection"),
        description="The change feed in pages: the same log and the same cursors as the subscription.",
        metadata={"spec": Stream()},
    )
    return page, _subscription(built, signature), [getattr(built.module, name) for name in ITEM_TYPES]


def _subscription(built: Any, signature: Any) -> type:
    every = "What you may see of every change as it happens: in order per record, at least once, none skipped."
    fields = {"changes": _follows(Stream(), signature, "ChangeFilter", every)}
    for kind in kinds_by_code(built.registry).values():
        if kind.stream:
            stream = Stream(kind)
            _items_of(built, stream)
            text = f"`changes` of {kind.name} records alone, with the record typed: the same items, order and cursors."
            fields[kind.stream] = _follows(stream, signature, "RecordChangeFilter", text)
    made: type = built.add("Subscription", {}, fields, "What you may follow.")
    return made


def _follows(stream: Stream, signature: Any, where: str, description: str) -> Any:
    """A field of Subscription."""
    arguments = {
        "after": (str | None, "Continue after this cursor; without it the stream starts now."),
        "where": (f"{where} | None", "Only changes that fulfil this."),
        "snapshot": (bool | None, "Send all records first when there is no place to continue from. Default: false."),
    }
    return strawberry.field(
        resolver=signature(arguments, stream.items), description=description, metadata={"spec": stream}
    )


def _items_of(built: Any, stream: Stream) -> None:
    """The items of one kind: those with a record have it typed, the others are the same as ever."""
    assert stream.kind is not None
    for item in _OF_A_KIND:
        description, fields = _FIELDS[item]
        annotations, made = _split(fields)
        annotations["record"] = f"{stream.kind.name} | None"
        built.add(stream.shown(item), annotations, made, description, bases=(built.module.FeedItem,))
    union = strawberry.union(stream.items, description=f"One item of a stream of {stream.kind.name} records.")
    members = tuple(getattr(built.module, stream.shown(item)) for item in ITEM_TYPES)
    setattr(built.module, stream.items, Annotated[Union[members], union])  # noqa: UP007


def _enums(built: Any) -> None:
    kinds = {code: kind.description for code, kind in kinds_by_code(built.registry).items()}
    for name, members, description in (
        ("ChangeKind", kinds, "Kinds of records the change feed speaks of; more may be added."),
        ("AccessDirection", _DIRECTIONS, "How your access changed."),
        ("ResetReason", _REASONS, "Why records must be read again."),
    ):
        values = {each: strawberry.enum_value(each, description=text) for each, text in members.items()}
        made = Enum(name, values, module=built.module.__name__)  # type: ignore[misc]
        setattr(built.module, name, strawberry.enum(made, description=description))


def _filter(built: Any, name: str, conditions: dict[str, tuple[Any, str]]) -> None:
    annotations, fields = _split(conditions, default=strawberry.UNSET)
    built.add(name, annotations, fields, "Which changes; all given conditions must hold.", make=strawberry.input)


def _split(fields: dict[str, tuple[Any, str]], **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Annotations and Strawberry fields."""
    made = {name: strawberry.field(description=text, **options) for name, (_, text) in fields.items()}
    return {name: type_ for name, (type_, _) in fields.items()}, made
