"""What docs/feed.md shows of signatures holds for what the hub sends."""

from __future__ import annotations

import time
from typing import Any

import orjson

from scmhub.webhooks.signing import new_secret, signed
from tests.docs.fences import ROOT, blocks
from tests.webhooks.post import Post


async def test_the_shown_operations_answer_what_is_shown(post: Post) -> None:
    await post.firms.placed()
    found = blocks(ROOT / "docs" / "feed.md")
    page, create = [block.text for block in found if block.words == ("gql",)]

    async def told() -> bool:
        return "Changed" in [each["__typename"] for each in (await post.ask("bolt", page))["nodes"]]

    await post.until(told)
    [shown] = [orjson.loads(block.text) for block in found if block.words == ("json",)]
    assert (await post.answer("bolt", create))["data"] == shown


def test_the_shown_check_accepts_the_hubs_messages_and_nothing_else() -> None:
    [shown] = [block for block in blocks(ROOT / "docs" / "feed.md") if block.words == ("python",)]
    names: dict[str, Any] = {}
    exec(shown.text, names)
    check, old, new, body = names["is_from_the_hub"], new_secret(), new_secret(), b'{"data":{}}'
    headers = signed("msg_1", int(time.time()), body, [new, old])
    assert check(headers, body, old) and check(headers, body, new)
    assert not check(headers, body + b" ", new)
    assert not check(headers, body, new_secret())
    assert not check(headers | {"webhook-id": "msg_2"}, body, new)
    late = signed("msg_1", int(time.time()) - 301, body, [new])
    assert not check(late, body, new)


def test_the_example_of_standard_webhooks_is_signed_as_it_says() -> None:
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
