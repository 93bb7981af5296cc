"""Who is told what: by today's rules, at the moment of delivery, in the viewer's own selection."""

from __future__ import annotations

from typing import Any

from feed_chain import Chain, Screen


def of(screen: Screen, kind: str) -> list[dict[str, Any]]:
    return [each for each in screen.items if each.get("kind") == kind]


async def test_parties_get_the_change_and_a_stranger_nothing(chain: Chain) -> None:
    acme, bolt, cargo = [await chain.follow(firm) for firm in ("acme", "bolt", "cargo")]
    order = await chain.firms.placed()
    await chain.step()
    [mine], [theirs] = of(acme, "ORDER"), of(bolt, "ORDER")
    assert (mine["action"], mine["recordId"], mine["record"]["buyerNumber"]) == ("PLACED", order.id, "PO-1")
    assert mine["actor"] == "integration:acme"
    assert theirs["actor"] is None
    own = ("cursor", "actor")
    assert {k: v for k, v in theirs.items() if k not in own} == {k: v for k, v in mine.items() if k not in own}
    assert theirs["cursor"] != mine["cursor"]
    assert cargo.items == []


async def test_a_grantee_sees_its_fields_and_hears_of_no_others(chain: Chain) -> None:
    order = await chain.firms.placed()
    await chain.share("east")
    east, acme = await chain.follow("east"), await chain.follow("acme")
    await order.confirm()
    await chain.step()
    [seen] = of(east, "ORDER")
    assert seen["record"] == {
        "id": order.id,
        "status": "CONFIRMED",
        "buyerNumber": None,
        "withheld": seen["record"]["withheld"],
    }
    assert "numbers" in seen["record"]["withheld"]
    assert seen["changedFields"] == ["status"]
    assert of(acme, "ORDER")[0]["changedFields"] == ["status", "version"]
    # What changed is hidden from east altogether: for it nothing has happened.
    await chain.tell("ORDER", order.key, changed=["buyerNumber", "version"])
    assert len(of(east, "ORDER")) == 1
    assert of(acme, "ORDER")[1]["changedFields"] == ["buyerNumber", "version"]


async def test_a_rule_cut_before_delivery_cuts_the_delivery(chain: Chain) -> None:
    order = await chain.firms.placed()
    rule = await chain.share("east")
    east = await chain.follow("east")
    await order.confirm()  # the event is in the outbox ...
    await chain.revoke(rule)  # ... and the rule goes before anybody is told
    await chain.step()
    assert east.names() == ["AccessChanged", "NoLongerVisible", "NoLongerVisible"]
    assert east.items[0]["direction"] == "NARROWED"
    assert set(east.items[0]["kinds"]) >= {"ORDER", "ORDER_LINE"}


async def test_access_is_announced_to_those_concerned_only(chain: Chain) -> None:
    screens = {firm: await chain.follow(firm) for firm in ("acme", "bolt", "cargo", "dyna", "east")}
    await chain.share("east")
    await chain.step()
    told = {firm: [n for n in screen.names() if n in ("AccessChanged", "Reset")] for firm, screen in screens.items()}
    assert told == {"acme": [], "bolt": [], "cargo": [], "dyna": [], "east": ["AccessChanged", "Reset"]}
    assert screens["east"].items[0]["direction"] == "WIDENED"


async def test_who_saw_a_record_under_its_old_keys_learns_that_it_left(chain: Chain) -> None:
    order = await chain.firms.placed()
    await chain.step()
    screens = {firm: await chain.follow(firm) for firm in ("acme", "bolt", "cargo", "dyna")}
    await chain.superuser("update purchase_order set seller_id = $1 where id = $2", chain.firms.ids["dyna"], order.key)
    await chain.superuser(
        "update order_line set seller_id = $1 where order_id = $2", chain.firms.ids["dyna"], order.key
    )
    await chain.tell(
        "ORDER", order.key, changed=["seller"], parties=["dyna"], was={"seller_id": chain.firms.ids["bolt"]}
    )
    assert screens["acme"].names() == ["Changed"]
    assert screens["dyna"].names() == ["Changed"]
    assert screens["bolt"].names() == ["NoLongerVisible"]
    assert screens["bolt"].items[0]["recordId"] == order.id
    assert screens["cargo"].names() == []


async def test_events_for_the_hub_reach_no_partner(chain: Chain) -> None:
    acme = await chain.follow("acme")
    await chain.tell("ORDER", chain.firms.ids["acme"], changed=["subject"], audience="HUB")
    assert acme.items == []


async def test_one_statement_judges_everybody_who_follows(chain: Chain) -> None:
    screens = [await chain.follow(firm) for firm in ("acme", "bolt", "acme", "bolt", "cargo")]
    assert len(chain.feed.groups) == 1
    order = await chain.firms.placed()
    await chain.step()
    before = chain.feed.judge.statements
    await chain.tell("ORDER", order.key, changed=["status"], parties=["bolt"])
    assert chain.feed.judge.statements == before + 1
    assert screens[0].raw == screens[2].raw, "equal eyes get equal bytes"
    assert screens[1].raw == screens[3].raw
    assert screens[0].raw != screens[1].raw


async def test_the_record_of_an_item_is_what_a_query_answers(chain: Chain) -> None:
    selection = """id ... on Order { status total { amount currencyCode } buyer { code } seller { code } withheld
        lines(first: $n) { totalCount nodes { lineNo unitPrice { amount } item { number } } } }"""
    document = f"subscription ($n: Int) {{ changes {{ cursor ... on Changed {{ kind record {{ {selection} }} }} }} }}"
    query = f"query ($id: ID!, $n: Int) {{ node(id: $id) {{ {selection} }} }}"
    await chain.share("east", groups=["price"])
    order = await chain.firms.placed(lines=[chain.firms.line(), chain.firms.line()])
    await chain.step()
    screens = {firm: await chain.follow(firm, document, n=1) for firm in ("acme", "bolt", "east")}
    await chain.tell("ORDER", order.key, changed=["status"], parties=["bolt"])
    for firm, screen in screens.items():
        asked = await chain.ask(firm, query, id=order.id, n=1)
        assert [each["record"] for each in of(screen, "ORDER")] == [asked["node"]], firm


async def test_the_filter_looks_at_the_envelope_only(chain: Chain) -> None:
    first = await chain.firms.placed(buyer_number="A")
    kinds = await chain.follow("acme", where={"kinds": ["ORDER"], "actions": ["CONFIRMED"]})
    ids = await chain.follow("acme", where={"recordIds": [first.id, "ord_nonsense", "x"]})
    hidden = await chain.follow("cargo", where={"recordIds": [first.id]})
    missing = await chain.follow("cargo", where={"recordIds": ["ord_00000000-0000-7000-8000-000000000000"]})
    owners = await chain.follow("bolt", where={"owners": [chain.firms.partner("bolt")], "kinds": ["ORDER"]})
    second = await chain.firms.placed(buyer_number="B")
    await first.confirm()
    await second.confirm()
    await chain.step()
    assert [each["recordId"] for each in kinds.items] == [first.id, second.id]
    assert {each["recordId"] for each in ids.items} == {first.id}
    assert hidden.items == missing.items == owners.items == []
