"""The watch over all logs can fail: of each sort of secret one is written somewhere, and found.

That nothing is found otherwise is asked of every test of the run, see ``tests/support/wary.py``.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from scmhub.database.address import Address
from scmhub.database.home import Home
from scmhub.graph.transport.log import RequestLog, redacted
from scmhub.identity.roles import Role
from scmhub.settings import Settings
from scmhub.webhooks.signing import Sealer, new_secret
from tests.identity.conftest import Live
from tests.identity.people import login, person
from tests.identity.test_accounts import PASSWORD, accepted
from tests.identity.test_accounts import entered as with_password
from tests.identity.test_federation import BEN, Issuer, entered, federated, hub, issuers
from tests.identity.test_real_clients import key_for, portal_with_ann
from tests.support.wary import Wary

__all__ = ["hub", "issuers"]
SORTS = [
    "authorization code", "client secret at a provider", "code of a provider", "id_token of a provider", "password",
    "private key", "random text", "webhook secret",
]  # fmt: skip


@pytest.fixture
def own(wary: Wary) -> Iterator[Wary]:
    """A watch of this test's own, so that what is found here fails nothing else."""
    made = Wary()
    with made.listening():
        yield made
    wary.written.clear()


@pytest.fixture
async def busy(own: Wary, hub: Live, issuers: tuple[Issuer, Issuer]) -> Live:
    """A hub at which somebody came by every door."""
    await accepted(hub)
    assert (await with_password(hub, "a wrong password"))[1].status_code == 401
    hub.client_id, hub.secret = (await hub.integration(hub.acme))[1:]
    await hub.token()
    await key_for(hub)
    portal = await portal_with_ann(hub)
    await portal.redeem(await portal.code())
    await federated(hub, issuers[0], hub.bolt)
    await issuers[0].be(hub.http, BEN)
    assert (await entered(hub, "BOLT"))[1].status_code == 303
    await login(hub, await person(hub, hub.acme, Role.ADMIN))
    secret = new_secret()
    Sealer(hub.hub.database.secret).seal(secret, hub.acme)
    return hub


async def test_each_sort_of_secret_is_known_and_found_where_it_is_written(busy: Live, own: Wary) -> None:
    assert own.written == [], "what was done until here is in no log"
    born = {what: secret for secret, what in own.secrets.items()}
    born |= {what: secret for secret, what in own._odd.items()}
    assert PASSWORD in own._odd and {*SORTS} <= {*born}
    for what in SORTS:
        for line in (f"it was {born[what]}", f"GET /login/callback?code={born[what]}&state=x", f'{{"a":"{born[what]}"}}'):
            own.written.clear()
            logging.getLogger("scmhub.some.room").debug("%s", line)
            seen = {each.partition(" in ")[0] for each in own.written}
            assert what in seen or "[redacted]" in redacted(line), (what, line)


async def test_it_is_found_in_every_log_there_is(own: Wary, settings: Settings, admin: Address) -> None:
    secret = own.learn("a secret", "it-was-the-nightingale-and-not-the-lark")
    stream = io.StringIO()
    RequestLog(stream).write(request_id="r", method="GET", path=f"/login/callback?code={secret}", status=200, seconds=0.0)
    assert own.written == ["a secret in request log"]
    own.written.clear()
    try:
        raise ValueError(f"cannot use {secret}")
    except ValueError:
        logging.getLogger("sqlalchemy.engine").exception("failed")
    assert own.written == ["a secret in logger sqlalchemy.engine"]


async def test_without_the_hush_of_libraries_their_secrets_are_found(hub: Live, own: Wary) -> None:
    portal = await portal_with_ann(hub)
    code = await portal.code()
    logger = logging.getLogger("authlib")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        await portal.redeem(code)
    finally:
        logger.setLevel(before)
    assert any("authlib" in each for each in own.written)


async def test_without_the_hush_of_servers_their_addresses_are_found(hub: Live, own: Wary) -> None:
    """uvicorn's own access log would write codes; the hub's request log writes no query."""
    code = own.learn("a code", "it-was-the-nightingale-and-not-the-lark")
    logger, handler = logging.getLogger("uvicorn.access"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        for disabled, seen in ((True, False), (False, True)):
            logger.disabled = disabled
            async with httpx2.AsyncClient(base_url=hub.url) as other:
                assert (await other.get(f"/login/callback?code={code}&state=y")).status_code == 400
            assert bool(own.written) is seen
    finally:
        logger.disabled = True
        logger.removeHandler(handler)


async def test_the_log_of_postgresql_holds_no_value_of_a_statement_or_row(
    own: Wary, settings: Settings, admin: Address
) -> None:
    """Of the statement that fails, of the row that a constraint refuses; and if the server is set otherwise, it is found."""
    connection = await admin.connect()
    log = Home(settings.home).log
    try:
        await connection.execute("create table kept (secret text unique check (length(secret) < 60))")
        for setting, seen in (("terse", False), ("default", True)):
            secret = own.learn("a secret", f"it-was-the-{setting}-nightingale-and-not-the-lark")
            await connection.execute(f"set log_error_verbosity = '{setting}'")
            for value in (secret, secret, secret * 2):
                await refused(connection, value)
            own.written.clear()
            own.read_file("PostgreSQL", log)
            assert bool(own.written) is seen
    finally:
        await connection.close()


async def refused(connection: object, value: str) -> None:
    import asyncpg  # type: ignore[import-untyped]

    try:
        await connection.execute("insert into kept values ($1)", value)  # type: ignore[attr-defined]
    except asyncpg.IntegrityConstraintViolationError:
        return


def test_a_token_is_found_in_whatever_a_process_wrote(tmp_path: Path) -> None:
    wary = Wary()
    path = tmp_path / "log"
    path.write_text("fine\nit was eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl\n")
    wary.read_file("a process", path)
    assert wary.written == ["token in a process"]
