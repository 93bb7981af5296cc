"""Where one may go on from: genuine places that are void are told by a Reset, and whatever is not one's own by one text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from feed_chain import NOW, Chain

from scmhub.database.secret import HubSecret
from scmhub.errors import BadUserInput
from scmhub.feed.cursor import Cursors, Place
from scmhub.sharing.lens import Lens


def place_of(chain: Chain, *, behind: int = 0, epoch: int = 0, days: int = 0) -> str:
    """A genuine cursor of bolt, so far from the head, of another log, or of so many days ago."""
    tail = chain.feed.tail
    place = Place(tail.epoch + epoch, tail.head + behind, NOW - timedelta(days=days))
    return chain.feed.cursor(Lens(chain.firms.ids["bolt"]), place)


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"behind": 1}, "EPOCH"), ({"epoch": 1}, "EPOCH"), ({"days": 15}, "EXPIRED")],
    ids=["beyond the head", "another log", "too old"],
)  # fmt: skip
async def test_a_void_place_is_told_and_what_follows_comes(chain: Chain, given: dict[str, int], reason: str) -> None:
    first = await chain.firms.placed(buyer_number="A")
    await chain.step()
    cursor = place_of(chain, **given)
    live = await chain.follow("bolt", after=cursor)
    records = await chain.follow("bolt", after=cursor, snapshot=True, where={"kinds": ["ORDER"]})
    page = await chain.pull("bolt", after=cursor)
    assert [each["reason"] for each in page["nodes"]] == [reason]
    assert page["pageInfo"]["hasNextPage"] is False
    second = await chain.firms.placed(buyer_number="B")
    await chain.step()
    assert [each.get("reason") for each in live.items[:1]] == [reason]
    assert second.id in {each.get("recordId") for each in live.items}
    assert [each.get("reason") or each.get("recordId") or each["__typename"] for each in records.items] == [
        reason, first.id, "SnapshotEnd", second.id,
    ]  # fmt: skip
    after = await chain.pull("bolt", after=page["pageInfo"]["endCursor"], where={"kinds": ["ORDER"]})
    assert [each["recordId"] for each in after["nodes"]] == [second.id]


async def test_a_cursor_under_an_unknown_key_is_like_any_text(chain: Chain) -> None:
    good, place = place_of(chain), Place(chain.feed.tail.epoch, chain.feed.tail.head, NOW)
    unknown = Cursors(HubSecret("another hub's secret, which this one never knew")).seal(place, chain.firms.ids["bolt"])
    texts = set()
    for text in (unknown, "AgAA" + good[4:], "nonsense"):
        with pytest.raises(BadUserInput) as refused:
            await chain.follow("bolt", after=text, wait=False)
        texts.add((refused.value.message, refused.value.reason))
        answer = await chain.pull("bolt", after=text)
        texts.add((answer["errors"][0]["message"], answer["errors"][0]["extensions"]["reason"]))
    assert len(texts) == 1
    assert texts.pop()[1] == "BAD_CURSOR"
    await chain.follow("bolt", after=good)


async def test_an_older_secret_still_opens_what_it_sealed(chain: Chain) -> None:
    old, new = HubSecret("the secret of last year, 32 characters"), HubSecret("the secret of this year, 32 characters")
    place = Place(1, 2, NOW)
    cursor = Cursors(old).seal(place, chain.firms.ids["bolt"])
    assert Cursors(new, (old,)).open(cursor, chain.firms.ids["bolt"]) == place
    with pytest.raises(BadUserInput):
        Cursors(new).open(cursor, chain.firms.ids["bolt"])


@pytest.mark.parametrize("name", ["actions", "owners", "recordIds"])
async def test_a_filter_holds_five_hundred_values_and_no_more(chain: Chain, name: str) -> None:
    await chain.follow("bolt", where={name: ["x"] * 500})
    with pytest.raises(BadUserInput) as refused:
        await chain.follow("bolt", where={name: ["x"] * 501}, wait=False)
    assert (refused.value.reason, refused.value.input_path) == ("TOO_MANY", ["where", name])
    answer = await chain.pull("bolt", where={name: ["x"] * 501})
    assert answer["errors"][0]["extensions"]["reason"] == "TOO_MANY"
