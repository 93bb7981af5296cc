"""What a statement may not be made of, and what a room may not declare: each refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.database.fragment import Cell, Fragment, Relation, literal, sql
from scmhub.database.tables import metadata
from scmhub.graph.checks import BadDeclaration, check_kind
from scmhub.graph.declare import REGISTRY, Kind, Registry
from scmhub.graph.specs import Column, Many, One, Pair
from scmhub.schema import load_schema
from scmhub.sharing.access import PARTY, PUBLIC, shareable
from scmhub.sharing.policy import Owned
from scmhub.sharing.preview import PREVIEWER, Seal
from scmhub.sharing.proof import PolicyBypassed, prove
from scmhub.sharing.rows import ME, Row

load_schema()
TABLES = metadata.tables
ROW = Row(Owned(owner="buyer_id"), "purchase_order", "t1")


def bare_table() -> Fragment:
    return sql("select count(*) from {}", Relation("purchase_order", "t1", None))


def forged_seal() -> Fragment:
    return sql("select count(*) from {}", Relation("purchase_order", "t1", object()))


def bare_cell() -> Fragment:
    return sql("select {} from {}", Cell("purchase_order", "t1", "total_amount", None), ROW.source())


def table_in_text() -> Fragment:
    return sql("select count(*) from purchase_order")


def quoted_table_in_text() -> Fragment:
    return sql('select count(*) from "purchase_order" o')


def cell_in_text() -> Fragment:
    return sql("select t1.total_amount from {}", ROW.source())


def scope_in_text() -> Fragment:
    return sql("select tokens from scope")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (bare_table, "table purchase_order is read without its visible source"),
        (forged_seal, "table purchase_order is read without its visible source"),
        (bare_cell, "column purchase_order.total_amount is read past its mask"),
        (table_in_text, "table purchase_order is named in text"),
        (quoted_table_in_text, "table purchase_order is named in text"),
        (cell_in_text, "raw column access in 'select t1.total_amount from '"),
        (scope_in_text, "table scope is named in text"),
    ],
)
def test_a_hand_made_statement_is_a_bypass(made: Any, message: str) -> None:
    with pytest.raises(PolicyBypassed) as caught:
        prove(made(), TABLES)
    assert str(caught.value) == message


def test_a_quoted_constant_may_name_anything() -> None:
    prove(sql("select {}, {}", literal("purchase_order t1.total"), literal("it's \\ scope")), TABLES)


def test_what_policy_made_passes() -> None:
    prove(sql("select {} from {} where {}", ROW.cell("id"), ROW.source(), ROW.policy.visible(ROW)), TABLES)


# -- previews ----------------------------------------------------------------------------------------------------------

PREVIEWED = Row(Owned(owner="buyer_id", in_preview=True), "purchase_order", "t1")


def test_a_preview_is_refused_unless_each_table_is_entered_for_the_previewers_rows() -> None:
    prove(sql("select 1 from {}", PREVIEWED.source()), TABLES, preview=True)
    own = Relation("purchase_order", "t1", Seal.OWN)
    other = Row(PREVIEWED.policy, "purchase_order", "t2")
    for made in (
        sql("select 1 from {}", ROW.source()),
        sql("select 1 from {}", own),
        sql("select 1 from (select * from {} where {} = {}) t1", own, PREVIEWED.cell("buyer_id"), ME),
        sql("select 1 from (select * from {} where {} = {}) t1", own, other.cell("buyer_id"), PREVIEWER),
        sql("select 1 from (select * from {} where {} <> {}) t1", own, PREVIEWED.cell("buyer_id"), PREVIEWER),
    ):
        with pytest.raises(PolicyBypassed, match="purchase_order is read for others than the previewer"):
            prove(made, TABLES, preview=True)


# -- declarations ------------------------------------------------------------------------------------------------------

ORDER = REGISTRY.kinds["Order"]
SITE = REGISTRY.kinds["Site"]


def with_field(name: str, spec: Any, of: Any = str | None, base: Kind = ORDER, **changes: Any) -> Kind:
    values = {each: getattr(base, each) for each in Kind.__dataclass_fields__}
    values |= {"fields": base.fields | {name: spec}, "types": base.types | {name: of}} | changes
    return Kind(**values)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (with_field("x", Column("lower", PUBLIC, "status")), "Order.x: needs a description that starts with a capital"),
        (with_field("x", Column("Text.", PUBLIC, "nowhere")), "Order.x: table purchase_order has no column nowhere"),
        (
            with_field("x", Column("Text.", PARTY, "status"), str),
            "Order.x: may be masked, so its type must be optional",
        ),
        (
            with_field("x", Column("Text.", PUBLIC, "incoterm"), str),
            "Order.x: its column is nullable, so its type must be optional",
        ),
        (
            with_field("x", Column("Text.", PUBLIC, "buyer_number", plain=True)),
            "Order.x: is plain but no CHECK constrains its text",
        ),
        (
            with_field("x", Pair("Text.", PARTY, "total_amount", "currency", "Money", ("a", "b"), False)),
            "Order.x: may be masked, so it must be nullable",
        ),
        (with_field("x", Column("Text.", PUBLIC, "status", keys="Nothing")), "Order.x: unknown kind Nothing"),
        (with_field("x", One("Nothing", "Text.", "seller_id", PUBLIC)), "Order.x: links to unknown kind Nothing"),
        (
            with_field("x", Many("OrderLine", "Text.", "note", "id", 50, 250)),
            "Order.x: no index of order_line begins with note",
        ),
        (
            with_field("x", Many("OrderLine", "Text.", "order_id", "id", 50, 251)),
            "Order.x: needs 0 < default <= most <= 250",
        ),
        (
            with_field("x", Column("Text.", shareable("price"), "incoterm")),
            "Order.x: group price is seen by different sides",
        ),
        (
            with_field("x", Column("Text.", PUBLIC, "name"), base=SITE, policy=Owned(owner="partner_id")),
            "Site: has shareable fields but no rule kind",
        ),
        (
            with_field("x", Column("Text.", PUBLIC, "placed_at"), policy=Owned(owner="ship_to_id", kind="ORDER")),
            "Order: a page needs an index that begins with ['ship_to_id', 'id']",
        ),
        (with_field("x", Column("Text.", PUBLIC, "status"), filters=("lines",)), "Order.lines: only columns and links"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_declaration_that_cannot_be_honoured_is_refused_by_name(kind: Kind, message: str) -> None:
    with pytest.raises(BadDeclaration) as caught:
        check_kind(REGISTRY, kind)
    assert str(caught.value).startswith(message)


def test_two_kinds_with_one_name_or_prefix_are_refused() -> None:
    registry = Registry()
    registry.add_kind(ORDER)
    with pytest.raises(ValueError, match="kind Site or its prefix ord is declared twice"):
        registry.add_kind(with_field("x", None, base=SITE, prefix="ord"))
