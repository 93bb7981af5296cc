"""Items that partners number differently, in one channel."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import NOW, Firms
from .asking import EXAMPLE, ask, done, points, the_example, values


async def test_what_both_call_the_same_is_joined(firms: Firms) -> None:
    """bolt calls acme's casting "casting" too: its own stock and output count once both say so."""
    await the_example(firms)
    await done(
        firms, "bolt", "productionPlanPublish", "productionPlan { id }", item=firms.ids["bolt-casting"],
        site=firms.ids["bolt-plant"], bucket="DAY", unit="C62", points=points("7"),
    )  # fmt: skip
    await firms.grant("bolt", "acme", "PRODUCTION", "quantity")
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    alone = await ask(firms, "acme")
    assert (alone["items"], len(alone["sites"])) == ([firms.ids["acme-casting"]], 1)
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    alias = await done(
        firms, "bolt", "itemAliasClaim", "itemAlias { id version }", item=firms.ids["acme-casting"], number="casting"
    )
    assert await ask(firms, "acme") == alone  # a claim holds for its claimer only
    both = [firms.ids["acme-casting"], firms.ids["bolt-casting"]]
    for item, items in ((both[0], both), (both[1], both[::-1])):
        found = await ask(firms, "bolt", item=item)
        assert found["items"] == items
        plants = {each["partner"]: each for each in found["sites"]}
        assert values(plants[firms.ids["bolt"]], "production")[0] == "7"
        assert values(plants[firms.ids["acme"]], "demand") == list(EXAMPLE)
    given = {"alias": alias["id"], "expectedVersion": alias["version"]}
    await done(firms, "acme", "itemAliasConfirm", "itemAlias { id }", **given)
    found = await ask(firms, "acme")
    assert (found["items"], len(found["sites"])) == (both, 2)
    assert await ask(firms, "cargo") is None


async def test_rows_of_other_names_are_read_beside_and_none_twice(firms: Firms) -> None:
    await the_example(firms)
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    given = {"item": firms.ids["acme-casting"], "number": "casting"}
    await done(firms, "bolt", "itemAliasClaim", "itemAlias { id }", **given)
    sent: list[list[Any]] = []
    fetch = firms.hub.database.read.fetch

    async def recorded(text: str, *parameters: Any) -> Any:
        sent.append([each for one in parameters for each in (one if isinstance(one, list) else [one])])
        return await fetch(text, *parameters)

    firms.hub.database.read.fetch = recorded  # type: ignore[method-assign]
    assert len((await ask(firms, "bolt"))["items"]) == 2
    ours = [firms.keys["acme-casting"] in each for each in sent]
    theirs = [firms.keys["bolt-casting"] in each for each in sent]
    assert (ours, theirs) == ([True, False, False, False], [False, False, False, True])
    sent.clear()
    assert len((await ask(firms, "acme"))["items"]) == 1
    assert len(sent) == 1  # of an item of one's own that nobody else names, nothing more is read


async def named(firms: Firms, item: str, partner: str, number: str, by: str, *, confirmed: bool = True) -> None:
    """What a partner calls an item, as somebody claims."""
    await firms._add(
        f"{item}-{partner}-{number}", "als", "item_alias", owner_id=firms.keys[item.split("-")[0]],
        item_id=firms.keys[item], partner_id=firms.keys[partner], number=number, claimed_by=firms.keys[by],
        confirmed_at=NOW if confirmed else None,
    )  # fmt: skip


async def found(firms: Firms, firm: str, item: str) -> list[str]:
    names = {firms.ids[each]: each for each in ("acme-casting", "bolt-casting", "cargo-casting", "acme-oil")}
    channel = await ask(firms, firm, item=firms.ids[item])
    return [names[each] for each in channel["items"]]


async def test_names_are_walked_from_either_end_and_through_others(firms: Firms) -> None:
    """bolt's and cargo's castings are what acme calls "casting": for acme all three are one, whichever it asks for."""
    await the_example(firms)
    for maker in ("bolt", "cargo"):
        await firms.grant(maker, "acme", "ITEM", "lifecycle")
        await firms.grant("acme", maker, "ITEM", "lifecycle")
        await named(firms, f"{maker}-casting", "acme", "casting", maker)
    for item in ("acme-casting", "bolt-casting", "cargo-casting"):
        assert sorted(await found(firms, "acme", item)) == ["acme-casting", "bolt-casting", "cargo-casting"]
    for maker, rival in (("bolt", "cargo"), ("cargo", "bolt")):  # rivals learn nothing of each other by it
        assert rival not in str([await found(firms, maker, each) for each in ("acme-casting", f"{maker}-casting")])
        for item in ("acme-casting", f"{maker}-casting"):
            assert sorted(await found(firms, maker, item)) == sorted(["acme-casting", f"{maker}-casting"])


async def test_what_only_somebody_else_claims_joins_nothing(firms: Firms) -> None:
    await the_example(firms)
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    await named(firms, "bolt-casting", "acme", "casting", "bolt", confirmed=False)
    await named(firms, "acme-oil", "bolt", "casting", "bolt", confirmed=False)
    assert await found(firms, "acme", "acme-casting") == ["acme-casting"]
    assert sorted(await found(firms, "bolt", "acme-casting")) == ["acme-casting", "acme-oil", "bolt-casting"]


async def test_many_aliases_of_the_viewers_do_not_make_a_channel_incomplete(firms: Firms) -> None:
    await the_example(firms)
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    await named(firms, "bolt-casting", "acme", "casting", "bolt")
    await firms.superuser.execute(
        "insert into item_alias select (jsonb_populate_record(a, jsonb_build_object("
        "'id', gen_random_uuid(), 'number', 'x' || n))).* from item_alias a, generate_series(1, 260) n"
    )
    for item in ("acme-casting", "bolt-casting"):
        channel = await ask(firms, "acme", item=firms.ids[item])
        assert (channel["complete"], len(channel["items"])) == (True, 2)
