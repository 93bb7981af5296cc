"""What a credential can be limited to besides token scopes: purposes, and kinds of records."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="What a credential can be limited to: records of a kind, with all that is part of them.")
class RecordKind(Enum):
    AGREEMENT = strawberry.enum_value("AGREEMENT", description="Agreements with their versions and clauses.")
    BREACH = strawberry.enum_value("BREACH", description="Exceptions with their evidence.")
    CAPACITY = strawberry.enum_value("CAPACITY", description="What could be made.")
    CASE = strawberry.enum_value("CASE", description="Cases.")
    COMMIT = strawberry.enum_value("COMMIT", description="Answers to forecasts.")
    DISRUPTION = strawberry.enum_value("DISRUPTION", description="Disruptions told of.")
    FORECAST = strawberry.enum_value("FORECAST", description="Forecasts.")
    INVENTORY = strawberry.enum_value("INVENTORY", description="Stock.")
    ITEM = strawberry.enum_value("ITEM", description="Items and their aliases.")
    ORDER = strawberry.enum_value("ORDER", description="Orders with their lines and schedules.")
    PRODUCTION = strawberry.enum_value("PRODUCTION", description="Production plans.")
    RELATIONSHIP = strawberry.enum_value(
        "RELATIONSHIP", description="Relationships with their contacts, profiles, objectives."
    )
    RISK = strawberry.enum_value("RISK", description="Entries of a risk register.")
    SELL_OUT = strawberry.enum_value("SELL_OUT", description="What final users took.")
    SHARING_RULE = strawberry.enum_value("SHARING_RULE", description="Your sharing rules.")
    SHIPMENT = strawberry.enum_value("SHIPMENT", description="Shipments with their lines, events and receipts.")
    SITE = strawberry.enum_value("SITE", description="Sites.")
    STRUCTURE = strawberry.enum_value("STRUCTURE", description="Links between items.")
    WEBHOOK = strawberry.enum_value("WEBHOOK", description="Your webhooks.")
