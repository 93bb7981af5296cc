"""What a disruption may touch, as far as the asker could have queried it: policy holds by construction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode
from scmhub.partners.order_states import FINISHED
from scmhub.quantity import parse_decimal

_NOTICE = """
query($id: ID!) {
  it: disruption(by: {id: $id}) {
    sender { id } recipient { id }
    items(first: 100) { nodes { item { id } } } sites(first: 100) { nodes { site { id } } }
  }
}
"""
_LINES = """
query($items: [ID!], $sites: [ID!], $sender: ID!, $recipient: ID!) {
  found: orderLines(first: 250, where: {
    or: [{item: {in: $items}}, {shipTo: {in: $sites}}]
    and: [
      {or: [{seller: {eq: $sender}}, {buyer: {eq: $sender}}]}
      {or: [{seller: {eq: $recipient}}, {buyer: {eq: $recipient}}]}
      {not: {status: {in: [FINISHED]}}}
    ]
  }) {
    nodes { id order { id } item { id } shipTo { id } requestedOn quantity { value unit } } pageInfo { hasNextPage }
  }
}
""".replace("FINISHED", ", ".join(FINISHED))
_SERIES = """
query($items: [ID!]) {
  FACE(first: 250, where: {item: {in: $items}}) { nodes { id item { id } } pageInfo { hasNextPage } }
}
"""
_FACES = ("forecasts", "commits", "productionPlans")


@strawberry.type(description="An order line that a disruption may touch.")
class ExposedOrderLine:
    order_line: strawberry.ID = strawberry.field(description="Id of the line.")
    order: strawberry.ID | None = strawberry.field(description="Id of its order.")
    item: strawberry.ID | None = strawberry.field(description="Id of its item.")
    ship_to: strawberry.ID | None = strawberry.field(description="Id of the site it goes to.")
    requested_on: date = strawberry.field(description="Day asked for.")
    quantity: Decimal = strawberry.field(description="How much is ordered.")
    unit: UnitCode = strawberry.field(description="Unit of that.")


@strawberry.type(description="A time series that a disruption may touch.")
class ExposedSeries:
    series: strawberry.ID = strawberry.field(description="Id of the series.")
    item: strawberry.ID | None = strawberry.field(description="Id of its item.")


@strawberry.type(description="What a disruption may touch, of what you may see.")
class DisruptionExposure:
    order_lines: list[ExposedOrderLine] = strawberry.field(
        description="Lines between sender and recipient, of its items or to its sites, not yet received; at most 250."
    )
    series: list[ExposedSeries] = strawberry.field(
        description="Forecasts, commits and production plans of its items; at most 750."
    )
    complete: bool = strawberry.field(description="Whether nothing you may see was left out by these bounds.")


@question(
    "disruptionExposure",
    "Order lines and time series that a disruption notice may touch, as far as you may see them; null if there is no "
    "such notice for you.",
    price=500,
)
async def disruption_exposure(
    info: strawberry.Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the notice.")]
) -> DisruptionExposure | None:
    ask = info.context["ask"]
    notice = (await ask(_NOTICE, {"id": id}))["it"]
    if notice is None:
        return None
    items = [each["item"]["id"] for each in notice["items"]["nodes"]]
    sites = [each["site"]["id"] for each in notice["sites"]["nodes"]]
    sides = {"sender": notice["sender"]["id"], "recipient": notice["recipient"]["id"]}
    lines = (await ask(_LINES, {"items": items, "sites": sites, **sides}))["found"]
    pages = [(await ask(_SERIES.replace("FACE", f"found: {face}"), {"items": items}))["found"] for face in _FACES]
    return DisruptionExposure(
        order_lines=[_line(each) for each in lines["nodes"]],
        series=[
            ExposedSeries(series=each["id"], item=_id(each["item"])) for page in pages for each in page["nodes"]
        ],
        complete=not any(page["pageInfo"]["hasNextPage"] for page in (lines, *pages)),
    )  # fmt: skip


def _line(found: dict[str, Any]) -> ExposedOrderLine:
    return ExposedOrderLine(
        order_line=found["id"], order=_id(found["order"]), item=_id(found["item"]), ship_to=_id(found["shipTo"]),
        requested_on=date.fromisoformat(found["requestedOn"]), quantity=parse_decimal(found["quantity"]["value"]),
        unit=UnitCode(found["quantity"]["unit"]),
    )  # fmt: skip


def _id(link: dict[str, Any] | None) -> strawberry.ID | None:
    return strawberry.ID(link["id"]) if link else None
