"""Arrays of keys become lists of ids: null, empty, one, several, and hidden."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from scmhub.database.fragment import Bind, Fragment, assemble, sql
from scmhub.graph.json import key_list

from ..support.chain import Chain

ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.mark.parametrize(
    ("keys", "granted", "shown"),
    [
        (None, None, None),
        ([], None, []),
        ([ONE], None, [f"itm_{ONE}"]),
        ([TWO, ONE], None, [f"itm_{TWO}", f"itm_{ONE}"]),
        ([ONE], sql("true"), [f"itm_{ONE}"]),
        ([ONE], sql("null::bool"), None),
    ],
)
async def test_keys_are_shown_as_ids_in_order(
    chain: Chain, keys: list[uuid.UUID] | None, granted: Fragment | None, shown: Any
) -> None:
    cell = Fragment((Bind(("keys",), "uuid[]", lambda given: given),))
    statement = assemble(sql("select {}", key_list(cell, "itm", granted=granted).build()))
    assert orjson.loads(await chain.bench.superuser.fetchval(statement.text, keys)) == shown
