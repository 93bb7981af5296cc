"""The peer: subscriptions as Strawberry's documentation writes them, a queue per subscriber, on uvicorn.

It has no database, no policy, no cursors, no log: what it is given is handed to everybody. ``FANOUT_SAMPLE`` is an item
as the hub sends it, so that both send the same fields with values of the same size.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator

import strawberry
import uvicorn
from strawberry.asgi import GraphQL

SAMPLE = json.loads(os.environ.get("FANOUT_SAMPLE", "null"))
QUEUES: defaultdict[int, set[asyncio.Queue[str]]] = defaultdict(set)
"""By the owner that is followed."""


@strawberry.type
class Partner:
    code: str
    name: str


@strawberry.type
class Item:
    id: strawberry.ID
    number: str
    description: str
    unit: str
    lifecycle: str | None
    owner: Partner


@strawberry.type
class Changed:
    id: strawberry.ID
    cursor: str
    kind: str
    action: str
    record_id: strawberry.ID
    changed_fields: list[str]
    record: Item


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def publish(self, owner: int, description: str) -> bool:
        for queue in QUEUES[owner]:
            queue.put_nowait(description)
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(self, owner: int) -> AsyncIterator[Changed]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        QUEUES[owner].add(queue)
        try:
            while True:
                yield _changed(await queue.get())
        finally:
            QUEUES[owner].discard(queue)


def change_id(number: int) -> str:
    return f"chg_{number:036}"


def _changed(description: str) -> Changed:
    record = SAMPLE["record"]
    return Changed(
        id=strawberry.ID(change_id(int(description[len("REV ") :]))),
        cursor=SAMPLE["cursor"], kind=SAMPLE["kind"], action=SAMPLE["action"], record_id=SAMPLE["recordId"],
        changed_fields=SAMPLE["changedFields"],
        record=Item(
            id=record["id"], number=record["number"], description=description, unit=record["unit"],
            lifecycle=record["lifecycle"], owner=Partner(**record["owner"]),
        ),
    )  # fmt: skip


def main() -> None:
    app = GraphQL(strawberry.Schema(Query, Mutation, Subscription))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
