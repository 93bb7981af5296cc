"""SQL under construction: text, binds, relations and cells kept apart until the last moment.

User text cannot become SQL here: it enters as a ``Bind`` (a parameter) or through ``literal`` (a quoted constant).
Tables and columns are parts of their own, so that a finished statement can be *asked* which rows and cells it touches
and who vouched for each (``seal``); see ``scmhub.sharing.proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, LiteralString


@dataclass(frozen=True, slots=True)
class Bind:
    """A value the request supplies. Equal ``key`` and ``type`` share one parameter."""

    key: tuple[Any, ...]
    type: str
    take: Callable[[Any], Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Relation:
    """``"table" alias`` in a FROM clause."""

    table: str
    alias: str
    seal: object = field(compare=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """``alias.column``, a stored value."""

    table: str
    alias: str
    column: str
    seal: object = field(compare=False)


Part = str | Bind | Relation | Cell


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of one statement."""

    parts: tuple[Part, ...] = ()

    def __add__(self, other: Fragment) -> Fragment:
        return Fragment(self.parts + other.parts)


def sql(template: LiteralString, *holes: Fragment | Bind | Relation | Cell) -> Fragment:
    """A fragment from text written in this source, each ``{}`` filled by the next hole."""
    texts = template.split("{}")
    if len(texts) != len(holes) + 1:
        raise ValueError(f"{len(holes)} holes for {template!r}")
    parts: list[Part] = [texts[0]]
    for hole, text in zip(holes, texts[1:], strict=True):
        parts.extend(hole.parts if isinstance(hole, Fragment) else (hole,))
        parts.append(text)
    return Fragment(tuple(part for part in parts if part != ""))


def literal(text: str) -> Fragment:
    """A quoted SQL text constant."""
    escaped = text.replace("'", "''")
    return Fragment((f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'",))


def join(separator: LiteralString, fragments: Iterable[Fragment]) -> Fragment:
    """Fragments in order with text between them."""
    parts: list[Part] = []
    for fragment in fragments:
        if parts:
            parts.append(separator)
        parts.extend(fragment.parts)
    return Fragment(tuple(parts))


def any_of(conditions: Iterable[Fragment]) -> Fragment:
    """``(a or b or ...)``; false for none. Evaluated left to right: put the cheap ones first."""
    given = list(conditions)
    return sql("({})", join(" or ", given)) if given else sql("false")


def all_of(conditions: Iterable[Fragment]) -> Fragment:
    """``a and b and ...``; true for none."""
    given = list(conditions)
    return join(" and ", given) if given else sql("true")


@dataclass(frozen=True, slots=True)
class Statement:
    """Finished SQL and the binds of ``$1``, ``$2``, ... in order."""

    text: str
    binds: tuple[Bind, ...]
    relations: tuple[tuple[int, int, Relation], ...] = field(default=(), compare=False, repr=False)
    """Where in the text each relation begins and ends."""


def assemble(fragment: Fragment, known: Iterable[Bind] = ()) -> Statement:
    """Number the binds and join the text. Deterministic: equal fragments give equal bytes in every process.

    ``known``: binds whose numbers stand in the text already.
    """
    numbers: dict[Bind, int] = {bind: number for number, bind in enumerate(known, 1)}
    texts: list[str] = []
    relations: list[tuple[int, int, Relation]] = []
    length = 0
    for part in fragment.parts:
        match part:
            case str():
                text = part
            case Bind():
                text = f"${numbers.setdefault(part, len(numbers) + 1)}::{part.type}"
            case Relation():
                text = f'"{part.table}" {part.alias}'
                relations.append((length, length + len(text), part))
            case Cell():
                text = f"{part.alias}.{part.column}"
        texts.append(text)
        length += len(text)
    return Statement("".join(texts), tuple(numbers), tuple(relations))
