"""Who may preview, as whom, what of; and that it is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest

from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.identity.viewer import STEP_UP, Permission, Viewer

from ..support.chain import Chain
from ..support.hub import EPOCH, viewer_of

ORDERS = (
    'query @previewAs(partner: "BOLT") { orders { totalCount nodes { buyerNumber buyer { code } seller { code } } } }'
)


def steward(chain: Chain, firm: str = "acme") -> Viewer:
    rights = frozenset({Permission.READ, Permission.RULES})
    return replace(
        viewer_of(chain.firms[firm]), subject="person:ann", authenticated_at=EPOCH, permissions=rights
    )  # fmt: skip


async def look(chain: Chain, document: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
    try:
        found = await chain.bench.hub.execute(GraphQLRequest(document, variables), viewer or steward(chain))
        return {"data": orjson.loads(found.body)["data"]}
    except Exception as error:
        told: dict[str, Any] = orjson.loads(answer_for(error, "r").body)["errors"][0]
        return {name: told["extensions"].get(name) for name in ("code", "reason", "inputPath")}


async def trail(chain: Chain) -> list[Any]:
    return await chain.bench.superuser.fetch("select partner_id, actor, action, subject, details from audit_entry")


async def test_a_steward_sees_what_a_partner_sees_of_its_records_and_it_is_written_down(chain: Chain) -> None:
    found = (await look(chain, ORDERS))["data"]["orders"]
    assert found["totalCount"] == 4
    assert found["nodes"][0] == {"buyerNumber": "PO3", "buyer": {"code": "ACME"}, "seller": {"code": "BOLT"}}
    assert (await look(chain, ORDERS.replace("BOLT", "DYNA")))["data"]["orders"] == {"totalCount": 0, "nodes": []}
    first, second = await trail(chain)
    assert first["partner_id"] == chain.firms["acme"]
    assert (first["actor"], first["action"]) == ("person:ann", "preview")
    assert first["subject"] == f"partner:{chain.firms['bolt']}"
    assert orjson.loads(first["details"]) == {"document": sha256(ORDERS.encode()).hexdigest()}
    assert second["subject"] == f"partner:{chain.firms['dyna']}"


async def test_a_rule_shows_at_once_and_only_what_it_opens(chain: Chain) -> None:
    asked = "query($as: String!) @previewAs(partner: $as) { orderLines(first: 1) { nodes { unitPrice { amount } withheld } } }"
    await chain.active(grantee={"code": "DYNA"}, fieldGroups=["promises"])
    [line] = (await look(chain, asked, **{"as": "DYNA"}))["data"]["orderLines"]["nodes"]
    assert line["unitPrice"] is None
    assert "price" in line["withheld"]


async def test_the_other_side_of_a_shared_order_previews_nothing_of_it(chain: Chain) -> None:
    asked = ORDERS.replace("BOLT", "ACME")
    assert (await look(chain, asked, steward(chain, "bolt")))["data"]["orders"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"subject": "integration:erp", "authenticated_at": None}, "FORBIDDEN", None),
        ({"subject": "cli:admin", "authenticated_at": None}, "FORBIDDEN", None),
        ({"permissions": frozenset({Permission.READ, Permission.WRITE, Permission.AUDIT})}, "FORBIDDEN", None),
        ({"authenticated_at": EPOCH - STEP_UP - timedelta(microseconds=1)}, "FORBIDDEN", "STEP_UP_REQUIRED"),
        ({"authenticated_at": None}, "FORBIDDEN", "STEP_UP_REQUIRED"),
        ({"permissions": frozenset({Permission.RULES})}, "FORBIDDEN", None),
    ],
)
async def test_whoever_may_not_preview_is_told_so(
    chain: Chain, changes: dict[str, Any], code: str, reason: str
) -> None:
    found = await look(chain, ORDERS, replace(steward(chain), **changes))
    assert found == {"code": code, "reason": reason, "inputPath": None}
    assert await trail(chain) == []


@pytest.mark.parametrize("code", ["FUJI", "NOBODY", "bolt", "", "A\0B"])
async def test_a_partner_that_is_hidden_or_absent_is_one_answer(chain: Chain, code: str) -> None:
    asked = "query($as: String!) @previewAs(partner: $as) { orders { totalCount } }"
    found = await look(chain, asked, **{"as": code})
    assert found == {"code": "BAD_USER_INPUT", "reason": "NOT_FOUND", "inputPath": ["partner"]}
    assert await trail(chain) == []


async def test_a_partner_kept_apart_is_as_if_absent(chain: Chain) -> None:
    """dyna keeps acme apart: for acme there is no dyna to look as; and bolt, kept apart from cargo, is still there."""
    for one, other in (("dyna", "acme"), ("cargo", "bolt")):
        await chain.bench.superuser.execute(
            "insert into block_pair (id, owner_id, one_id, other_id, own_records_only, state, reason, set_at, version)"
            " values (gen_random_uuid(), $1, $1, $2, false, 'ACTIVE', 'x', now(), 1)",
            chain.firms[one], chain.firms[other],
        )  # fmt: skip
    asked = "query($as: String!) @previewAs(partner: $as) { orders { totalCount } }"
    assert (await look(chain, asked, **{"as": "DYNA"}))["reason"] == "NOT_FOUND"
    assert (await look(chain, asked, **{"as": "BOLT"}))["data"]["orders"]["totalCount"] == 4


@pytest.mark.parametrize(
    "field",
    [
        "viewer { code }",
        "changes { nodes { cursor } }",
        'whoCanSee(id: "x") { basis }',
        'explainVisibility(id: "x") { basis }',
        "me { subject }",
    ],
)
async def test_what_is_not_read_under_policy_alone_is_not_previewed(chain: Chain, field: str) -> None:
    found = await look(chain, f'query @previewAs(partner: "BOLT") {{ orders {{ totalCount }} {field} }}')
    name = field.partition(" ")[0].partition("(")[0]
    assert found == {"code": "BAD_USER_INPUT", "reason": "NOT_PREVIEWED", "inputPath": [name]}
    assert await trail(chain) == []


async def test_introspection_goes_on_working(chain: Chain) -> None:
    asked = 'query @previewAs(partner: "BOLT") { __typename __schema { queryType { name } } orders { totalCount } }'
    found = (await look(chain, asked))["data"]
    assert found == {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}, "orders": {"totalCount": 4}}


@pytest.mark.parametrize(
    "document",
    [
        'mutation @previewAs(partner: "BOLT") { __typename }',
        'subscription @previewAs(partner: "BOLT") { changes { cursor } }',
        '{ orders @previewAs(partner: "BOLT") { totalCount } }',
        "query @previewAs { orders { totalCount } }",
    ],
)
async def test_only_a_query_can_be_marked(chain: Chain, document: str) -> None:
    assert (await look(chain, document))["code"] == "GRAPHQL_VALIDATION_FAILED"
