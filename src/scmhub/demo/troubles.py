"""What went wrong: risks on the register, notices told tier by tier without their source, cases about deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from scmhub.demo.book import Book, Row
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance
from scmhub.demo.lanes import OUTAGE_DAYS
from scmhub.demo.news import News
from scmhub.ids import public_id
from scmhub.records.cases import rules as case_rules
from scmhub.records.cases.model import CaseEntryTable, CaseReferenceTable, CaseTable
from scmhub.records.orders.shipment_model import ReceiptTable, ShipmentLineTable
from scmhub.records.risks import rules
from scmhub.records.risks.model import (
    DisruptionItemTable,
    DisruptionSiteTable,
    DisruptionTable,
    DisruptionUpdateTable,
    RiskTable,
)


class Entry(NamedTuple):
    """An entry of a risk register; ``days`` until full recovery, ``state`` it has reached."""

    owner: str
    item: str | None
    site: str | None
    title: str
    cause: str
    likelihood: int
    impact: int
    amount: int | None
    days: int | None
    mitigation: str | None
    state: str = "REGISTERED"


RISKS = (
    Entry("VELO", "VB-CARGO", None, "Cargo bikes hang on one drive unit", "OTHER", 3, 4, 850_000, 60,
          "Release a second drive unit for the cargo frame"),
    Entry("VELO", None, "VELO/UTR", "Assembly in Utrecht without power", "PRODUCTION_INCIDENT", 2, 4, 300_000, 5, None),
    Entry("TORQ", "TQ-DU500", None, "Housings come from one foundry", "PRODUCTION_INCIDENT", 4, 5, 2_100_000, 90,
          "Second set of tools at another foundry"),
    Entry("TORQ", None, "TORQ/STU", "Strike in the metal industry", "STRIKE", 2, 3, None, 10, "Stock before the talks"),
    Entry("KINE", "KM-HUB250", None, "Hub shells come from one foundry", "PRODUCTION_INCIDENT", 4, 4, 900_000, 75,
          "Look for a second foundry"),
    Entry("KINE", None, "KINE/BRN", "Flood at the plant", "NATURAL_DISASTER", 2, 5, 1_600_000, 45, None),
    Entry("CELL", "VC-21700-50", None, "Electrolyte is short on the market", "OTHER", 3, 4, None, 28,
          "Contract with a second source of electrolyte", "OPEN"),
    Entry("CAST", None, "CAST/BIL", "Furnace lining at the end of its life", "PRODUCTION_INCIDENT", 3, 5, 700_000, 21,
          "New lining in the summer break", "RESOLVED"),
    Entry("CAST", None, "CAST/BIO", "Port closed in a storm", "NATURAL_DISASTER", 3, 2, None, 3, None),
    Entry("HAUL", None, "HAUL/DUI", "The cross-dock burns down", "OTHER", 1, 5, 400_000, 30, "Sprinklers", "RETIRED"),
)  # fmt: skip
_CLAIMS = (
    ("VELO", "KINE", "HIGH", "Goods arrived damaged", "Part of the delivery came damaged; photos follow.",
     ("caseAcknowledge", "caseStart", "caseResolve", "caseClose"), 70),
    ("TORQ", "CAST", "MEDIUM", "Castings with pores", "Some castings leak in the pressure test.",
     ("caseAcknowledge", "caseStart"), 16),
    ("VELO", "TORQ", "LOW", "Dented housing", "One of the units has a dented housing.", ("caseAcknowledge",), 9),
    ("KINE", "CAST", "MEDIUM", "Wrong surface", "The surface is not as in the sample.", (), 4),
)  # fmt: skip
"""Opener, counterparty, severity, title, text, steps taken, days ago: each about a delivery that was damaged."""
_SIDES = {step: side for steps in case_rules.STEPS.values() for step, (_, side) in steps.items()}
_PARTIES = ("recipient_id",)


@dataclass(slots=True)
class Reporter:
    """Writes troubles into the book."""

    chance: Chance
    cast: Cast
    now: datetime
    book: Book
    news: News

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days, hours=12) + self.chance.hours(0, 4)


def suffer(chance: Chance, cast: Cast, now: datetime, book: Book, news: News) -> None:
    """Registers, notices and cases, after the orders: a claim points at a delivery."""
    reporter = Reporter(chance, cast, now, book, news)
    for entry in RISKS:
        _risk(reporter, entry)
    book.begin(DisruptionTable, [cast.partners[code] for code in ("CAST", "CELL", "HAUL", "TORQ", "KINE")])
    _furnace(reporter)
    _electrolyte(reporter)
    _strike(reporter)
    for claim in _CLAIMS:
        _claim(reporter, *claim)


# -- the register ------------------------------------------------------------------------------------------------------


def _risk(reporter: Reporter, entry: Entry) -> None:
    cast, at, owner = reporter.cast, reporter.ago(reporter.chance.number(230, 340)), reporter.cast.partners[entry.owner]
    path = {
        "REGISTERED": (), "RETIRED": ("riskRetire",), "OPEN": ("riskOccur",), "RESOLVED": ("riskOccur", "riskResolve"),
    }[entry.state]  # fmt: skip
    state = "REGISTERED"
    for step in path:
        state = rules.risk_after(state, step)
    occurred = {"OPEN": reporter.ago(6), "RESOLVED": reporter.ago(OUTAGE_DAYS[0])}.get(state)
    reporter.book.add(
        RiskTable, owner, id=reporter.chance.key(at), owner_id=owner,
        item_id=cast.items[entry.item].key if entry.item else None,
        site_id=cast.sites[entry.site].key if entry.site else None, title=entry.title, cause=entry.cause, state=state,
        likelihood=entry.likelihood, impact=entry.impact,
        impact_amount=Decimal(entry.amount) if entry.amount else None, currency="EUR" if entry.amount else None,
        note=None, time_to_recover_days=entry.days, declared_on=at.date() if entry.days else None,
        mitigation=entry.mitigation, mitigation_owner="Purchasing" if entry.mitigation else None,
        mitigation_due_on=(reporter.now + timedelta(days=60)).date() if entry.mitigation else None,
        review_on=(reporter.now + timedelta(days=30)).date(), occurred_at=occurred,
        resolved_at=reporter.ago(OUTAGE_DAYS[1]) if state == "RESOLVED" else None,
        measure="Furnace lined anew." if state == "RESOLVED" else None, version=1 + len(path), created_at=at,
    )  # fmt: skip


# -- notices -----------------------------------------------------------------------------------------------------------


def _notice(
    reporter: Reporter, sender: str, recipient: str, at: datetime, text: str, items: tuple[str, ...] = (),
    sites: tuple[str, ...] = (), source: Row | None = None, **more: Any,
) -> Row:  # fmt: skip
    """One notice to one recipient, or a forward of ``source`` in the forwarder's own words."""
    cast, chance, book = reporter.cast, reporter.chance, reporter.book
    partners, writer = cast.partners, cast.partners[sender]
    if source is not None:
        rules.disruption_after("OPEN", "disruptionForward")
        names = [firm for firm, key in partners.items() if key == source["sender_id"]]
        rules.check_own_words(text, source["text"], names)
        copied = {name: source[name] for name in ("cause", "effect", "starts_at", "expected_end_at")}
        more = copied | {"consent": rules.passed_on(source["consent"], "MASKED", named=False)}
    rules.check_dates(more["starts_at"], more["expected_end_at"])
    notice = book.add(
        DisruptionTable, writer, id=chance.key(at), sender_id=writer, recipient_id=partners[recipient], reference=None,
        text=text, state="OPEN", measure=None, reported_at=at, updated_at=at, resolved_at=None, origin_id=None,
        forwarded=source is not None, source_id=source["id"] if source else None,
        resolve_with_source=source is not None, version=1, created_at=at, **more,
    )  # fmt: skip
    for number in items:
        item = cast.items[number]
        assert item.owner in (sender, recipient)
        book.add(DisruptionItemTable, writer, id=chance.key(at), disruption_id=notice["id"], item_id=item.key)
    for code in sites:
        site = cast.sites[code].key
        book.add(DisruptionSiteTable, writer, id=chance.key(at), disruption_id=notice["id"], site_id=site)
    changed = ["cause", "effect", "startsAt", "expectedEndAt", "text", "state"]
    reporter.news.of(chance, "DISRUPTION", "REPORTED", at, notice, "sender_id", _PARTIES, changed)
    return notice


def _update(reporter: Reporter, notice: Row, at: datetime, text: str, end: datetime) -> None:
    rules.disruption_after(notice["state"], "disruptionUpdate")
    rules.check_newer(at, notice["updated_at"], at)
    reporter.book.add(
        DisruptionUpdateTable, notice["sender_id"], id=reporter.chance.key(at), disruption_id=notice["id"],
        update_no=notice["version"], as_of=at, text=text, expected_end_at=end, recorded_at=at,
    )  # fmt: skip
    notice.update(expected_end_at=end, updated_at=at, version=notice["version"] + 1)
    changed = ["updates", "expectedEndAt", "updatedAt", "version"]
    reporter.news.of(reporter.chance, "DISRUPTION", "UPDATED", at, notice, "sender_id", _PARTIES, changed)


def _resolve(reporter: Reporter, notice: Row, at: datetime, measure: str | None) -> None:
    state = rules.disruption_after(notice["state"], "disruptionResolve")
    notice.update(state=state, measure=measure, resolved_at=at, version=notice["version"] + 1)
    changed = ["state", "measure", "resolvedAt", "version"]
    reporter.news.of(reporter.chance, "DISRUPTION", "RESOLVED", at, notice, "sender_id", _PARTIES, changed)


def _furnace(reporter: Reporter) -> None:
    """The furnace in spring: both customers are told, each tells Velora in its own words, and it ends for all."""
    began, over = reporter.ago(OUTAGE_DAYS[0]), reporter.ago(OUTAGE_DAYS[1])
    what: dict[str, Any] = {
        "cause": "PRODUCTION_INCIDENT", "effect": "CAPACITY_REDUCTION", "starts_at": began,
        "expected_end_at": began + timedelta(days=12), "consent": "MASKED",
    }  # fmt: skip
    text = "The melting furnace stands still; castings come late."
    chains = (
        ("TORQ", ("FA-HSG-250", "FA-HSG-500", "FA-COVER"), ("TQ-DU250", "TQ-DU500"),
         "Housings are short: drive units come one to three weeks late."),
        ("KINE", ("FA-HUBSHELL", "FA-SPIDER"), ("KM-HUB250", "KM-HUB350"),
         "A pre-supplier has an outage; hub motors are delayed until further notice."),
    )  # fmt: skip
    for customer, castings, motors, words in chains:
        notice = _notice(
            reporter, "CAST", customer, began + timedelta(hours=5), text, castings, ("CAST/BIL",), None, **what
        )
        forward = _notice(
            reporter, customer, "VELO", began + reporter.chance.hours(20, 60), words, motors, (), notice
        )  # fmt: skip
        late = began + timedelta(days=9)
        _update(reporter, notice, late, "The lining must be made anew: three weeks in all.", began + timedelta(days=21))
        _resolve(reporter, notice, over, "Furnace lined anew.")
        _resolve(reporter, forward, over, None)


def _electrolyte(reporter: Reporter) -> None:
    """Going on: Voltcell is short of electrolyte; Torq has passed that on, Kineta has not."""
    began = reporter.ago(6)
    what: dict[str, Any] = {
        "cause": "OTHER", "effect": "CAPACITY_REDUCTION", "starts_at": began,
        "expected_end_at": began + timedelta(days=28), "consent": "MASKED",
    }  # fmt: skip
    text = "Electrolyte is short: we make three quarters of the usual number of cells."
    told = began + timedelta(hours=4)
    notice = _notice(
        reporter, "CELL", "TORQ", told, text, ("VC-21700-50", "VC-21700-58"), ("CELL/GYO",), None, **what
    )
    _notice(reporter, "CELL", "KINE", told, text, ("VC-21700-50",), ("CELL/GYO",), None, **what)
    words = "Battery packs will be scarce for about four weeks; we allocate by order date."
    forwarded = began + timedelta(hours=30)
    _notice(reporter, "TORQ", "VELO", forwarded, words, ("TQ-BAT400", "TQ-BAT625", "TQ-BAT750"), (), notice)
    later = reporter.ago(2)
    _update(reporter, notice, later, "A second source delivers from next week.", began + timedelta(days=20))


def _strike(reporter: Reporter) -> None:
    """A short one that its sender does not want passed on: drivers on strike, Nordhaul tells two customers."""
    began = reporter.ago(35)
    for recipient in ("VELO", "CAST"):
        notice = _notice(
            reporter, "HAUL", recipient, began + timedelta(hours=2), "Drivers are on strike for two days.", (),
            ("HAUL/DUI",), None, cause="STRIKE", effect="CAPACITY_REDUCTION", starts_at=began,
            expected_end_at=began + timedelta(days=2), consent="NONE",
        )  # fmt: skip
        _resolve(reporter, notice, began + timedelta(days=2, hours=3), "The drivers are back.")


# -- cases -------------------------------------------------------------------------------------------------------------


def _claim(
    reporter: Reporter, opener: str, other: str, severity: str, title: str, text: str, steps: tuple[str, ...], days: int
) -> None:
    """About a delivery that was counted as damaged before the case was opened, the youngest of them."""
    chance, book, partners = reporter.chance, reporter.book, reporter.cast.partners
    at = reporter.ago(days)
    shipment = _damaged(book, partners[opener], partners[other], at)
    case = book.add(
        CaseTable, partners[opener], id=chance.key(at), opener_id=partners[opener], counterparty_id=partners[other],
        template="CLAIM", severity=severity, level=0, state="OPEN", title=title, version=1,
        due_on=(at + timedelta(days=21)).date(), created_at=at,
    )  # fmt: skip
    record = public_id("shp", shipment)
    book.add(
        CaseReferenceTable, partners[opener], id=chance.key(at), case_id=case["id"], kind="Shipment", record=record
    )  # fmt: skip
    _said(reporter, case, "OPEN", opener, at, text)
    for number, step in enumerate(steps, 1):
        at += chance.hours(20, 70)
        side = _SIDES[step]
        case["state"] = case_rules.after(case["state"], step, (side,))
        case["version"] += 1
        author = opener if side == "OPENER" else other
        words = {"caseResolve": "A credit note is on its way.", "caseClose": "Thank you."}.get(step)
        _said(reporter, case, step.removeprefix("case").upper(), author, at, words, number + 1)


def _said(
    reporter: Reporter, case: Row, act: str, author: str, at: datetime, text: str | None, number: int = 1
) -> None:
    partners = reporter.cast.partners
    reporter.book.add(
        CaseEntryTable, case["opener_id"], id=reporter.chance.key(at), case_id=case["id"], entry_no=number, act=act,
        author_id=partners[author], text=text, recorded_at=at,
    )  # fmt: skip
    action = {"OPEN": "OPENED", "ACKNOWLEDGE": "ACKNOWLEDGED", "START": "STARTED", "RESOLVE": "RESOLVED",
              "CLOSE": "CLOSED"}[act]  # fmt: skip
    changed = ["state", "entries", "version"]
    reporter.news.of(reporter.chance, "CASE", action, at, case, "opener_id", ("counterparty_id",), changed)


def _damaged(book: Book, buyer: UUID, seller: UUID, before: datetime) -> UUID:
    """The shipment between two firms that was counted as damaged last before an instant."""
    lines = {row["id"]: row for row in book.rows(ShipmentLineTable)}
    found = [
        (row["received_at"], lines[row["shipment_line_id"]]["shipment_id"]) for row in book.rows(ReceiptTable)
        if row["damaged"] and row["received_at"] < before
        and (lines[row["shipment_line_id"]]["buyer_id"], lines[row["shipment_line_id"]]["seller_id"]) == (buyer, seller)
    ]  # fmt: skip
    shipment: UUID = max(found)[1]
    return shipment
