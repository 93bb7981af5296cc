"""What a registration is checked against, before it is kept: document, variables, URL, place to start from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError

from scmhub.errors import RateLimited, Refusal, RequestRefused, ServiceUnavailable
from scmhub.graph.deliver.feed import Feed
from scmhub.identity.viewer import Viewer
from scmhub.outbound import Network, checked_url
from scmhub.sharing.lens import Lens
from scmhub.webhooks.signing import Sealer

VARIABLES_CHARACTERS = 16 * 1024
_KEPT_NAMES = ("partner", "integration", "credential", "person")
"""What a caller stands on beyond the life of its token."""


@dataclass
class WebhookDesk:
    """``feed`` is asked for each time: there is none while the hub does not follow its log.

    ``check_listed`` refuses a document that a caller bound to registered ones may not send.
    """

    feed: Callable[[], Feed | None]
    sealer: Sealer
    opened: tuple[Network, ...]
    check_listed: Callable[[str, Viewer], Awaitable[None]]

    def check_url(self, url: str) -> str:
        """The URL; INVALID with the reason."""
        try:
            checked_url(url, self.opened)
        except ValueError as error:
            raise Refusal("INVALID", str(error), ["input", "url"]) from None
        return url

    def check_place(self, after: str, lens: Lens) -> str:
        """A cursor of the caller; INVALID for any other text."""
        try:
            place = self._feed().place(lens, after)
        except RequestRefused as error:
            raise Refusal("INVALID", error.message, ["input", "after"]) from None
        if place.kind is not None:
            text = "This cursor stands inside a snapshot, and a webhook sends none: take one from behind its end."
            raise Refusal("INVALID", text, ["input", "after"])
        return after

    async def check_document(self, viewer: Viewer, document: str, operation: str | None, variables: str) -> str:
        """The variables as canonical JSON; INVALID with the reason if these cannot be followed."""
        given = read_variables(variables)
        try:
            await self.check_listed(document, viewer)
            _, values = await self._feed().prepare(document, operation, given, viewer.lens.partner_id)
        except RateLimited:
            raise
        except RequestRefused as error:
            where = "variables" if error.code == "BAD_USER_INPUT" else "document"
            raise Refusal("INVALID", error.message, ["input", where]) from None
        except GraphQLError as error:
            raise Refusal("INVALID", error.message[:300], ["input", "variables"]) from None
        if values.get("snapshot"):
            text = "A webhook sends changes; read the records by a query and give its place as `after`."
            raise Refusal("INVALID", text, ["input", "document"])
        if values.get("after") is not None:
            text = "The hub keeps the cursor of a webhook; give the place to start from as `after` of the input."
            raise Refusal("INVALID", text, ["input", "variables"])
        return orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()

    def _feed(self) -> Feed:
        feed = self.feed()
        if feed is None:
            raise ServiceUnavailable
        return feed


def read_variables(text: str) -> dict[str, Any]:
    """Variables given as a JSON object; INVALID otherwise."""
    if len(text) > VARIABLES_CHARACTERS:
        path = ["input", "variables"]
        raise Refusal("OUT_OF_RANGE", f"Variables have at most {VARIABLES_CHARACTERS} characters.", path)
    try:
        given = orjson.loads(text)
    except (ValueError, UnicodeEncodeError):
        given = None
    if not isinstance(given, dict):
        raise Refusal("INVALID", "Expected a JSON object, such as {}.", ["input", "variables"])
    return given


def kept_names(names: Iterable[str]) -> list[str]:
    """Of what a caller stands on, what ends its webhooks when it is barred."""
    return sorted(each for each in names if each.partition(":")[0] in _KEPT_NAMES)
