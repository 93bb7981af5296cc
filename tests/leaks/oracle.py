"""The law of sharing.md, section 1, once more in plain Python: whose row is it, who is a party, which rule covers it.

It reads rules and relationships, not the scope table, and knows nothing of SQL: whatever it and the hub disagree on is
a leak or a loss. Which access class a field has is declared with the field; what a class means is said here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from scmhub.sharing.access import Access
from scmhub.sharing.lens import Lens

from ..support.rows import Row, Tables, by_id


class Law(NamedTuple):
    """Where the rows of a kind are, whose they are, and what a rule compares. ``of``: (kind, key) of the whole."""

    table: str
    owner: str = ""
    parties: tuple[str, ...] = ()
    rule: str | None = None
    item: str | None = None
    site: str | None = None
    day: str | None = None
    lines: tuple[str, str] | None = None
    of: tuple[str, str] | None = None
    only: tuple[str, str] | None = None
    evidence: tuple[str, str] | None = None


def _faces(measure: str, series: str, rule: str) -> dict[str, Law]:
    """A time series is seen through its numbers, each of which has a day of its own."""
    same = {"owner": "publisher_id", "parties": ("counterparty_id",), "rule": rule, "only": ("measure", measure)}
    point = Law("series_point", item="item_id", site="site_id", day="starts_on", **same)  # type: ignore[arg-type]
    return {series: Law("time_series", lines=(f"{series}Point", "series_id"), **same), f"{series}Point": point}  # type: ignore[arg-type]


_STOCK = Law("", "owner_id", ("holder_id",), "INVENTORY", "item_id", "site_id", "as_of_on")
_BUYS, _SHIPS = ("seller_id", "consignee_id"), ("buyer_id", "consignee_id", "carrier_id")
_IN_A_VERSION = {
    "AgreementSignature": "agreement_signature", "ToleranceClause": "tolerance_clause", "ResponseClause": "response_clause",
    "StockPolicyClause": "stock_policy_clause", "ServiceLevelClause": "service_level_clause", "FenceClause": "fence_clause",
}  # fmt: skip
LAWS = {
    "Partner": Law("partner"),
    "Site": Law("site", "partner_id", rule="SITE", site="id"),
    "Item": Law("item", "owner_id", rule="ITEM", item="id"),
    "ItemAlias": Law("item_alias", "owner_id", ("partner_id",)),
    "Relationship": Law("relationship", "provider_id", ("recipient_id",)),
    "SharingRule": Law("sharing_rule", "owner_id"),
    "BlockPair": Law("block_pair", "owner_id"),
    "AccessReview": Law("access_review", "owner_id"),
    "AccessReviewLine": Law("access_review_line", "owner_id"),
    "Order": Law("purchase_order", "buyer_id", _BUYS, "ORDER", lines=("OrderLine", "order_id")),
    "OrderLine": Law("order_line", "buyer_id", _BUYS, "ORDER", "item_id", "ship_to_id", "requested_on"),
    "ScheduleLine": Law("schedule_line", of=("OrderLine", "line_id")),
    "ScheduleRevision": Law("schedule_revision", of=("ScheduleLine", "schedule_line_id")),
    "ScheduleSlice": Law("schedule_slice", of=("ScheduleRevision", "revision_id")),
    "Shipment": Law("shipment", "seller_id", _SHIPS, "SHIPMENT", lines=("ShipmentLine", "shipment_id")),
    "ShipmentLine": Law("shipment_line", "seller_id", _SHIPS, "SHIPMENT", "item_id", "ship_to_id", "arrival_on"),
    "ShipmentEvent": Law("shipment_event", of=("Shipment", "shipment_id")),
    "Receipt": Law("receipt", of=("ShipmentLine", "shipment_line_id")),
    **_faces("DEMAND", "Forecast", "FORECAST"), **_faces("SELL_OUT", "SellOut", "SELL_OUT"), **_faces("COMMIT", "Commit", "COMMIT"),
    **_faces("PRODUCTION", "ProductionPlan", "PRODUCTION"), **_faces("CAPACITY", "Capacity", "CAPACITY"),
    "SeriesVersion": Law("series_version", "publisher_id", ("counterparty_id",)),
    "SeriesComment": Law("series_comment", "publisher_id", ("counterparty_id",)),
    "Risk": Law("risk", "owner_id", rule="RISK", item="item_id", site="site_id"),
    "ItemLink": Law("item_link", "owner_id", rule="STRUCTURE", item="parent_id"),
    "Disruption": Law("disruption", "sender_id", ("recipient_id",)),
    "DisruptionItem": Law("disruption_item", of=("Disruption", "disruption_id")),
    "DisruptionSite": Law("disruption_site", of=("Disruption", "disruption_id")),
    "DisruptionUpdate": Law("disruption_update", of=("Disruption", "disruption_id")),
    "Case": Law("case_file", "opener_id", ("counterparty_id",)),
    "CaseEntry": Law("case_entry", of=("Case", "case_id")),
    "CaseStep": Law("case_step", of=("Case", "case_id")),
    "CaseReference": Law("case_reference", of=("Case", "case_id")),
    "Breach": Law("breach", "affected_id", ("other_id",), evidence=("breach_evidence", "breach_id")),
    "BreachEvidence": Law("breach_evidence", of=("Breach", "breach_id")),
    "RelationshipProfile": Law("relationship_profile", "owner_id"),
    "Objective": Law("objective", "owner_id", ("counterparty_id",)),
    "RelationshipContact": Law("relationship_contact", "owner_id", ("counterparty_id",)),
    "RelationshipEvent": Law("relationship_event", of=("Relationship", "relationship_id")),
    "Agreement": Law("agreement", "provider_id", ("recipient_id",)),
    "AgreementVersion": Law("agreement_version", "provider_id", ("recipient_id",)),
    **{name: Law(table, of=("AgreementVersion", "version_id")) for name, table in _IN_A_VERSION.items()},
    "Integration": Law("integration", "partner_id"),
    "Credential": Law("credential", "partner_id"),
    "AuditEntry": Law("audit_entry", "partner_id"),
    **{
        name: Law(table, "partner_id")
        for name, table in (
            ("Document", "stored_document"), ("Frontend", "frontend"), ("IdentityProvider", "identity_provider"), ("Invitation", "invitation"),
            ("IdentityProviderVersion", "identity_provider_version"), ("Person", "person"), ("Session", "session"),
            ("SigningKey", "signing_key"),
        )
    },
    "AccessLogEntry": Law("access_log", "owner_id"),
    "ReadLogEntry": Law("access_log", "reader_id"),
    "Webhook": Law("webhook", "partner_id"),
    "WebhookDelivery": Law("webhook_delivery", "partner_id"),
    "InventoryPosition": _STOCK._replace(table="inventory_position"),
    "InventoryStatement": _STOCK._replace(table="inventory_statement"),
}
FAMILY = {
    "Agreement": "AGREEMENT", "AgreementVersion": "AGREEMENT", "Breach": "BREACH", "Case": "CASE", "Disruption": "DISRUPTION",
    "ItemAlias": "ITEM", "Relationship": "RELATIONSHIP", "RelationshipProfile": "RELATIONSHIP", "Objective": "RELATIONSHIP",
    "RelationshipContact": "RELATIONSHIP", "SharingRule": "SHARING_RULE", "Webhook": "WEBHOOK", "WebhookDelivery": "WEBHOOK",
}  # fmt: skip
"""What a credential must be for to read kinds that no rule opens; parts go with their whole."""
ROLES = {
    "SUPPLIER": ("SUPPLY", "provider_id"), "CUSTOMER": ("SUPPLY", "recipient_id"), "DISTRIBUTOR": ("DISTRIBUTION", "provider_id"),
    "CONTRACT_MANUFACTURER": ("CONTRACT_MANUFACTURING", "provider_id"), "LOGISTICS_PROVIDER": ("LOGISTICS", "provider_id"),
}  # fmt: skip


def _piece_law(piece: Row) -> Law:
    """How rules compare with a piece of evidence: as with the row it was taken from."""
    day = None if piece["day"] is None else "day"
    return Law("breach_evidence", "owner_id", rule=piece["rule_kind"], item="item_id", site="site_id", day=day)


def _of_value(band: Access) -> Access:
    """Who sees the value whose band this is."""
    return replace(band, name="SHAREABLE", group=(band.group or "").partition("~")[0])


def ladder(amount: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """The band of an amount, climbed step by step: 1, 2, 5, 10, 20, 50, ... and nothing below zero."""
    if amount is None or amount < 0:
        return None
    low, high = Decimal(0), Decimal(1)
    while amount >= high:
        low, high = high, high * (Decimal("2.5") if str(high)[0] == "2" else 2)
    return low, high


def _all_groups(rules: list[Row]) -> set[str]:
    return {group for rule in rules for group in rule["field_groups"]}


class Oracle:
    """What one partner may see at one instant."""

    def __init__(self, tables: Tables, viewer: UUID | Lens, now: datetime) -> None:
        self.lens = viewer if isinstance(viewer, Lens) else Lens(viewer)
        self.tables, self.me, self.now = tables, self.lens.partner_id, now
        self.rows = {
            kind: by_id(row for row in tables.get(law.table, ()) if law.only is None or row[law.only[0]] == law.only[1])
            for kind, law in LAWS.items()
        }
        self._links = [row for row in tables["relationship"] if self.me in (row["provider_id"], row["recipient_id"])]
        self.rules = [rule for rule in tables["sharing_rule"] if self._speaks_of_me(rule)]
        self._known: dict[UUID, list[Row]] = {}
        self._blocks = [row for row in tables.get("block_pair", ()) if row["state"] == "ACTIVE" and self.me in (row["one_id"], row["other_id"])]

    def apart(self, owner: UUID | None = None) -> set[UUID]:
        """From whom I am kept apart everywhere, and in the records of ``owner``."""
        found = set()
        for pair in self._blocks:
            if not pair["own_records_only"] or pair["owner_id"] == owner:
                found |= {pair["one_id"], pair["other_id"]} - {self.me}
        return found

    def _speaks_of_me(self, rule: Row) -> bool:
        """An ACTIVE rule, valid now, whose grantee I am by name or by role, while a relationship is ACTIVE."""
        if rule["state"] != "ACTIVE" or rule["owner_id"] == self.me or rule["valid_from"] > self.now:
            return False
        if rule["valid_until"] is not None and rule["valid_until"] <= self.now:
            return False
        if None not in (rule["purposes"], self.lens.purposes) and not set(rule["purposes"]) & set(self.lens.purposes):  # type: ignore[arg-type]
            return False
        if self.lens.kinds is not None and rule["kind"] not in self.lens.kinds:
            return False
        with_owner = [r for r in self._links if r["state"] == "ACTIVE" and rule["owner_id"] in (r["provider_id"], r["recipient_id"])]
        if rule["grantee_id"] is not None:
            return rule["grantee_id"] == self.me and bool(with_owner)
        kind, end = ROLES[rule["grantee_role"]]
        return any(r["kind"] == kind and r[end] == self.me for r in with_owner)

    def _covers(self, rule: Row, law: Law, row: Row) -> bool:
        if rule["kind"] != law.rule or rule["owner_id"] != row[law.owner]:
            return False
        if self.apart(row[law.owner]) & {row[law.owner], *(row[side] for side in law.parties), *row.get("seen_by", ())}:
            return False
        for named, column in ((rule["items"], law.item), (rule["sites"], law.site)):
            if named is not None and (column is None or row[column] not in named):
                return False
        away = (row[law.day] - self.now.date()) if law.day else timedelta(0)
        back, ahead = rule["days_back"], rule["days_ahead"]
        return (back is None or away >= -timedelta(days=back)) and (ahead is None or away <= timedelta(days=ahead))

    def covering(self, kind: str, row: Row) -> list[Row]:
        """The rules that cover a row; a header is covered by whatever covers one of its lines."""
        if row["id"] not in self._known:
            law = LAWS[kind]
            if law.lines is None:
                found = [rule for rule in self.rules if self._covers(rule, law, row)]
            else:
                line, key = law.lines
                found = [rule for each in self.rows[line].values() if each[key] == row["id"] for rule in self.covering(line, each)]
            self._known[row["id"]] = found
        return self._known[row["id"]]

    def held(self, kind: str, row: Row) -> bool:
        """Whether my credential is for records of this kind at all."""
        if self.lens.kinds is None or kind == "Partner":
            return True
        kind, row = self.whole(kind, row)
        if kind.startswith("Series"):
            series = next(each for each in self.tables["time_series"] if each["id"] == row["series_id"])
            kind = next(name for name, law in LAWS.items() if law.table == "time_series" and law.only == ("measure", series["measure"]))
        return (LAWS[kind].rule or FAMILY.get(kind)) in self.lens.kinds

    def visible(self, kind: str, row: Row) -> bool:
        law = LAWS[kind]
        if not self.held(kind, row):
            return False
        if kind == "Partner":
            met = {r[end] for r in self._links if r["state"] != "DECLINED" for end in ("provider_id", "recipient_id")}
            return row["id"] in met - self.apart() | {self.me}
        if law.of:
            return self.visible(*self.whole(kind, row))
        sides = [row[side] for side in (law.owner, *law.parties)]
        return self.me in sides or bool(self.covering(kind, row)) or self._proven(law, row)

    def _proven(self, law: Law, row: Row) -> bool:
        """Rules open some piece of its evidence, and none of it is hidden or less than exact."""
        table, key = law.evidence or ("", "")
        pieces = [each for each in self.tables.get(table, ()) if each[key] == row["id"]]
        opened = [[rule for rule in self.rules if self._covers(rule, _piece_law(each), each)] for each in pieces]
        return any(opened) and all(
            self.me in piece["seen_by"]
            or (piece["field_groups"] is not None and rules and set(piece["field_groups"]) <= _all_groups(rules))
            for piece, rules in zip(pieces, opened, strict=True)
        )

    def opening(self, kind: str, row: Row) -> list[Row]:
        """The rules under which a row is read: those that cover it, or open a value it was found in."""
        law = LAWS[kind]
        if law.evidence:
            table, key = law.evidence
            pieces = [each for each in self.tables.get(table, ()) if each[key] == row["id"]]
            return [
                rule for each in pieces for rule in self.rules
                if self._covers(rule, _piece_law(each), each) and {*rule["field_groups"]} & {*(each["field_groups"] or ())}
            ]  # fmt: skip
        return self.covering(kind, row) if law.rule else []

    def whole(self, kind: str, row: Row) -> tuple[str, Row]:
        """What a part is judged with."""
        law = LAWS[kind]
        return self.whole(law.of[0], self.rows[law.of[0]][row[law.of[1]]]) if law.of else (kind, row)

    def granted(self, kind: str, row: Row, access: Access) -> bool:
        kind, row = self.whole(kind, row)
        law = LAWS[kind]
        if access.name == "PUBLIC" or row[law.owner or "id"] == self.me:
            return access.name != "BAND"  # a band is shown to nobody who sees the value
        sides = () if access.name == "OWNER_ONLY" else law.parties if access.sides is None else access.sides
        if access.name == "BAND":
            return not self.granted(kind, row, _of_value(access)) and self._opened(kind, row, access)
        return self.me in [row[side] for side in sides] or self._opened(kind, row, access)

    def _opened(self, kind: str, row: Row, access: Access) -> bool:
        """By rules; what sums up a header takes a rule without limits."""
        if access.name not in ("SHAREABLE", "COMPLETE", "BAND"):
            return False
        limits = ("items", "sites", "days_back", "days_ahead") if access.whole else ()
        return any(
            (access.group is None or access.group in rule["field_groups"]) and all(rule[each] is None for each in limits)
            for rule in self.covering(kind, row)
        )
