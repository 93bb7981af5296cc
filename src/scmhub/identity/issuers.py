"""Conversations with partners' identity providers: a few at once for all, fewer for each firm, none in vain.

bolt's provider hangs on a Monday morning. Two of bolt's logins wait for it, eight more for their turn, the next are
told to come back; acme's people, whose provider answers, get in between. Once it was seen not to answer, bolt's people
are told so at once for half a minute, then it is tried again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from joserfc.jwk import KeySet

from scmhub.clock import Clock
from scmhub.errors import ServiceUnavailable
from scmhub.identity import oidc
from scmhub.identity.oidc import Leg, NotAnswered
from scmhub.identity.turns import Turns
from scmhub.outbound import Outbound

AT_ONCE, WAITING = 8, 64
"""Conversations with issuers at the same time, and logins that may wait for theirs: strangers can begin one."""
EACH_AT_ONCE, EACH_WAITING = 2, 8
"""Of these, for the people of one firm."""
FAILING_FOR = timedelta(seconds=30)
"""How long a provider that did not answer is not asked again."""
DISCOVERED_FOR = timedelta(minutes=5)
MOST_DISCOVERED = 1_000
"""Issuers of which it is remembered what they say of themselves."""
logger = logging.getLogger(__name__)
_K = TypeVar("_K")
_T = TypeVar("_T")


class ProviderSilent(ServiceUnavailable):
    """A provider did not answer a moment ago, and is not asked for now."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"The identity provider of this firm does not answer; try again in {seconds} seconds.")
        self.retry_after = seconds


class Issuers:
    """What the hub asks of issuers. ``found`` is a version of a partner's provider."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound = outbound
        self._clock = clock
        self._shared = Turns(AT_ONCE, WAITING)
        self._own: dict[UUID, Turns] = {}
        self._failing: dict[UUID, datetime] = {}
        self._discovered: dict[str, tuple[datetime, oidc.Issuer]] = {}

    async def discover(self, found: Mapping[str, Any], *, test: bool = False) -> oidc.Issuer:
        """What an issuer says of itself, asked at most once in five minutes, and always anew when it is tested."""
        issuer, now = found["issuer"], self._clock()
        at, known = self._discovered.get(issuer, (now, None))
        if known is None or test or now - at >= DISCOVERED_FOR:
            known = await self.asked(found, lambda: oidc.discover(self._outbound, issuer), test=test)
            _keep(self._discovered, issuer, (now, known))
        return known

    async def redeem(
        self, found: Mapping[str, Any], secret: str, redirect_uri: str, code: str, leg: Leg
    ) -> tuple[oidc.Issuer, dict[str, Any], KeySet]:
        """The issuer, its token answer for a code, and the keys to believe it by."""
        issuer = await self.discover(found, test=leg.test)

        async def ask() -> tuple[oidc.Issuer, dict[str, Any], KeySet]:
            answer = await oidc.redeem(
                self._outbound, issuer, found["client_id"], secret, redirect_uri, code, leg
            )
            return issuer, answer, await oidc.keys_of(self._outbound, issuer)

        return await self.asked(found, ask, test=leg.test)

    async def asked(self, found: Mapping[str, Any], ask: Callable[[], Awaitable[_T]], *, test: bool = False) -> _T:
        """What comes of a conversation; ServiceUnavailable while the provider is known not to answer.

        Who tests a provider is never sent away for what it did before: that is how one sees that it is mended.
        """
        provider = found["provider_id"]
        async with self._turn(found["partner_id"], None if test else provider):
            try:
                answer = await ask()
            except NotAnswered as error:
                _keep(self._failing, provider, self._clock() + FAILING_FOR)
                if test:
                    raise
                logger.warning("an identity provider does not answer: %s", error)
                raise ProviderSilent(int(FAILING_FOR.total_seconds())) from None
            self._failing.pop(provider, None)
            return answer

    def forget(self) -> None:
        """Whatever issuers said of themselves, and whether they answered."""
        self._discovered.clear()
        self._failing.clear()

    @asynccontextmanager
    async def _turn(self, partner: UUID, provider: UUID | None) -> AsyncIterator[None]:
        """The firm's turn first: whoever waits for it takes none from others. What failed meanwhile is not asked."""
        self._refuse_failing(provider)
        own = self._own.setdefault(partner, Turns(EACH_AT_ONCE, EACH_WAITING))
        try:
            async with own.take(), self._shared.take():
                self._refuse_failing(provider)
                yield
        finally:
            if own.idle:
                self._own.pop(partner, None)

    def _refuse_failing(self, provider: UUID | None) -> None:
        left = (self._failing[provider] - self._clock()).total_seconds() if provider in self._failing else 0.0
        if left > 0:
            seconds = math.ceil(left)
            raise ProviderSilent(seconds)


def _keep(kept: dict[_K, _T], key: _K, value: _T) -> None:
    """The oldest make room."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST_DISCOVERED:
        del kept[next(iter(kept))]
