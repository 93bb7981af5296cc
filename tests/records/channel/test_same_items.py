"""Items that partners number differently, in one channel."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import Firms
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
    assert (ours, theirs) == ([True, False, False], [False, False, True])
