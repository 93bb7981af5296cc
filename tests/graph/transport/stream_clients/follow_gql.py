"""Follows the change feed with gql, Python's GraphQL client, and prints each item as a line of JSON.

argv: "ws", URL, path of a file that holds the current token, perhaps a cursor to begin with.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from gql import Client, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed, TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed

DOCUMENT = """subscription ($after: String) { changes(after: $after) {
  __typename cursor ... on Changed { id kind recordId action record { id ... on Order { buyerNumber } } } } }"""


def say(line: Any) -> None:
    print(json.dumps(line), flush=True)


async def follow(url: str, token: Path, after: str | None) -> None:
    request = gql(DOCUMENT)
    while True:
        request.variable_values = {"after": after}
        transport = WebsocketsTransport(
            url=url, subprotocols=["graphql-transport-ws"],
            init_payload={"Authorization": f"Bearer {token.read_text().strip()}"},
        )  # fmt: skip
        try:
            async with Client(transport=transport) as session:
                async for result in session.subscribe(request, get_execution_result=True):
                    after = result.extensions["cursor"]
                    say(result.data["changes"])
        except (TransportConnectionFailed, TransportClosed, ConnectionClosed, OSError) as error:
            closed = error.__cause__ if isinstance(error, TransportConnectionFailed) else error
            say({"closed": closed.rcvd.code if isinstance(closed, ConnectionClosed) and closed.rcvd else None})
        except TransportQueryError as error:
            say({"error": str(error)})
            sys.exit(1)
        await asyncio.sleep(0.02)


asyncio.run(follow(sys.argv[2], Path(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None))
