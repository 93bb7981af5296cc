"""JSON text built by PostgreSQL: ``concat`` of constants and values, never NULL, nothing left to escape."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from scmhub.database.fragment import Bind, Fragment, join, literal, sql

_MOST_ARGUMENTS = 90
"""A PostgreSQL function takes at most 100."""


class Pieces:
    """A JSON text in order: neighbouring constants merge into one."""

    def __init__(self) -> None:
        self._pieces: list[str | Fragment] = []

    def text(self, constant: str) -> Pieces:
        if self._pieces and isinstance(self._pieces[-1], str):
            self._pieces[-1] += constant
        else:
            self._pieces.append(constant)
        return self

    def value(self, fragment: Fragment) -> Pieces:
        """SQL that yields JSON text and never NULL."""
        self._pieces.append(fragment)
        return self

    def add(self, pieces: Pieces) -> Pieces:
        for piece in pieces._pieces:
            self.text(piece) if isinstance(piece, str) else self.value(piece)
        return self

    def build(self) -> Fragment:
        parts = [literal(piece) if isinstance(piece, str) else piece for piece in self._pieces]
        while len(parts) > _MOST_ARGUMENTS:
            groups = [parts[i : i + _MOST_ARGUMENTS] for i in range(0, len(parts), _MOST_ARGUMENTS)]
            parts = [sql("concat({})", join(", ", group)) for group in groups]
        return (
            parts[0] if len(parts) == 1 and isinstance(self._pieces[0], str) else sql("concat({})", join(", ", parts))
        )


def obj(members: Iterable[tuple[str, Pieces]]) -> Pieces:
    """``{"key":value,...}``; keys are GraphQL names, which need no escaping."""
    pieces = Pieces().text("{")
    for number, (key, value) in enumerate(members):
        pieces.text(f'{"," if number else ""}"{key}":').add(value)
    return pieces.text("}")


def scalar(cell: Fragment, of: Any, *, plain: bool, nullable: bool, granted: Fragment | None) -> Pieces:
    """One stored value of Python type ``of``; ``granted`` None means unmasked."""
    if not nullable and granted is None:
        return _bare(cell, of, plain)
    text = _nullable(cell, of, plain)
    shown = text if granted is None else sql("case when {} then {} end", granted, text)
    return Pieces().value(sql("coalesce({}, 'null')", shown))


def key_list(cell: Fragment, prefix: str, *, granted: Fragment | None) -> Pieces:
    """An array of keys as a list of public ids; null for NULL."""
    first, next_, last = literal(f'["{prefix}_'), literal(f'","{prefix}_'), literal('"]')
    listed = sql("concat({}, array_to_string({}, {}), {})", first, cell, next_, last)
    shown = sql("case when {} is null then 'null' when cardinality({}) = 0 then '[]' else {} end", cell, cell, listed)
    return Pieces().value(shown if granted is None else sql("case when {} then {} else 'null' end", granted, shown))


def whole_days(since: Fragment, or_since: Fragment, until: Fragment | Bind) -> Fragment:
    """Whole days from one instant, or another where it is NULL, until a third."""
    return sql("floor(extract(epoch from {} - coalesce({}, {})) / 86400)::int", until, since, or_since)


def _quoted(of: Any, plain: bool) -> bool:
    return of is date or plain or (isinstance(of, type) and issubclass(of, Enum))


def _is_enum_list(of: Any) -> bool:
    return typing.get_origin(of) is list and issubclass(typing.get_args(of)[0], Enum)


def _bare(cell: Fragment, of: Any, plain: bool) -> Pieces:
    if _quoted(of, plain):
        return Pieces().text('"').value(cell).text('"')
    if of is Decimal:
        return Pieces().text('"').value(sql("trim_scale({})", cell)).text('"')
    if of is int:
        return Pieces().value(cell)
    return Pieces().value(_nullable(cell, of, plain))


def _nullable(cell: Fragment, of: Any, plain: bool) -> Fragment:
    """The value as JSON or its text, NULL for NULL."""
    if _quoted(of, plain):
        return sql("('\"' || {} || '\"')", cell)
    if of is Decimal:
        return sql("('\"' || trim_scale({}) || '\"')", cell)
    if of is bool:
        return sql("case when {} then 'true' when not {} then 'false' end", cell, cell)
    if of is int:
        return sql("{}::text", cell)
    if of in (str, datetime, list[str]) or hasattr(of, "__supertype__") or _is_enum_list(of):
        return sql("to_json({})", cell)
    raise TypeError(f"no JSON form for {of!r}")
