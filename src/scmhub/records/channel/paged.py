"""Reading all of a list as the viewer, page after page, up to a bound."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from scmhub.errors import BadUserInput

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Runs a document of the hub's own as the viewer; its data."""
PAGE = 250


async def every(
    ask: Ask, document: str, given: dict[str, Any], most: int, narrow: Sequence[str]
) -> list[dict[str, Any]]:
    """The nodes of the connection ``page`` of a document that takes ``$after``.

    A figure over a part of the rows would be wrong without looking so: beyond ``most`` rows the caller is told which
    arguments narrow the question.
    """
    found: list[dict[str, Any]] = []
    after = None
    while len(found) < most:
        page = (await ask(document, {**given, "after": after}))["page"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
    raise BadUserInput(
        f"These are more than {most} records; ask for less with {' or '.join(map(repr, narrow))}.", reason="TOO_MANY",
        input_path=[narrow[0]],
    )  # fmt: skip
