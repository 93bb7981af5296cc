"""The five faces of a time series, their points, versions and comments, as callers see them.

What speaks of a whole series (version, when it was last published) is a field group of its own: to whom only the next
28 days are shared, a new version number would tell that something beyond them has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.scalars import UnitCode
from scmhub.graph.specs import Narrow, column, many, one, withheld
from scmhub.records.forecasts import model
from scmhub.sharing.access import PUBLIC, shareable
from scmhub.sharing.policy import Lines, Owned

QUANTITY = shareable("quantity", bands=True)
PARTIES = shareable("parties")
VERSIONS = shareable("versions")
REASONS = shareable("reasons")


@strawberry.enum(description="How long a period of a series is.")
class Bucket(Enum):
    DAY = strawberry.enum_value("DAY", description="One day.")
    WEEK = strawberry.enum_value("WEEK", description="Seven days from a Monday.")
    MONTH = strawberry.enum_value("MONTH", description="A calendar month.")


@strawberry.enum(description="Which capacity is stated.")
class CapacityBasis(Enum):
    ACTUAL = strawberry.enum_value("ACTUAL", description="What can be made as things stand.")
    MAXIMUM = strawberry.enum_value("MAXIMUM", description="What can be made at most, with extra effort.")
    AGREED = strawberry.enum_value("AGREED", description="What both sides agreed to hold ready.")


@strawberry.enum(description="The provider's answer to the demand of one period.")
class CommitResponse(Enum):
    COMMITTED = strawberry.enum_value("COMMITTED", description="All that was asked for, or more.")
    PARTIAL = strawberry.enum_value("PARTIAL", description="Some of what was asked for.")
    REJECTED = strawberry.enum_value("REJECTED", description="Nothing of what was asked for.")


@strawberry.enum(description="Where a version stands.")
class SeriesVersionState(Enum):
    PUBLISHED = strawberry.enum_value("PUBLISHED", description="The newest one.")
    SUPERSEDED = strawberry.enum_value("SUPERSEDED", description="A newer one has been published.")


@dataclass(frozen=True, slots=True)
class Face:
    """One measure as a kind of its own. ``extra`` and ``extra_point``: field name -> (type or None, declaration)."""

    name: str
    measure: str
    rule_kind: str
    prefixes: tuple[str, str]
    plural: str
    text: str
    point_text: str
    quantity_text: str
    counterparty_text: str
    extra: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    extra_point: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    filters: tuple[str, ...] = ()

    @property
    def single(self) -> str:
        return self.name[0].lower() + self.name[1:]

    @property
    def single_link(self) -> str:
        """Name of a field that links to it: ``sell_out``."""
        return "".join(f"_{each.lower()}" if each.isupper() else each for each in self.name).lstrip("_")

    @property
    def point(self) -> str:
        return f"{self.name}Point"


_CATEGORY = (
    str, column(PUBLIC, "Demand category of CX-0128: A1S1 after-sales, SR99 series, 0001 default.", source="basis")
)  # fmt: skip
FACES = {
    face.measure: face
    for face in (
        Face(
            "Forecast", "DEMAND", "FORECAST", ("fcs", "fcp"), "forecasts",
            "What a partner expects to need of an item, period by period.", "The demand expected in one period.",
            "How much is expected to be needed.", "The provider it is meant for; null if it names none.",
            {
                "category": _CATEGORY,
                "commits": (None, many("Commit", "What providers commit to in answer to it.", by="answers_series_id")),
            },
            filters=("category",),
        ),
        Face(
            "SellOut", "SELL_OUT", "SELL_OUT", ("sls", "slp"), "sellOuts",
            "What final users took of an item, past period by past period.", "What was taken in one period.",
            "How much was taken.", "The partner it is meant for; null if it names none.",
        ),
        Face(
            "Commit", "COMMIT", "COMMIT", ("cms", "cmp"), "commits",
            "What a provider will deliver, in answer to a version of a forecast.", "The answer for one period.",
            "How much is committed.", "The recipient whose forecast it answers.",
            {
                "category": _CATEGORY,
                "forecast": (None, one("Forecast", PUBLIC, "The forecast it answers.", by="answers_series_id")),
                "answers_version_no": (
                    int | None, column(VERSIONS, "Version of the forecast that the newest version answers.")
                ),
            },
            {"response": (CommitResponse | None, column(QUANTITY, "What the quantity is to the demand it answers."))},
            filters=("category", "forecast"),
        ),
        Face(
            "ProductionPlan", "PRODUCTION", "PRODUCTION", ("pps", "ppp"), "productionPlans",
            "What a partner plans to make of an item, period by period.", "The output planned for one period.",
            "How much is to be made.", "The recipient it is meant for; null if it names none.",
        ),
        Face(
            "Capacity", "CAPACITY", "CAPACITY", ("cps", "cpp"), "capacities",
            "What a partner could make of an item, period by period.", "The capacity of one period.",
            "How much could be made.", "The recipient it is meant for; null if it names none.",
            {"basis": (CapacityBasis, column(PUBLIC, "Which capacity this is."))},
            filters=("basis",),
        ),
    )
}  # fmt: skip
"""Measure -> face."""

_PERIODS = (
    Narrow("start", date, "Only periods that start on this day or later.", "starts_on", ">="),
    Narrow("end", date, "Only periods that start on this day or earlier.", "starts_on"),
)
_KNOWN = Narrow("as_of", datetime, "What was known at this instant; default: what is known now.", "known_from",
                until="known_until")  # fmt: skip
_SINCE_VERSION = Narrow("since_version", int, "Only from this version on.", "version_no", ">=")


def _point_policy(face: Face) -> Owned:
    return Owned(
        owner="publisher_id", parties=("counterparty_id",), kind=face.rule_kind, item="item_id", site="site_id",
        day="starts_on", only=("measure", face.measure),
    )  # fmt: skip


def _series_policy(face: Face) -> Owned:
    return Owned(
        owner="publisher_id", parties=("counterparty_id",), kind=face.rule_kind, only=("measure", face.measure),
        through=Lines(_point_policy(face), "series_point", "series_id", repeats=("item_id", "site_id")),
    )  # fmt: skip


def _series_fields(face: Face) -> dict[str, tuple[Any, Any]]:
    return {
        "publisher": (None, one("Partner", PUBLIC, "Who states it; owner of the record.", by="publisher_id")),
        "counterparty": (None, one("Partner", PARTIES, face.counterparty_text, by="counterparty_id")),
        "item": (None, one("Item", PUBLIC, "What it is about.", by="item_id")),
        "site": (None, one("Site", PUBLIC, "The place it is about; null if it names none.", by="site_id")),
        "bucket": (Bucket, column(PUBLIC, "How long its periods are.")),
        "unit": (UnitCode, column(PUBLIC, "Unit of all its quantities.", plain=True)),
        **face.extra,
        "version_no": (int | None, column(VERSIONS, "Counts its versions; to be sent as `expectedVersion`.")),
        "published_at": (datetime | None, column(VERSIONS, "When its newest version was published.")),
        "reason": (str | None, column(REASONS, "Why the newest version was published, in the publisher's words.")),
        "points": (None, many(face.point, "One per period known; a period that is not here is unknown, not zero.",
                              by="series_id", order="starts_on", default=52, most=250, narrow=(*_PERIODS, _KNOWN))),
        "point_history": (None, many(face.point, "All that was ever stated, period by period, in no order of time.",
                                     by="series_id", order="starts_on", default=52, most=250, narrow=_PERIODS)),
        "versions": (None, many("SeriesVersion", "Its versions, oldest first; for publisher and counterparty.",
                                by="series_id", order="version_no", default=10, narrow=(_SINCE_VERSION,))),
        "comments": (None, many("SeriesComment", "What both sides said about it; for publisher and counterparty.",
                                by="series_id", order="recorded_at")),
        "created_at": (datetime, column(PUBLIC, "When it was first published.")),
        "withheld": (None, withheld()),
    }  # fmt: skip


def _point_fields(face: Face) -> dict[str, tuple[Any, Any]]:
    return {
        face.single_link: (None, one(face.name, PUBLIC, "The series it belongs to.", by="series_id")),
        "starts_on": (date, column(PUBLIC, "First day of the period; the day sharing windows look at.")),
        "quantity": (Decimal | None, column(QUANTITY, f"{face.quantity_text} In the series' unit.")),
        "upside": (Decimal | None, column(QUANTITY, "How much more it might be; null if not stated.")),
        **face.extra_point,
        "known_from": (datetime, column(PUBLIC, "When this number was published.")),
        "known_until": (datetime | None, column(PUBLIC, "When it was replaced or withdrawn; null: it holds.")),
        "version_no": (int | None, column(VERSIONS, "The version that brought it.", source="version_no_from")),
        "withheld": (None, withheld()),
    }  # fmt: skip


def _class(name: str, text: str, fields: dict[str, tuple[Any, Any]]) -> type:
    annotations = {each: type_ for each, (type_, _) in fields.items() if type_ is not None}
    declared = {each: spec for each, (_, spec) in fields.items()}
    return type(name, (), {"__doc__": text, "__annotations__": annotations, "__module__": __name__, **declared})


def _declare(face: Face) -> None:
    """The two kinds of one face."""
    series, point = face.prefixes
    filters = ("item", "site", "bucket", "published_at", "publisher", "counterparty", *face.filters)
    declare = kind(
        model.TimeSeriesTable, prefix=series, policy=_series_policy(face), single=face.single, plural=face.plural,
        stream=f"{face.single}Changes", filters=filters,
    )  # fmt: skip
    declare(_class(face.name, face.text, _series_fields(face)))
    kind(model.SeriesPointTable, prefix=point, policy=_point_policy(face))(
        _class(face.point, face.point_text, _point_fields(face))
    )


for _each in FACES.values():
    _declare(_each)


def _links() -> dict[str, Any]:
    """The series something hangs on, as whichever face it has."""
    return {
        face.single_link: one(face.name, PUBLIC, f"The series, if it is a {face.name}.", by="series_id")
        for face in FACES.values()
    }


_SERIES = ("series_id", "time_series")
_BOTH = Owned(owner="publisher_id", parties=("counterparty_id",))


@kind(model.SeriesVersionTable, prefix="fcv", policy=_BOTH, follows=_SERIES)
class SeriesVersion:
    """One publish that changed something, for publisher and counterparty only: it speaks of all periods at once."""

    version_no: int = column(PUBLIC, "Number within the series, from 1.")
    state: SeriesVersionState = column(PUBLIC, "Whether a newer one has been published.")
    published_at: datetime = column(PUBLIC, "When it was published; read `points(asOf:)` with it.")
    reason: str | None = column(PUBLIC, "Why, in the publisher's words.")
    periods_changed: int = column(PUBLIC, "How many periods it changed, added or withdrew.")
    answers_version_no: int | None = column(PUBLIC, "Of a commit: the version of the forecast it answers.")
    answers_superseded: bool = column(PUBLIC, "Of a commit: a newer forecast had been published by then.")


@kind(model.SeriesCommentTable, prefix="fcc", policy=_BOTH, follows=_SERIES)
class SeriesComment:
    """What one side said about a series, or about one period of it; for publisher and counterparty only."""

    author = one("Partner", PUBLIC, "Who said it.", by="author_id")
    starts_on: date | None = column(PUBLIC, "First day of the period meant; null: the series as a whole.")
    text: str = column(PUBLIC, "What was said.")
    recorded_at: datetime = column(PUBLIC, "When the hub recorded it.")


extend("SeriesVersion", **_links())
extend("SeriesComment", **_links())
extend(
    "Item",
    forecasts=many("Forecast", "Forecasts of it that you may see.", by="item_id"),
    sell_outs=many("SellOut", "What was sold of it, as far as you may see.", by="item_id"),
    commits=many("Commit", "Commits on it that you may see.", by="item_id"),
    production_plans=many("ProductionPlan", "Production plans of it that you may see.", by="item_id"),
    capacities=many("Capacity", "Capacities for it that you may see.", by="item_id"),
)
