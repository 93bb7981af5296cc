"""A new administrator follows docs/identity.md as it is printed: from the operator's link to the first query."""

from __future__ import annotations

from tests.admin.test_administration import mutation
from tests.admin.test_command_line import Shell, shell
from tests.docs.fences import ROOT, blocks
from tests.identity.conftest import Live
from tests.identity.people import Browser

__all__ = ["shell"]
_GUIDE = {block.words: block.text for block in reversed(blocks(ROOT / "docs/identity.md"))}


async def accepted(live: Live, link: str) -> Browser:
    """Whoever opens a link and chooses a password."""
    body = {"token": link.partition("#")[2], "password": "correct horse battery staple"}
    answer = await Browser(live).post("/invitation/accept", body)
    assert answer.status_code == 200, answer.text
    return Browser(live, answer.cookies["scmhub"])


async def test_from_the_operators_link_to_the_first_query(live: Live, shell: Shell) -> None:
    printed = _GUIDE["sh", "shown"].split()
    assert printed[0] == "scmhub"
    olga = await accepted(live, (await shell.run(*printed[1:])).out.strip())
    given = {"code": "DYNA", "name": "Dyna", "adminName": "Ann", "adminEmail": "ann@dyna.example"}
    ann = await accepted(live, (await olga.do(mutation("partnerInvite", extra="link"), **given))["link"])
    invited = (await ann.graphql(_GUIDE["graphql", "shown"])).json()["data"]["personInvite"]
    assert invited["userErrors"] == []
    ben = await accepted(live, invited["link"])
    me = (await ben.graphql(_GUIDE["graphql", "VELO"])).json()["data"]["me"]
    assert (me["name"], me["roles"], me["permissions"]) == ("Ben", ["PLANNER"], ["READ", "WRITE"])
    first = (await ben.graphql("{ viewer { code name } orders(first: 1) { totalCount } }")).json()["data"]
    assert first == {"viewer": {"code": "DYNA", "name": "Dyna"}, "orders": {"totalCount": 0}}
