"""What a caller gives to a command: taken as it is, or refused with the path to it; nothing is rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel
from strawberry import Some
from strawberry.types import has_object_definition
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional
from strawberry.utils.str_converters import to_camel_case

from scmhub.database.unit import Unit
from scmhub.errors import BadUserInput, Refusal
from scmhub.graph.scalars import clean_text
from scmhub.quantity import LARGEST, SCALE, scale_of

KEY, NAME, NOTE = 80, 200, 4_000
"""Most characters of a key, a name, a note."""
_T = TypeVar("_T")


def text(value: str, most: int, path: list[str], *, lines: bool = False) -> str:
    """Clean text. REQUIRED if empty, INVALID for spaces around it, control characters, or too long."""
    try:
        cleaned = clean_text(value, most, lines=lines)
    except ValueError as error:
        raise Refusal("INVALID", f"{str(error).capitalize()}.", path) from None
    if not cleaned:
        raise Refusal("REQUIRED", "The text is empty.", path)
    if cleaned != cleaned.strip():
        raise Refusal("INVALID", "The text begins or ends with a space.", path)
    return cleaned


def refuse_null(value: Any, wanted: Any, path: list[str | int]) -> None:
    """BadUserInput if null is said for a field that may be left out, but has no null (``Maybe[T]``)."""
    while isinstance(wanted, StrawberryMaybe | StrawberryOptional):
        if value is None and isinstance(wanted, StrawberryMaybe) and not isinstance(wanted.of_type, StrawberryOptional):
            text = f"'{path[-1]}' cannot be null: leave it out to keep what is stored."
            raise BadUserInput(text, reason="BAD_VALUE", input_path=path)
        wanted = wanted.of_type
    if isinstance(wanted, StrawberryList):
        for number, each in enumerate(value or ()):
            refuse_null(each, wanted.of_type, [*path, number])
    elif isinstance(value, dict) and has_object_definition(wanted):
        for field in wanted.__strawberry_definition__.fields:
            name = field.graphql_name or to_camel_case(field.python_name)
            if name in value:
                refuse_null(value[name], field.type, [*path, name])


def some_text(value: str | None, most: int, path: list[str], *, lines: bool = False) -> str | None:
    """The same for text that may be absent."""
    return None if value is None else text(value, most, path, lines=lines)


def known(value: str, check: Callable[[str], str], path: list[str]) -> str:
    """What ``check`` makes of a code or identifier; INVALID if it raises ValueError."""
    try:
        return check(value)
    except ValueError as error:
        message = str(error)
        raise Refusal("INVALID", f"{message[0].upper()}{message[1:]}.", path) from None


def some_known(value: str | None, check: Callable[[str], str], path: list[str]) -> str | None:
    """The same for a code that may be absent."""
    return None if value is None else known(value, check, path)


def positive(value: Decimal, path: list[str]) -> Decimal:
    """An amount above zero of at most 6 decimal places; OUT_OF_RANGE or INVALID."""
    if value <= 0:
        raise Refusal("OUT_OF_RANGE", "It must be greater than zero.", path)
    return not_negative(value, path)


def not_negative(value: Decimal, path: list[str]) -> Decimal:
    """An amount of zero or more of at most 6 decimal places; OUT_OF_RANGE or INVALID."""
    if value < 0:
        raise Refusal("OUT_OF_RANGE", "It must not be negative.", path)
    if value >= LARGEST:
        raise Refusal("OUT_OF_RANGE", "It must have at most 15 digits before the point.", path)
    if scale_of(value) > SCALE:
        raise Refusal("INVALID", f"It must have at most {SCALE} decimal places; nothing is rounded.", path)
    return value


def count(found: int, most: int, what: str, path: list[str]) -> None:
    """REQUIRED for an empty list, OUT_OF_RANGE for one longer than ``most``."""
    if found == 0:
        raise Refusal("REQUIRED", f"There must be at least one {what}.", path)
    if found > most:
        raise Refusal("OUT_OF_RANGE", f"There may be at most {most} of these: {what}.", path)


def kept(maybe: Some[Any] | None, current: _T, check: Callable[[Any], _T] | None = None) -> _T:
    """The new value of a field of a partial update: absent keeps the current one, null clears it."""
    if maybe is None:
        return current
    value: _T = maybe.value if check is None else check(maybe.value)
    return value


@contextmanager
def about(record: UUID) -> Iterator[None]:
    """Refusals raised inside speak of this record: the payload shows it as it stands now."""
    try:
        yield
    except Refusal as refusal:
        refusal.record = refusal.record or record
        raise


async def add_unique(unit: Unit, record: SQLModel, taken: Refusal) -> None:
    """Insert a record now; ``taken`` if another has its key, however late that other came in."""
    unit.session.add(record)
    try:
        await unit.session.flush()
    except IntegrityError as error:
        if "UniqueViolation" not in repr(error.orig):
            raise
        raise taken from None
