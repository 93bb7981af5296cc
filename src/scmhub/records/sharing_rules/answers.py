"""What the questions about policy are answered with; the hub's own types, not records, so they are not planned."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry


@strawberry.enum(description="Why a partner sees a record.")
class VisibilityBasis(Enum):
    OWNER = strawberry.enum_value("OWNER", description="It is its own.")
    PARTY = strawberry.enum_value("PARTY", description="It is a party of it, or related to the partner it is.")
    RULE = strawberry.enum_value("RULE", description="A sharing rule of the owner opens it.")


@strawberry.enum(description="The first condition of a rule that is not met, in this order, or COVERS.")
class RuleVerdictCode(Enum):
    STATE = strawberry.enum_value("STATE", description="The rule is not ACTIVE.")
    VALIDITY = strawberry.enum_value("VALIDITY", description="It is not valid now.")
    KIND = strawberry.enum_value("KIND", description="It opens records of another kind.")
    GRANTEE = strawberry.enum_value("GRANTEE", description="It names another partner.")
    PURPOSE = strawberry.enum_value("PURPOSE", description="It is for other purposes than you ask for.")
    RELATIONSHIP = strawberry.enum_value(
        "RELATIONSHIP",
        description="As things stand between the partners concerned, it opens the record to others only.",
    )
    ITEM = strawberry.enum_value("ITEM", description="It is about other items.")
    SITE = strawberry.enum_value("SITE", description="It is about other sites.")
    WINDOW = strawberry.enum_value("WINDOW", description="The record's day lies outside its window today.")
    FIELD = strawberry.enum_value("FIELD", description="It covers the record but does not open the field asked about.")
    COVERS = strawberry.enum_value(
        "COVERS", description="It opens the record, and the field asked about if any, exactly or as a band."
    )


@strawberry.enum(description="What to think about before activating a rule.")
class SimulationWarningCode(Enum):
    NO_GRANTEES = strawberry.enum_value("NO_GRANTEES", description="Nobody gains anything today.")
    TOO_LARGE = strawberry.enum_value("TOO_LARGE", description="It is too large to be activated; split it.")
    FUTURE_ITEMS = strawberry.enum_value("FUTURE_ITEMS", description="It speaks of all items: later ones are included.")
    FORWARD_LOOKING = strawberry.enum_value("FORWARD_LOOKING", description="It opens records of days to come.")
    COMPETITOR_REACHABLE = strawberry.enum_value(
        "COMPETITOR_REACHABLE", description="It is to you what another party of the records it would see is."
    )


@strawberry.enum(description="How precisely a field is shown.")
class FieldPrecision(Enum):
    EXACT = strawberry.enum_value("EXACT", description="Its value.")
    BAND = strawberry.enum_value("BAND", description="The band its amount lies in; see the field of its name + `Band`.")


@strawberry.type(description="A partner, named.")
class PartnerCard:
    id: strawberry.ID = strawberry.field(description="Its id.")
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="A rule that opens a record.")
class ScopeReason:
    rule: strawberry.ID = strawberry.field(description="Id of the rule; only its owner can read the rule itself.")
    owner: PartnerCard = strawberry.field(description="Whose rule it is.")
    field_groups: list[str] = strawberry.field(description="Field groups it opens; `stock~band`: as bands.")
    valid_until: datetime | None = strawberry.field(description="When it ends; null: open.")


@strawberry.type(description="Whether one field of a record is shown, and why.")
class FieldVisibility:
    name: str = strawberry.field(description="The field.")
    field_group: str | None = strawberry.field(description="Its field group; null if no rule can open it by itself.")
    exact: bool = strawberry.field(description="Whether its value is shown.")
    precision: FieldPrecision | None = strawberry.field(description="How precisely it is shown; null if withheld.")
    basis: VisibilityBasis | None = strawberry.field(description="Why it is shown; null if it is withheld.")
    scopes: list[ScopeReason] = strawberry.field(description="The rules that open it.")


@strawberry.type(description="What one of your rules does for a partner and a record.")
class RuleVerdict:
    rule: strawberry.ID = strawberry.field(description="Id of the rule.")
    verdict: RuleVerdictCode = strawberry.field(description="The first condition that is not met, or COVERS.")


@strawberry.type(description="Why a record is visible.")
class VisibilityExplanation:
    basis: VisibilityBasis | None = strawberry.field(
        description="The strongest reason; null if the partner asked about in `as` does not see the record."
    )
    scopes: list[ScopeReason] = strawberry.field(description="At most 250 rules that open it, besides that reason.")
    field: FieldVisibility | None = strawberry.field(description="The field asked about.")
    verdicts: list[RuleVerdict] = strawberry.field(
        description="With `as`: at most 250 of your rules and what each lacks, nearest first; else empty."
    )


@strawberry.type(description="A partner that sees a record of yours.")
class VisibilityEntry:
    partner: PartnerCard = strawberry.field(description="Who.")
    basis: VisibilityBasis = strawberry.field(description="Why: PARTY or RULE.")
    field_groups: list[str] = strawberry.field(description="Field groups it sees by that; `stock~band`: as bands.")
    rule: strawberry.ID | None = strawberry.field(description="Id of your rule; null for a party.")
    until: datetime | None = strawberry.field(description="When that rule ends; null: open.")


@strawberry.type(description="A field group of your records that a partner has open now.")
class AccessCell:
    partner: PartnerCard = strawberry.field(description="Who.")
    field_group: str = strawberry.field(description="Which field group; `stock~band`: as bands.")
    rules: list[strawberry.ID] = strawberry.field(description="Ids of your rules that open it.")
    until: datetime | None = strawberry.field(description="When the last of them ends; null: open.")


@strawberry.type(description="In how many records a field group is gained.")
class GroupGain:
    field_group: str = strawberry.field(description="Which field group; `stock~band`: as bands.")
    rows_gained: int = strawberry.field(description="Records whose fields of this group become visible like that.")


@strawberry.type(description="What a partner would gain of one kind of record.")
class KindGain:
    kind: str = strawberry.field(description="Name of the record type, such as Order.")
    rows_gained: int = strawberry.field(description="Records that become visible.")
    field_groups: list[GroupGain] = strawberry.field(description="The same by field group.")
    samples: list[strawberry.ID] = strawberry.field(description="Ids of at most five of these records, newest first.")


@strawberry.type(description="What a partner would gain.")
class GranteeGain:
    partner: PartnerCard = strawberry.field(description="Who.")
    kinds: list[KindGain] = strawberry.field(description="Of which records.")


@strawberry.type(description="Something to think about before activating a rule.")
class SimulationWarning:
    code: SimulationWarningCode = strawberry.field(description="What.")
    partner: PartnerCard | None = strawberry.field(description="About whom; null: about the rule.")


@strawberry.type(description="What a rule would open beyond all others, on the first day it is valid.")
class SharingRuleSimulation:
    grantees: list[GranteeGain] = strawberry.field(description="By partner; at most 100.")
    warnings: list[SimulationWarning] = strawberry.field(description="What to think about.")
    complete: bool = strawberry.field(
        description="False if a limit was met (100 partners, 10,000 records of a kind, 100,000 multiplied): then "
        "the newest records were counted."
    )
