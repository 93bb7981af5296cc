"""Why an administrator did something stands in the audit trail, under the hash of its row."""

from __future__ import annotations

import pytest

from scmhub.database.tables import HUB_PARTNER
from scmhub.errors import ServiceUnavailable
from scmhub.feed import audit
from scmhub.graph.declare import REGISTRY
from scmhub.graph.reason import MOST, Reasoned
from scmhub.identity.hourly import notary, warden
from scmhub.identity.keys import KeyRing
from scmhub.identity.viewer import TokenScope
from scmhub.schema import load_schema
from tests.admin.test_administration import CREATE, do, mutation, token
from tests.identity.conftest import Live, eventually


def test_every_administrative_command_takes_a_reason() -> None:
    load_schema()
    commands = [each for each in REGISTRY.commands.values() if each.requires is TokenScope.ADMIN]
    assert len(commands) > 20
    assert [each.name for each in commands if not issubclass(each.input_type, Reasoned)] == []


async def test_the_reason_is_kept_and_sealed(live: Live) -> None:
    made = await do(live, live.acme, CREATE, name="EDI", tokenScopes=["READ"], reason="New ERP in Graz.")
    assert made["userErrors"] == []
    trail = """{ auditTrail(where: {action: {eq: "integration.created"}, actor: {eq: "person:ann"}}) { nodes { reason } } }"""
    seen = (await live.graphql(token(live, live.acme), trail)).json()["data"]["auditTrail"]["nodes"]
    assert seen == [{"reason": "New ERP in Graz."}]
    rows, keys = live.hub.database.read.rows, live.hub.ring.ever
    assert (await audit.verify(rows, keys)).intact
    await live.sql("alter table audit_entry disable trigger all", "update audit_entry set reason = 'Another.' where reason is not null")
    assert (await audit.verify(rows, keys)).reason == "it was changed"


async def test_a_reason_is_a_short_clean_text(live: Live) -> None:
    for reason in ("", " x", "x" * (MOST + 1), "a\u0000b", "a\u202eb"):
        refused = await do(live, live.acme, CREATE, name="EDI", tokenScopes=["READ"], reason=reason)
        assert refused["userErrors"][0]["path"] == ["input", "reason"], reason
    assert len(await live.hub.database.read.rows("select from integration")) == 1


async def test_a_key_stands_for_one_input_the_reason_included(live: Live) -> None:
    async def invite(reason: str) -> str:
        given = {"code": "DYNA", "name": "Dyna", "reason": reason}
        body = {"query": mutation("partnerInvite", "partner { id }"), "variables": {"input": given}}
        headers = {"Authorization": f"Bearer {token(live, HUB_PARTNER)}", "Idempotency-Key": "dyna"}
        answer = (await live.http.post("/graphql", json=body, headers=headers)).json()["data"]["partnerInvite"]
        return str(next((each["code"] for each in answer["userErrors"]), "done"))

    assert [await invite("Signed."), await invite("Signed."), await invite("Other.")] == ["done", "done", "KEY_REUSED"]


async def test_a_chore_that_failed_is_tried_again(live: Live) -> None:
    """The trail is signed at the next turn when no key could be read in this one, not an hour later."""
    await live.integration(live.bolt)
    rings: list[KeyRing | None] = [None, live.hub.ring]

    def ring() -> KeyRing:
        found = rings.pop(0)
        if found is None:
            raise OSError("the keys are away")
        return found

    sign = notary(live.hub.database, ring)
    with pytest.raises(ServiceUnavailable):
        await sign(None, live.hub.clock())
    assert await sign(None, live.hub.clock())
    assert not await sign(None, live.hub.clock())


async def test_an_auditor_reads_where_the_trail_was_signed(live: Live) -> None:
    query = "{ auditCheckpoint { seq at hash signed } auditTrail(first: 1) { nodes { hash } } }"
    bearer = token(live, live.bolt)
    assert (await live.graphql(bearer, query)).json()["data"]["auditCheckpoint"] is None
    await live.integration(live.bolt)
    await notary(live.hub.database, lambda: live.hub.ring)(None, live.hub.clock())
    answer = (await live.graphql(bearer, query)).json()["data"]
    assert (answer["auditCheckpoint"]["seq"], answer["auditCheckpoint"]["hash"]) == (1, answer["auditTrail"]["nodes"][0]["hash"])
    assert answer["auditCheckpoint"]["signed"].count(".") == 2


async def test_a_secret_nobody_uses_shows_how_stale_it_is_and_ends_after_90_days(live: Live) -> None:
    query = "{ integrations { nodes { staleFor credentials { nodes { staleFor expiresAt lastUsedAt revokedAt } } } } }"

    async def seen() -> tuple[int, int, bool]:
        [found] = (await live.graphql(token(live, live.acme), query)).json()["data"]["integrations"]["nodes"]
        [credential] = found["credentials"]["nodes"]
        return found["staleFor"], credential["staleFor"], credential["revokedAt"] is not None

    bearer = str((await live.token()).json()["access_token"])
    assert await seen() == (0, 0, False)
    for table in ("integration", "credential"):
        await live.sql(f"update {table} set last_used_at = now() - interval '89 days 1 hour'")
    await warden(live.hub.database)(None, live.hub.clock())
    assert await seen() == (89, 89, False)
    await live.sql("update credential set last_used_at = null, created_at = now() - interval '90 days 1 hour'")
    assert await warden(live.hub.database)(None, live.hub.clock())
    assert await seen() == (89, 90, True)

    async def ended() -> bool:
        return (await live.graphql(bearer)).status_code == 401

    await eventually(ended)
    rows = await live.hub.database.read.rows("select actor, action from audit_entry order by seq desc limit 1")
    assert [tuple(row) for row in rows] == [("hub", "integration.credentialUnused")]
