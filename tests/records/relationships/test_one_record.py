"""One record, two sides: contacts both read, history both read, and of the private views each its own only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from scmhub.database.address import Address
from scmhub.settings import Settings

from ...conftest import clone
from ..forecasts.conftest import modelled
from ..forecasts.firms import Firms, settled
from ..risks.acts import do, refused

__all__ = ["modelled"]
CONTACT = "relationshipContact { id version function name email phone owner { code } }"
RECORD = """query($id: ID!) { it: relationship(by: {id: $id}) { kind state
  myProfile { partnership kraljic segment reviewOn }
  contacts { nodes { function name owner { code } } }
  history { nodes { eventNo state by { code } at } } } }"""


@pytest.fixture
async def hub(server: Address, modelled: str, settings: Settings) -> AsyncIterator[Firms]:
    async with clone(server, modelled) as admin, settled(admin, settings) as firms:
        yield firms


async def record(hub: Firms, firm: str, link: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await hub.read(firm, RECORD, id=link))["it"]
    return found


async def test_each_side_sees_the_record_with_its_own_view_and_never_the_other_s(hub: Firms) -> None:
    link = hub.ids["bolt-acme"]
    assert ((await record(hub, "acme", link)) or {})["myProfile"] is None
    mine = {"supplyRisk": 4, "profitImpact": 4, "partnership": "TYPE_II", "reviewOn": "2026-09-01"}
    await do(hub, "acme", "relationshipProfileSet", "relationshipProfile { id }", relationship=link, **mine)
    theirs = {"segment": "A", "partnership": "ARMS_LENGTH"}
    await do(hub, "bolt", "relationshipProfileSet", "relationshipProfile { id }", relationship=link, **theirs)
    srm, crm = await record(hub, "acme", link), await record(hub, "bolt", link)
    assert srm is not None
    assert crm is not None
    assert srm.pop("myProfile") == {
        "partnership": "TYPE_II", "kraljic": "STRATEGIC", "segment": None, "reviewOn": "2026-09-01",
    }  # fmt: skip
    assert crm.pop("myProfile") == {"partnership": "ARMS_LENGTH", "kraljic": None, "segment": "A", "reviewOn": None}
    assert srm == crm
    assert await record(hub, "cargo", link) is None


async def test_contacts_are_kept_by_their_side_and_read_by_both(hub: Firms) -> None:
    link = hub.ids["bolt-acme"]
    given = {"relationship": link, "function": "PLANNING", "name": "P. Lan"}
    first = await do(hub, "acme", "relationshipContactSet", CONTACT, **given, email="p@acme.example", phone="+49 30/12")
    again = await do(hub, "acme", "relationshipContactSet", CONTACT, **(given | {"name": "P. Lang"}))
    assert (again["id"], again["version"], again["name"], again["email"]) == (first["id"], 2, "P. Lang", None)
    await do(hub, "bolt", "relationshipContactSet", CONTACT, **(given | {"name": "S. Ales", "function": "SALES"}))
    for firm in ("acme", "bolt"):
        seen = await record(hub, firm, link)
        assert seen is not None
        assert [(each["name"], each["owner"]["code"]) for each in seen["contacts"]["nodes"]] == [
            ("P. Lang", "ACME"), ("S. Ales", "BOLT"),
        ]  # fmt: skip
    assert (await hub.read("cargo", "{ relationshipContacts { totalCount } }"))["relationshipContacts"]["totalCount"] == 0
    own = {"relationship": link, "function": "SALES"}
    assert (await refused(hub, "acme", "relationshipContactRemove", **own))[:2] == ("NOT_FOUND", "input.function")
    await do(hub, "bolt", "relationshipContactRemove", "relationship { id }", **own)
    assert await hub.count("relationship_contact") == 1


@pytest.mark.parametrize(
    ("firm", "more", "code", "path"),
    [
        ("acme", {"email": "nobody"}, "INVALID", "email"), ("acme", {"phone": "call me"}, "INVALID", "phone"),
        ("acme", {"name": ""}, "REQUIRED", "name"), ("cargo", {}, "NOT_FOUND", "relationship"),
    ],
)  # fmt: skip
async def test_a_wrong_contact_is_refused(hub: Firms, firm: str, more: dict[str, Any], code: str, path: str) -> None:
    given = {"relationship": hub.ids["bolt-acme"], "function": "IT", "name": "I. T.", **more}
    assert (await refused(hub, firm, "relationshipContactSet", **given))[:2] == (code, f"input.{path}")


async def test_the_history_tells_every_step_with_who_and_when(hub: Firms) -> None:
    given = {"partnerCode": "DYNA", "kind": "LOGISTICS", "mySide": "PROVIDER"}
    link = await do(hub, "cargo", "relationshipPropose", "relationship { id }", **given)
    for version, (firm, step) in enumerate([("dyna", "Accept"), ("cargo", "Suspend"), ("cargo", "Resume")], 1):
        hub.clock.pass_by(minutes=1)
        known = {"relationship": link["id"], "expectedVersion": version}
        await do(hub, firm, f"relationship{step}", "relationship { id }", **known)
    seen = await record(hub, "dyna", link["id"])
    assert seen is not None
    steps = seen["history"]["nodes"]
    assert [(each["eventNo"], each["state"], each["by"]["code"]) for each in steps] == [
        (1, "PROPOSED", "CARGO"), (2, "ACTIVE", "DYNA"), (3, "SUSPENDED", "CARGO"), (4, "ACTIVE", "CARGO"),
    ]  # fmt: skip
    assert [each["at"][14:16] for each in steps] == ["00", "01", "02", "03"]
