"""Page cursors: base64url of (version, what is ordered how, id, sort value). A position, never a permission."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.database.fragment import Fragment, literal, sql
from scmhub.errors import BadUserInput
from scmhub.graph.scalars import parse_date
from scmhub.quantity import parse_decimal


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**31) <= value < 2**31:
        raise ValueError
    return value


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None or not 1970 <= value.astimezone(UTC).year <= 2200:
        raise ValueError
    return value


_READ: dict[type, Callable[[str], Any]] = {
    str: str,
    int: _integer,
    Decimal: parse_decimal,
    date: parse_date,
    datetime: _instant,
}
"""How a sort value is read back; a forged one must fail here, never in the database."""


def cursor_sql(tag: str, key: Fragment, sort: Fragment | None) -> Fragment:
    """The cursor of a row, built where the row is."""
    text = (
        sql("concat({}, {}, '|', {})", literal(f"1|{tag}|"), key, sort)
        if sort
        else sql("concat({}, {}, '|')", literal(f"1|{tag}|"), key)
    )
    encoded = sql("replace(encode(convert_to({}, 'UTF8'), 'base64'), E'\\n', '')", text)
    return sql("rtrim(translate({}, '+/', '-_'), '=')", encoded)


def read_cursor(text: object, tag: str, sort_type: type | None, argument: str) -> tuple[UUID, Any]:
    """Id and sort value of a cursor of exactly this connection and order; BAD_USER_INPUT for any other text."""
    try:
        if not isinstance(text, str) or len(text) > 1000:
            raise ValueError
        raw = base64.b64decode(
            text.encode("ascii").translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text) % 4), validate=True
        )
        version, given_tag, key, sort = raw.decode().split("|", 3)
        if version != "1" or given_tag != tag or bool(sort) != bool(sort_type) or "\0" in sort:
            raise ValueError
        return UUID(key), _READ[sort_type](sort) if sort_type else None
    except (ValueError, binascii.Error, ArithmeticError):
        raise BadUserInput(
            f"'{argument}' is not a cursor of this connection in this order; start again without it.",
            reason="BAD_CURSOR",
            input_path=[argument],
        ) from None
