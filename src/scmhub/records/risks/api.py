"""Risk and Disruption, as callers see them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.specs import column, many, money, one, withheld
from scmhub.records.risks import model
from scmhub.sharing.access import OWNER_ONLY, PUBLIC, shareable
from scmhub.sharing.policy import Owned

ASSESSMENT = shareable("assessment")
MITIGATION = shareable("mitigation")


@strawberry.enum(description="Leading root cause, in the words of CX-0146.")
class RootCause(Enum):
    STRIKE = strawberry.enum_value("STRIKE", description="People refuse to work.")
    NATURAL_DISASTER = strawberry.enum_value("NATURAL_DISASTER", description="Flood, quake, storm, fire of nature.")
    PRODUCTION_INCIDENT = strawberry.enum_value("PRODUCTION_INCIDENT", description="Something broke in production.")
    PANDEMIC_OR_EPIDEMIC = strawberry.enum_value("PANDEMIC_OR_EPIDEMIC", description="Illness on a large scale.")
    LOGISTICS_DISRUPTION = strawberry.enum_value("LOGISTICS_DISRUPTION", description="Goods cannot be moved.")
    WAR = strawberry.enum_value("WAR", description="Armed conflict.")
    OTHER = strawberry.enum_value("OTHER", description="None of these.")


@strawberry.enum(description="What a disruption does, in the words of CX-0146.")
class DisruptionEffect(Enum):
    DEMAND_REDUCTION = strawberry.enum_value("DEMAND_REDUCTION", description="Less will be needed.")
    DEMAND_INCREASE = strawberry.enum_value("DEMAND_INCREASE", description="More will be needed.")
    CAPACITY_REDUCTION = strawberry.enum_value("CAPACITY_REDUCTION", description="Less can be made or moved.")
    CAPACITY_INCREASE = strawberry.enum_value("CAPACITY_INCREASE", description="More can be made or moved.")


@strawberry.enum(description="Where a risk stands.")
class RiskState(Enum):
    REGISTERED = strawberry.enum_value("REGISTERED", description="It may happen.")
    OPEN = strawberry.enum_value("OPEN", description="It has happened and lasts.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="It happened and is over.")
    RETIRED = strawberry.enum_value("RETIRED", description="It is no longer a risk.")


@strawberry.enum(description="Where a disruption stands.")
class DisruptionState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="It lasts.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="It is over.")


@strawberry.enum(description="What the recipient of a notice may pass on to its own direct partners.")
class ForwardConsent(Enum):
    NONE = strawberry.enum_value("NONE", description="Nothing.")
    MASKED = strawberry.enum_value("MASKED", description="Cause, effect and dates; not who, where, or in what words.")
    NAMED = strawberry.enum_value("NAMED", description="The same, and the name of the origin.")


@kind(
    model.RiskTable, prefix="rsk", single="risk", plural="risks", stream="riskChanges",
    filters=("state", "item", "site", "owner", "review_on"),
    policy=Owned(owner="owner_id", kind="RISK", item="item_id", site="site_id"),
)  # fmt: skip
class Risk:
    """One entry of a risk register: what might happen to an item or a site, how bad, and what is done about it."""

    owner = one("Partner", PUBLIC, "Whose register it is in.", by="owner_id")
    item = one("Item", PUBLIC, "The item at risk, if one.", by="item_id")
    site = one("Site", PUBLIC, "The site at risk, if one.", by="site_id")
    state: RiskState = column(PUBLIC, "Where it stands.")
    review_on: date | None = column(PUBLIC, "When it will be looked at again.")
    title: str | None = column(ASSESSMENT, "What might happen, in a line.")
    cause: RootCause | None = column(ASSESSMENT, "What would cause it.")
    likelihood: int | None = column(ASSESSMENT, "How likely, from 1 to 5.")
    impact: int | None = column(ASSESSMENT, "How bad, from 1 to 5.")
    impact_amount = money(ASSESSMENT, "How bad in money; null if not estimated.", amount="impact_amount")
    note: str | None = column(ASSESSMENT, "More about it.")
    time_to_recover_days: int | None = column(
        ASSESSMENT, "Days until full recovery; null: not known, which is not zero."
    )
    declared_on: date | None = column(ASSESSMENT, "When the time to recover was declared.")
    occurred_at: datetime | None = column(ASSESSMENT, "When it happened.")
    mitigation: str | None = column(MITIGATION, "What is done about it.")
    mitigation_owner: str | None = column(OWNER_ONLY, "Who does it.")
    mitigation_due_on: date | None = column(MITIGATION, "By when.")
    measure: str | None = column(MITIGATION, "What resolved it.")
    resolved_at: datetime | None = column(MITIGATION, "When it was over.")
    version: int | None = column(OWNER_ONLY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


NOTICE = Owned(owner="sender_id", parties=("recipient_id",))


@kind(
    model.DisruptionTable, prefix="dis", policy=NOTICE, single="disruption", plural="disruptions",
    stream="disruptionChanges", orders={"STARTS_AT": "starts_at"},
    filters=("state", "cause", "effect", "sender", "recipient", "starts_at", "reference", "source"),
)  # fmt: skip
class Disruption:
    """A notice that something has happened: one sender, one recipient, nobody else."""

    sender = one("Partner", PUBLIC, "Who says so; owner of the record.", by="sender_id")
    recipient = one("Partner", PUBLIC, "Who is told.", by="recipient_id")
    reference: str | None = column(OWNER_ONLY, "The sender's own key, such as one for all notices of one event.")
    cause: RootCause = column(PUBLIC, "Leading root cause.")
    effect: DisruptionEffect = column(PUBLIC, "What it does.")
    starts_at: datetime = column(PUBLIC, "Since when.")
    expected_end_at: datetime | None = column(PUBLIC, "Until when, as expected; null: not known.")
    text: str = column(PUBLIC, "What happened, in the sender's words.")
    state: DisruptionState = column(PUBLIC, "Where it stands.")
    measure: str | None = column(PUBLIC, "What resolved it.")
    reported_at: datetime = column(PUBLIC, "When it was reported.")
    updated_at: datetime = column(PUBLIC, "As of when the sender last spoke.")
    resolved_at: datetime | None = column(PUBLIC, "When it was over.")
    consent: ForwardConsent = column(PUBLIC, "What the recipient may pass on.")
    origin = one(
        "Partner", PUBLIC, "Whom it happened to, where it agreed to be named and is not the sender.", by="origin_id"
    )
    source = one("Disruption", OWNER_ONLY, "The notice that it forwards.", by="source_id")
    resolve_with_source: bool | None = column(OWNER_ONLY, "Whether it is resolved when its source is.")
    items = many("DisruptionItem", "Items of the sender or the recipient that it touches.", by="disruption_id")
    sites = many("DisruptionSite", "Sites of the sender or the recipient that it touches.", by="disruption_id")
    updates = many("DisruptionUpdate", "What the sender said later.", by="disruption_id", order="update_no")
    version: int | None = column(OWNER_ONLY, "Counts the changes; to be sent as `expectedVersion`.")


@kind(model.DisruptionItemTable, prefix="dsi", policy=NOTICE, part_of=("Disruption", "disruption_id"))
class DisruptionItem:
    """One item that a disruption touches."""

    item = one("Item", PUBLIC, "The item.", by="item_id")


@kind(model.DisruptionSiteTable, prefix="dss", policy=NOTICE, part_of=("Disruption", "disruption_id"))
class DisruptionSite:
    """One site that a disruption touches."""

    site = one("Site", PUBLIC, "The site.", by="site_id")


@kind(model.DisruptionUpdateTable, prefix="dsu", policy=NOTICE, part_of=("Disruption", "disruption_id"))
class DisruptionUpdate:
    """What the sender of a disruption said later; never changed."""

    update_no: int = column(PUBLIC, "Number within the notice, from 1.")
    as_of: datetime = column(PUBLIC, "As of when it is so.")
    text: str = column(PUBLIC, "What is new.")
    expected_end_at: datetime | None = column(PUBLIC, "Until when, as expected then.")
    recorded_at: datetime = column(PUBLIC, "When the hub recorded it.")


extend("Item", risks=many("Risk", "Risks of it that you may see.", by="item_id"))
extend("Site", risks=many("Risk", "Risks of it that you may see.", by="site_id"))
