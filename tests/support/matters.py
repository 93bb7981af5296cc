"""Risks, notices, cases, item structure, views of relationships, machines and audit rows for a world."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from scmhub.ids import public_id

from .agreed import add_agreements
from .rows import Row

if TYPE_CHECKING:
    from .world import World


def add_matters(world: World) -> None:
    for _ in range(12):
        _risk(world)
    for _ in range(10):
        _disruption(world)
    for _ in range(8):
        _case(world)
    for number in range(14):
        _link(world, number)
    for relationship in world.tables["relationship"]:
        _views(world, relationship)
        _steps(world, relationship)
        add_agreements(world, relationship)
    for number, partner in enumerate(world.partners):
        _machine(world, partner, number)


def add_breaches(world: World) -> None:
    """After the rules: most lie where some rule reaches."""
    for _ in range(24):
        _breach(world)


def _risk(world: World) -> None:
    owner = world.partner()
    item = world.maybe(world.of("item", "owner_id", owner)["id"], 0.6)
    site = world.of("site", "partner_id", owner)["id"] if item is None or world.chance(0.4) else None
    money, recovery = world.chance(0.5), world.chance(0.5)
    world.add(
        "risk", owner_id=owner, item_id=item, site_id=site, title=world.text(), cause=world.pick(("STRIKE", "WAR")),
        state=world.pick(("REGISTERED", "OPEN")), likelihood=world.pick((1, 3, 5)), impact=world.pick((1, 2, 5)),
        impact_amount=world.amount() if money else None, currency="EUR" if money else None, note=world.maybe(world.text()),
        time_to_recover_days=world.pick((0, 9)) if recovery else None, declared_on=world.day() if recovery else None,
        mitigation=world.maybe(world.text()), mitigation_owner=world.maybe(world.text()),
        mitigation_due_on=world.maybe(world.day()), review_on=world.maybe(world.day()),
        occurred_at=world.maybe(world.instant()), resolved_at=world.maybe(world.instant()), measure=world.maybe(world.text()),
        version=world.rng.randrange(1, 9), created_at=world.instant(),
    )  # fmt: skip


def _disruption(world: World) -> None:
    sender = world.partner()
    notices = world.tables.get("disruption", [])
    source = world.pick(notices)["id"] if notices and world.chance(0.3) else None
    notice = world.add(
        "disruption", sender_id=sender, recipient_id=world.partner(other_than=sender), reference=world.maybe(world.text()),
        cause="WAR", effect="DEMAND_INCREASE", starts_at=world.instant(), text=world.text(),
        state=world.pick(("OPEN", "RESOLVED")), measure=world.maybe(world.text()), reported_at=world.instant(),
        updated_at=world.instant(), resolved_at=world.maybe(world.instant()), consent=world.pick(("NONE", "NAMED")),
        origin_id=world.maybe(world.partner(), 0.3), forwarded=source is not None, source_id=source,
        resolve_with_source=source is not None, version=world.rng.randrange(1, 9), created_at=world.instant(),
    )  # fmt: skip
    for item in {world.of("item", "owner_id", sender)["id"] for _ in range(world.pick((0, 1, 2)))}:
        world.add("disruption_item", disruption_id=notice["id"], item_id=item)
    for site in {world.of("site", "partner_id", sender)["id"] for _ in range(world.pick((0, 1)))}:
        world.add("disruption_site", disruption_id=notice["id"], site_id=site)
    for number in range(world.pick((0, 1, 2))):
        world.add(
            "disruption_update", disruption_id=notice["id"], update_no=number + 1, as_of=world.instant(), text=world.text(),
            expected_end_at=world.maybe(world.instant()), recorded_at=world.instant(),
        )  # fmt: skip


def _case(world: World) -> None:
    opener = world.partner()
    other = world.partner(other_than=opener)
    case = world.add(
        "case_file", opener_id=opener, counterparty_id=other, template=world.pick(("CLAIM", "INQUIRY")),
        severity=world.pick(("LOW", "HIGH")), state=world.pick(("OPEN", "CLOSED")), title=world.text(),
        due_on=world.maybe(world.day()), version=world.rng.randrange(1, 9), created_at=world.instant(),
    )  # fmt: skip
    for number in range(world.pick((0, 1, 3))):
        world.add(
            "case_entry", case_id=case["id"], entry_no=number + 1, act="COMMENT", author_id=world.pick((opener, other)),
            text=world.maybe(world.text()), recorded_at=world.instant(),
        )  # fmt: skip
    for number in range(world.pick((0, 1, 2))):
        world.add(
            "case_step", case_id=case["id"], step_no=number + 1, what=world.text(), owner_id=world.pick((opener, other)),
            due_on=world.maybe(world.day()), done_at=world.maybe(world.instant()),
        )  # fmt: skip
    if world.chance(0.5):
        order = world.of("purchase_order", "buyer_id", opener)
        world.add("case_reference", case_id=case["id"], kind="Order", record=public_id("ord", order["id"]))


def _breach(world: World) -> None:
    """Found in rows that some rule speaks of, so that evidence opens it, or all but one piece does."""
    about = world.pick(world.tables["sharing_rule"])
    owner = about["owner_id"]
    breach = world.add(
        "breach", affected_id=owner, other_id=world.maybe(world.partner(other_than=owner)),
        criterion=world.pick(("LATE_ORDER", "BELOW_TARGET")), subject=world.text(), bucket=world.maybe(world.day()),
        item_id=world.of("item", "owner_id", owner)["id"], site_id=world.maybe(world.of("site", "partner_id", owner)["id"]),
        variance=world.amount(), allowed=world.amount(), unit="P1", basis=world.pick(("DEFAULT", "CLAUSE")), basis_version=1,
        clause=world.maybe(world.text()), severity=world.pick(("LOW", "HIGH")), found_at=world.instant(),
        returned_at=world.maybe(world.instant(), 0.3), version=world.rng.randrange(1, 9), created_at=world.instant(),
    )  # fmt: skip
    for number in range(world.pick((0, 1, 1, 2, 3))):
        groups = world.pick((about["field_groups"], about["field_groups"][:1], ["parties"], None))
        world.add(
            "breach_evidence", breach_id=breach["id"], evidence_no=number + 1, kind="Order", record=world.text(),
            field="lastPromiseOn", value=world.text(), record_version=world.maybe(3), stated_at=world.maybe(world.instant()),
            seen_by=[owner, *([world.partner()] if world.chance(0.3) else [])], rule_kind=about["kind"], owner_id=owner,
            item_id=world.pick(about["items"] or [world.of("item", "owner_id", owner)["id"]]),
            site_id=world.pick(about["sites"] or [world.of("site", "partner_id", owner)["id"]]), day=world.maybe(world.day()),
            field_groups=groups,
        )  # fmt: skip
    if world.chance(0.5):
        world.add(
            "case_file", opener_id=owner, counterparty_id=breach["other_id"], breach_id=breach["id"], template="EXCEPTION",
            severity="LOW", state="OPEN", title=world.text(), created_at=world.instant(),
        )  # fmt: skip


def _link(world: World, number: int) -> None:
    parent = world.pick(world.tables["item"])
    item = world.pick([row for row in world.tables["item"] if row is not parent])
    counted = number % 2 == 0
    world.add(
        "item_link", owner_id=parent["owner_id"], parent_id=parent["id"], item_id=item["id"],
        kind="COMPONENT" if counted else "SUBSTITUTE", quantity=world.amount() if counted else None,
        unit="C62" if counted else None, valid_from=world.day(), version=world.rng.randrange(1, 9),
        created_at=world.instant(),
    )  # fmt: skip


def _views(world: World, relationship: Row) -> None:
    ends = (relationship["provider_id"], relationship["recipient_id"])
    for owner, other in (ends, ends[::-1]):
        if world.chance(0.4):
            money = world.chance(0.5)
            world.add(
                "relationship_profile", owner_id=owner, relationship_id=relationship["id"], supply_risk=world.pick((1, 4)),
                profit_impact=world.pick((2, 5)), kraljic=world.maybe("LEVERAGE"), segment=world.maybe(world.text()),
                value_amount=world.amount() if money else None, currency="EUR" if money else None,
                potential=world.pick((None, 3)), note=world.maybe(world.text()), updated_at=world.instant(),
            )  # fmt: skip
        if world.chance(0.4):
            world.add(
                "relationship_contact", owner_id=owner, counterparty_id=other, relationship_id=relationship["id"],
                function=world.pick(("SALES", "QUALITY")), name=world.text(), email=world.maybe(world.text()),
                phone=world.maybe(world.text()), version=world.rng.randrange(1, 9), updated_at=world.instant(),
            )  # fmt: skip
        if world.chance(0.4):
            world.add(
                "objective", owner_id=owner, counterparty_id=other, relationship_id=relationship["id"],
                measure=world.pick(("OTIF", "STOCK_DAYS")), aim=world.pick(("AT_LEAST", "AT_MOST")), target=world.amount(),
                unit="P1", since=world.day(), version=world.rng.randrange(1, 9), updated_at=world.instant(),
            )  # fmt: skip


def _steps(world: World, relationship: Row) -> None:
    for number in range(world.pick((1, 2))):
        world.add(
            "relationship_event", relationship_id=relationship["id"], event_no=number + 1,
            state=world.pick(("PROPOSED", "ACTIVE")), by_id=relationship["proposed_by"], at=world.instant(),
        )  # fmt: skip


def _machine(world: World, partner: UUID, number: int) -> None:
    machine = world.add(
        "integration", partner_id=partner, name=world.text(), token_scopes=["hub:read"], state="ACTIVE", grade=1,
        documents=world.pick(("ANY", "TRUSTED")), created_at=world.instant(), last_used_at=world.maybe(world.instant()),
    )  # fmt: skip
    for _ in range(world.pick((0, 1, 2))):
        world.add(
            "credential", partner_id=partner, integration_id=machine["id"], kind="SECRET", created_at=world.instant(),
            expires_at=world.instant(), revoked_at=world.maybe(world.instant()), last_used_at=world.maybe(world.instant()),
        )  # fmt: skip
    world.add(
        "audit_entry", seq=world.seed * 100 + number + 1, at=world.instant(), partner_id=partner, actor=world.text(),
        action="integrationCreate", subject=public_id("int", machine["id"]), details="{}", previous="0" * 64, hash="1" * 64,
    )  # fmt: skip
    _webhook(world, partner)
    for _ in range(world.pick((0, 1, 2))):
        world.add(
            "stored_document", partner_id=partner, sha256=f"{world.rng.getrandbits(256):064x}", name=world.text(),
            text=world.text(), operations=[world.text()], cost=world.rng.randrange(99), registered_by=world.text(),
            state=world.pick(("REGISTERED", "RETIRED")), created_at=world.instant(), version=world.rng.randrange(1, 9),
            answers_until=world.maybe(world.instant()), last_used_at=world.maybe(world.instant()),
        )  # fmt: skip


def _webhook(world: World, partner: UUID) -> None:
    hook = world.add(
        "webhook", partner_id=partner, name=world.text(), url=f"https://{world.text()}", document=world.text(),
        operation_name=world.maybe(world.text()), variables=world.text(), state=world.pick(("SUSPENDED", "FAILED")),
        reason=world.maybe(world.text()), registered_by=world.text(), stands_on=[], version=world.rng.randrange(1, 9),
        created_at=world.instant(), cursor=world.maybe(world.text()), delivered_at=world.maybe(world.instant()),
        delivered_through=world.maybe(world.instant()), pending_since=world.maybe(world.instant()),
        failed_tries=world.rng.randrange(9), deaths=0, next_try_at=world.maybe(world.instant()),
        last_attempt_at=world.maybe(world.instant()), last_status=world.pick((None, 500)), last_error=world.maybe(world.text()),
    )  # fmt: skip
    for _ in range(world.pick((0, 1, 2))):
        world.add(
            "webhook_delivery", partner_id=partner, webhook_id=hook["id"], purpose=world.pick(("CHANGE", "TEST")),
            state=world.pick(("DEAD", "DELIVERED")), message_id=world.text(), epoch=None, seq=None, part="",
            changed_at=world.maybe(world.instant()), created_at=world.instant(), tries=world.rng.randrange(9),
            last_attempt_at=world.maybe(world.instant()), last_status=world.pick((None, 500)),
            last_error=world.maybe(world.text()),
        )  # fmt: skip
