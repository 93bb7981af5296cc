"""Logins at a partner's identity provider: the two legs of a browser, and what comes of them.

ben of acme presses a button, is sent to acme's issuer with a sealed note of this login in a cookie, and comes back with
a code. The code is redeemed, the token believed or not (``oidc``), his claims become roles, and he has a session here.
Whatever goes wrong, the browser is told only that it did not work, or that the provider does not answer; the cause is
in the log.
"""

from __future__ import annotations

import base64
import binascii
import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from sqlmodel import select

from scmhub.clock import Clock
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database, Unit
from scmhub.errors import HubError
from scmhub.feed import audit
from scmhub.identity import oidc, people, sessions
from scmhub.identity.browser import Scope, cookie_of, set_cookie, source_of
from scmhub.identity.clients import consume_once
from scmhub.identity.doors import Receive, Send
from scmhub.identity.failures import Failures
from scmhub.identity.forms import BadForm, read_query
from scmhub.identity.integrations import MOST_NAME
from scmhub.identity.issuers import Issuers, ProviderSilent
from scmhub.identity.oidc import Leg, NotBelieved
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.provider_tables import ProviderVersionTable
from scmhub.identity.providers import SECRETS, TESTS
from scmhub.identity.roles import Role
from scmhub.identity.sealing import seal, unseal
from scmhub.identity.sessions import Sessions
from scmhub.identity.standing import Standing
from scmhub.ids import new_id
from scmhub.outbound import Outbound

START, CALLBACK = "/login/start", "/login/callback"
LEG_LIFE = timedelta(minutes=10)
MOST_QUERY = 8_192
_LEG = "login-leg"
_CARD = ("name", "email")
"""Claims that are shown, and prove nothing."""
logger = logging.getLogger(__name__)

_IN_FORCE = """
select v.id from identity_provider p join partner f on f.id = p.partner_id
join identity_provider_version v on v.provider_id = p.id and v.number = p.active_number
where f.code = $1 and f.status = 'ACTIVE' and p.state = 'ACTIVE'
"""
_VERSION = """
select v.id, v.partner_id, v.provider_id, v.number, v.client_id, v.role_claim, v.mappings, v.creates_people, p.issuer,
  p.state = 'ACTIVE' and p.active_number = v.number as in_force
from identity_provider_version v join identity_provider p on p.id = v.provider_id
join partner f on f.id = v.partner_id where v.id = $1 and p.state <> 'REMOVED' and f.status = 'ACTIVE'
"""
_MAKE = """
insert into person
  (id, partner_id, name, email, roles, provider_id, provider_subject, created_at, state, version, grade)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'ACTIVE', 1, 1)
on conflict (provider_id, provider_subject) do nothing returning id
"""
_STILL = "select true from identity_provider where id = $1 and state = 'ACTIVE' and active_number = $2 for share"


class Refused(Exception):
    """The login leads nowhere; ``status`` for the browser, the text for the log."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Federation:
    """ASGI application for the two routes."""

    paths = (START, CALLBACK)

    def __init__(
        self, url: str, database: Database, own: Sessions, standing: Standing, clock: Clock, outbound: Outbound,
        failures: Failures,
    ) -> None:  # fmt: skip
        self._redirect_uri = url + CALLBACK
        self._database = database
        self._sessions = own
        self._standing = standing
        self._clock = clock
        self.issuers = Issuers(outbound, clock)
        self._failures = failures
        self._cookie = "__Host-scmhub-login" if own.site.secure else "scmhub-login"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[str, str]] = []
        source = source_of(scope)
        try:
            if wait := self._failures.wait(source, _LEG):
                headers = [("retry-after", str(math.ceil(wait)))]
                raise Refused(429, "too many failed from one place")
            if scope["method"] != "GET" or not self._sessions.site.usable:
                raise Refused(405, "a login is begun and ended by GET, over https")
            await self._standing.current()
            given = read_query(scope, MOST_QUERY)
            if scope["path"] == START:
                status, text, headers = await self._start(given)
            else:
                headers = [("set-cookie", set_cookie(self._sessions.site, self._cookie, "", seconds=0, lax=True))]
                status, text, more = await self._finish(scope, given)
                headers += more
        except (Refused, BadForm) as error:
            if error.status != 429:
                self._failures.add(source, _LEG)
            status, text = error.status, "This login did not work. Your administrator finds the cause in the hub's log."
            logger.warning("a login at an identity provider was refused: %s", error)
        except HubError as error:
            status, text = type(error).status, error.message
            if isinstance(error, ProviderSilent):
                headers = [*headers, ("retry-after", str(error.retry_after))]
        await _answer(send, status, text, headers)

    # -- there ---------------------------------------------------------------------------------------------------------

    async def _start(self, given: Mapping[str, str]) -> tuple[int, str, list[tuple[str, str]]]:
        test = "test" in given
        version = self._tested_version(given["test"]) if test else await self._version_of(given.get("firm", ""))
        found = await self._version(version)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        until = (self._clock() + LEG_LIFE).timestamp()
        leg = Leg(str(version), state, nonce, verifier, given.get("next", ""), test, until)
        try:
            issuer = await self.issuers.discover(found, test=test)
            url = oidc.authorization_url(issuer, found["client_id"], self._redirect_uri, leg)
        except (NotBelieved, ValueError) as error:
            raise Refused(400, str(error)) from None
        sealed = base64.urlsafe_b64encode(seal(self._database.secret, _LEG, orjson.dumps(asdict(leg)))).decode()
        life = int(LEG_LIFE.total_seconds())
        cookie = set_cookie(self._sessions.site, self._cookie, sealed, seconds=life, lax=True)
        return 303, "", [("location", url), ("set-cookie", cookie)]

    def _tested_version(self, sealed: str) -> UUID:
        found = self._opened(TESTS, sealed)
        if found is None or found["until"] < self._clock().timestamp():
            raise Refused(400, "the link of a test is not ours, or too old")
        return UUID(found["version"])

    async def _version_of(self, firm: str) -> UUID:
        rows = await self._database.read.rows(_IN_FORCE, firm.strip().upper().replace("\0", "\ufffd"))
        if not rows:
            raise Refused(404, "the firm has no identity provider in force")
        return rows[0]["id"]  # type: ignore[no-any-return]

    async def _version(self, version: UUID) -> Any:
        rows = await self._database.read.rows(_VERSION, version)
        if not rows:
            raise Refused(400, "the version of the provider is gone")
        return rows[0]

    def _opened(self, purpose: str, text: str) -> Any:
        try:
            sealed = base64.urlsafe_b64decode(text)
        except (ValueError, binascii.Error):
            return None
        content = unseal(self._database.secret, purpose, sealed)
        return orjson.loads(content) if content is not None else None

    # -- and back ------------------------------------------------------------------------------------------------------

    async def _finish(self, scope: Scope, given: Mapping[str, str]) -> tuple[int, str, list[tuple[str, str]]]:
        leg = await self._leg(scope, given)
        found = await self._version(UUID(leg.version))
        if not leg.test and not found["in_force"]:
            raise Refused(400, "the version of the provider is not in force any more")
        if given.get("iss", found["issuer"]) != found["issuer"]:
            raise Refused(400, "the answer is of another issuer")
        claims = await self._claims(found, leg, given)
        roles = oidc.mapped_roles(claims, found["role_claim"], found["mappings"])
        if leg.test:
            return await self._tested(found, claims, roles)
        cookie = await self._enter(found, claims, roles)
        query = urlencode({"next": leg.next or "/explore"})
        return 303, "", [
            ("location", f"/login?{query}#known"), ("set-cookie", self._sessions.set_cookie(cookie)),
        ]  # fmt: skip

    async def _leg(self, scope: Scope, given: Mapping[str, str]) -> Leg:
        """What this login began with; once."""
        kept = self._opened(_LEG, cookie_of(scope, self._cookie) or "")
        if kept is None:
            raise Refused(400, "there is no note of this login in the browser")
        leg = Leg(**kept)
        now = self._clock()
        same = secrets.compare_digest(given.get("state", "").encode(), leg.state.encode())
        if leg.until < now.timestamp() or not same:
            raise Refused(400, "the note of this login is too old, or of another login")
        if "error" in given or not given.get("code"):
            raise Refused(400, f"the issuer said {given.get('error', 'nothing')[:100]!r}")
        async with self._database.unit(HUB_PARTNER, "login", self._clock) as unit:
            if not await consume_once(unit, f"{_LEG}\0{leg.state}", now + LEG_LIFE):
                raise Refused(400, "this login has come back before")
        return leg

    async def _claims(self, found: Any, leg: Leg, given: Mapping[str, str]) -> dict[str, Any]:
        async with self._database.unit(found["partner_id"], "login", self._clock) as unit:
            sealed = await unit.fetch(
                "select sealed from identity_provider_secret where version_id = $1", found["id"]
            )
        secret = unseal(self._database.secret, SECRETS, sealed, str(found["id"]))
        if secret is None:
            raise Refused(503, "the client secret was sealed with another hub secret")
        try:
            issuer, answer, keys = await self.issuers.redeem(
                found, secret.decode(), self._redirect_uri, given["code"], leg
            )
            return oidc.believed(answer, keys, issuer, found["client_id"], leg.nonce, self._clock())
        except (NotBelieved, ValueError) as error:
            raise Refused(400, str(error)) from None

    async def _tested(
        self, found: Any, claims: Mapping[str, Any], roles: list[str]
    ) -> tuple[int, str, list[tuple[str, str]]]:
        """The version may be activated, if who tested it would be an administrator by it."""
        if Role.ADMIN not in roles:
            text = f"The login worked, but it would not make you an ADMIN: the claim '{found['role_claim']}' gave you "
            return 403, text + f"{', '.join(roles) or 'no role'}. Revise the mapping, or log in as somebody else.", []
        async with self._database.unit(found["partner_id"], "login", self._clock) as unit:
            version = await unit.session.get(ProviderVersionTable, found["id"], with_for_update=True)
            assert version is not None
            version.tested_at = unit.now
            unit.session.add(version)
            subject = audit.subject_of("identity-provider", found["provider_id"])
            await audit.record(unit, "identityProvider.tested", subject, {"version": found["number"]})
        return 200, f"The login worked; it gives you {', '.join(roles)}. The provider can be activated now.", []

    async def _enter(self, found: Any, claims: Mapping[str, Any], roles: list[str]) -> str:
        """The session of the person behind these claims, made if the provider may make people."""
        async with self._database.unit(found["partner_id"], "login", self._clock) as unit:
            if not await unit.fetch(_STILL, found["provider_id"], found["number"]):
                raise Refused(400, "the provider went out of force during this login")
            person = await _person(unit, found, claims["sub"])
            if person is None and roles and found["creates_people"]:
                await _make(unit, found, claims, roles)
                person = await _person(unit, found, claims["sub"])
            if person is not None and roles != sorted(person.roles):
                await people.regrade(unit, person, roles or sorted(person.roles))
            if person is None or not roles or person.state != "ACTIVE":
                subject = audit.subject_of("person", person.id) if person else "person:unknown"
                await audit.record(unit, "login.refused", subject, {"provider": str(found["provider_id"])})
                refused = True
            else:
                at = datetime.fromtimestamp(claims["auth_time"], UTC)
                cookie = await sessions.begin(unit, person, "PROVIDER", min(at, unit.now))
                refused = False
        if refused:
            raise Refused(403, "nothing gives this person a role here, or it is deactivated")
        return cookie


async def _person(unit: Unit, found: Any, subject: str) -> PersonTable | None:
    rows = await unit.session.exec(
        select(PersonTable)
        .where(PersonTable.provider_id == found["provider_id"], PersonTable.provider_subject == subject)
        .with_for_update()
    )
    return rows.first()


async def _make(unit: Unit, found: Any, claims: Mapping[str, Any], roles: list[str]) -> None:
    """The person of a first login; nothing if another login of theirs made it a moment before."""
    name, email = (each if isinstance(each, str) and each.isprintable() else "" for each in map(claims.get, _CARD))
    made = await unit.fetch(
        _MAKE, new_id(unit.now), found["partner_id"], name[:MOST_NAME] or claims["sub"], email[:MOST_NAME] or None,
        roles, found["provider_id"], claims["sub"], unit.now,
    )  # fmt: skip
    if made:
        details = {"provider": str(found["provider_id"]), "roles": roles}
        await audit.record(unit, "person.created", audit.subject_of("person", made), details)


async def _answer(send: Send, status: int, text: str, headers: list[tuple[str, str]]) -> None:
    body = f"{text}\n".encode()
    fixed = [
        ("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))),
        ("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"),
    ]  # fmt: skip
    shown = [(name.encode(), value.encode("latin-1")) for name, value in [*fixed, *headers]]
    await send({"type": "http.response.start", "status": status, "headers": shown})
    await send({"type": "http.response.body", "body": body})
