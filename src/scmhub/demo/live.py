"""The chain goes on: the six firms act through the hub's own HTTP API, with their tokens, one event after the other.

What happens is drawn by chance from a seed, and what can happen depends on what the hub answers: a simulator knows no
more than the firm it plays, and may do no more. Two runs from one seed over equal hubs tell equal stories.
"""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from scmhub.clock import Clock
from scmhub.demo.chance import Chance

TIMEOUT_SECONDS = 30
Token = Callable[[str], str]
"""An access token for the firm with this code; asked anew for every call."""


class Unanswered(Exception):
    """The hub did not answer, or answered with something that is no answer; the text says what."""


class Refused(Exception):
    """The hub refused; the text is its reason."""


@dataclass
class Firms:
    """The API as the six firms call it."""

    url: str
    token: Token

    async def ask(self, firm: str, query: str, **variables: Any) -> Any:
        """The data of an answer. Refused, Unanswered."""
        answer = await asyncio.to_thread(self._post, self.token(firm), {"query": query, "variables": variables})
        if errors := answer.get("errors"):
            raise Refused(str(errors[0].get("message")))
        return answer["data"]

    async def act(self, firm: str, mutation: str, kind: str, given: dict[str, Any], selection: str) -> Any:
        """The record a command answers with. Refused, Unanswered."""
        body = f"{mutation}(input: $input) {{ it: {selection} userErrors {{ code message }} }}"
        payload = (await self.ask(firm, f"mutation Act($input: {kind}!) {{ {body} }}", input=given))[mutation]
        if refusals := payload["userErrors"]:
            raise Refused(f"{refusals[0]['code']}: {refusals[0]['message']}")
        return payload["it"]

    def _post(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Connection": "close"}
        try:
            connection.request("POST", f"{parts.path}/graphql", orjson.dumps(body), headers)
            found = orjson.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unanswered(str(error) or type(error).__name__) from None
        finally:
            connection.close()
        if not isinstance(found, dict) or not ("data" in found or "errors" in found):
            raise Unanswered("something else than a GraphQL answer")
        return found


@dataclass
class Stage:
    """What a scene plays with."""

    firms: Firms
    chance: Chance
    clock: Clock
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, prefix: str) -> str:
        """A document number that no earlier run has used: a run is known by the second it began."""
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}-L{self.begun:%y%m%d%H%M%S}-{self.numbers[prefix]}"

    def __post_init__(self) -> None:
        self.begun: datetime = self.clock()


Scene = Callable[[Stage], Awaitable[str | None]]
"""Something happens, in one line; None if the hub has nothing for it just now."""


async def next_event(stage: Stage, scenes: list[Scene]) -> str:
    """One scene drawn by chance; the next ones if it has nothing to play with."""
    for scene in stage.chance.shuffled(scenes):
        line = await scene(stage)
        if line is not None:
            return line
    return "Nothing happens."


async def play(
    stage: Stage, scenes: list[Scene], say: Callable[[str], None], pause: Callable[[], Awaitable[object]]
) -> None:
    """One event after the other, with a ``pause`` before each, until the task is cancelled or a pause says so.

    A refusal is news like any other; a hub that is away is waited for.
    """
    with suppress(EndOfPlay):
        while True:
            await pause()
            try:
                say(await next_event(stage, scenes))
            except Refused as refusal:
                say(f"refused: {refusal}")
            except Unanswered as error:
                say(f"no answer: {error}")


class EndOfPlay(Exception):
    """Raised by a pause after the last event."""
