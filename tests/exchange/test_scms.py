"""The public delivery history: what the file knows is in the hub exactly, what it does not know is null."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from scmhub.settings import Settings
from tests.exchange.conftest import EXCERPT, Desk, codes, counts
from tests.support.hub import bench

ALL = {
    "orders": 86, "lines": 120, "schedule_lines": 120, "shipments": 98, "partners": 48, "sites": 18, "items": 54,
    "relationships": 47,
}  # fmt: skip
UNKNOWN_OR_DERIVED = {
    ("UNKNOWN", "PO Sent to Vendor Date"): 39, ("UNKNOWN", "PQ First Sent to Client Date"): 35,
    ("UNKNOWN", "Vendor INCO Term"): 4, ("UNKNOWN", "Shipment Mode"): 3, ("UNKNOWN", "Weight (Kilograms)"): 45,
    ("UNKNOWN", "Freight Cost (USD)"): 12, ("UNKNOWN", "Line Item Insurance (USD)"): 25,
    ("KEPT_AS_NOTE", "Freight Cost (USD)"): 37, ("DERIVED", "PQ First Sent to Client Date"): 4,
    ("DERIVED", "Scheduled Delivery Date"): 35,
}  # fmt: skip


async def test_a_dry_run_counts_everything_and_writes_nothing(desk: Desk) -> None:
    before = await desk.everything()
    report = await desk.load(apply=False)
    assert counts(report, "created") == ALL
    assert report.complete
    assert await desk.everything() == before
    assert all(rows == [] for rows in (await desk.everything(*_WRITTEN)).values())


_WRITTEN = ("site", "item", "purchase_order", "shipment", "imported", "import_run", "change_outbox")


async def test_every_row_is_imported_once_with_what_it_knows(desk: Desk) -> None:
    report = await desk.load()
    assert counts(report, "created") == ALL
    assert (report.rows, report.rows_used, report.left_out) == (120, 120, 0)
    assert await desk.rows("select sum(quantity), sum(line_amount), count(*) from order_line") == [
        (847830, Decimal("11054978.46"), 120)
    ]
    assert await desk.rows(
        "select sum(weight_kg), count(weight_kg), sum(freight_amount), count(freight_amount), sum(insurance_amount),"
        " count(insurance_amount), count(mode) from shipment"
    ) == [(87683, 75, Decimal("578031.77"), 71, Decimal("13722.90"), 79, 95)]
    assert dict(await desk.rows("select coalesce(freight_note, '-'), count(*) from shipment group by 1")) == {
        "-": 71, "Freight Included in Commodity Cost": 16, "Invoiced Separately": 11,
    }  # fmt: skip
    assert dict(await desk.rows("select coalesce(incoterm, '-'), count(*) from purchase_order group by 1")) == {
        "EXW": 55, "CIP": 12, "DDP": 7, "FCA": 5, "-": 3, "DDU": 2, "CIF": 1, "DAP": 1,
    }  # fmt: skip


async def test_findings_say_how_often_each_column_did_not_know(desk: Desk) -> None:
    report = await desk.load(apply=False)
    found = {(each.code, each.column): each.count for each in report.findings.summaries()}
    assert found == UNKNOWN_OR_DERIVED
    assert codes(report, "WARNING", "ERROR") == {}


async def test_one_line_stands_as_the_file_tells_it(desk: Desk) -> None:
    """The first row: never sent to a vendor that anybody noted, so placed when its delivery was scheduled."""
    await desk.load()
    [(line, order, placed_at, price, amount, requested, status, shipped, good)] = await desk.rows(
        "select l.external_id, o.buyer_number, o.placed_at, l.unit_price, l.line_amount, l.requested_on, l.status,"
        " l.shipped, l.received_good from order_line l join purchase_order o on o.id = l.order_id"
        " where l.external_id = '1'"
    )
    assert (line, order, placed_at) == ("1", "SCMS-4", datetime(2006, 6, 2, 12, tzinfo=UTC))
    assert (price, amount, requested) == (Decimal("29"), Decimal("551"), date(2006, 6, 2))
    assert (status, shipped, good) == ("RECEIVED", Decimal(19), Decimal(19))
    [(arrived, planned, weight, mode, state, receipt)] = await desk.rows(
        "select s.actual_arrival, s.planned_arrival, s.weight_kg, s.mode, s.state, r.good from shipment s"
        " join shipment_line l on l.shipment_id = s.id join order_line o on o.id = l.order_line_id"
        " join receipt r on r.shipment_line_id = l.id where o.external_id = '1'"
    )
    assert (arrived, planned) == (datetime(2006, 6, 2, 12, tzinfo=UTC),) * 2
    assert (weight, mode, state, receipt) == (Decimal(13), "AIR", "RECEIVED", Decimal(19))
    assert await desk.rows(
        "select r.side, r.act, c.quantity, c.due_on from schedule_revision r"
        " join schedule_slice c on c.revision_id = r.id"
        " join schedule_line s on s.id = r.schedule_line_id join order_line o on o.id = s.line_id"
        " where o.external_id = '1' order by r.revision_no"
    ) == [("BUYER", "REQUEST", 19, date(2006, 6, 2)), ("SELLER", "ACCEPT", 19, date(2006, 6, 2))]


async def test_ids_sort_by_the_day_an_order_was_placed_and_are_the_same_everywhere(desk: Desk) -> None:
    await desk.load()
    by_id = await desk.rows("select placed_at from purchase_order order by id")
    assert by_id == sorted(by_id)
    [(key,)] = await desk.rows("select id::text from purchase_order where buyer_number = 'SCMS-4'")
    assert key == "010b949d-3a00-708b-89d1-6e3c5ae9e5e3"


async def test_policy_columns_of_lines_are_those_of_their_order(desk: Desk) -> None:
    await desk.load()
    assert (
        await desk.value(
            "select count(*) from order_line l join purchase_order o on o.id = l.order_id"
            " join site s on s.id = l.ship_to_id"
            " join item i on i.id = l.item_id where (l.buyer_id, l.seller_id, l.consignee_id, l.ship_to_id) ="
            " (o.buyer_id, o.seller_id, o.consignee_id, o.ship_to_id) and s.partner_id = l.consignee_id"
            " and i.owner_id = l.buyer_id"
        )
        == 120
    )
    assert (
        await desk.value(
            "select count(*) from shipment_line l join shipment s on s.id = l.shipment_id where l.arrival_on ="
            " (s.actual_arrival at time zone 'UTC')::date and (l.seller_id, l.buyer_id, l.consignee_id, l.ship_to_id) ="
            " (s.seller_id, s.buyer_id, s.consignee_id, s.ship_to_id)"
        )
        == 120
    )
    assert await desk.value("select count(*) from relationship where state = 'ACTIVE' and kind = 'SUPPLY'") == 47


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    await desk.load()
    before = await desk.everything(*_ALL_BUT_RUNS)
    again = await desk.load()
    assert (counts(again, "created"), counts(again, "updated"), counts(again, "unchanged")) == ({}, {}, ALL)
    assert await desk.everything(*_ALL_BUT_RUNS) == before


_ALL_BUT_RUNS = (*_WRITTEN[:5], "partner", "order_line", "schedule_line", "schedule_revision", "receipt", "change_outbox")


async def test_each_new_order_and_shipment_leaves_one_change(desk: Desk) -> None:
    await desk.load()
    assert dict(await desk.rows("select kind, count(*) from change_outbox group by 1")) == {
        "ORDER": 86, "SHIPMENT": 98, "PARTNER": 48, "SITE": 18, "ITEM": 54, "RELATIONSHIP": 47,
    }  # fmt: skip


async def test_a_changed_cell_changes_its_line_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    await desk.load()
    before = dict(await desk.rows("select external_id, t::text from order_line t"))
    report = await desk.load(changed(tmp_path, "1", "Line Item Quantity", "21"))
    assert counts(report, "updated") == {"orders": 1, "lines": 1, "schedule_lines": 1, "shipments": 1}
    assert counts(report, "created") == {}
    after = dict(await desk.rows("select external_id, t::text from order_line t"))
    assert {key for key in after if after[key] != before[key]} == {"1"}
    assert await desk.rows("select quantity, received_good, version from order_line where external_id = '1'") == [
        (21, 21, 2)
    ]
    assert await desk.rows(
        "select first_promise_quantity, last_promise_quantity, s.version from schedule_line s join order_line l"
        " on l.id = s.line_id where external_id = '1'"
    ) == [(19, 21, 2)]
    changes = await desk.rows("select kind, count(*) from change_outbox where 'version' = any(changed) group by 1")
    assert sorted(changes) == [("ORDER", 1), ("SHIPMENT", 1)]


async def test_a_new_arrival_corrects_the_old_event_and_tells_the_old_day(desk: Desk, tmp_path: Path) -> None:
    await desk.load()
    report = await desk.load(changed(tmp_path, "1", "Delivered to Client Date", "5-Jun-06"))
    assert counts(report, "updated") == {"shipments": 1}
    assert await desk.rows(
        "select e.seq, e.certainty, e.at::date, e.corrects_seq from shipment_event e join shipment_line l"
        " on l.shipment_id = e.shipment_id join order_line o on o.id = l.order_line_id where o.external_id = '1'"
        " order by 1"
    ) == [
        (1, "PLANNED", date(2006, 6, 2), None), (2, "ACTUAL", date(2006, 6, 2), None),
        (3, "ACTUAL", date(2006, 6, 5), 2),
    ]  # fmt: skip
    old_day = await desk.value("select was ->> 'arrival_on' from change_outbox where kind = 'SHIPMENT_LINE'")
    assert old_day == "2006-06-02"


async def test_a_weight_that_became_known_touches_the_shipment_only(desk: Desk, tmp_path: Path) -> None:
    await desk.load()
    [(line,)] = await desk.rows(
        "select min(o.external_id::int)::text from shipment s join shipment_line l on l.shipment_id = s.id"
        " join order_line o on o.id = l.order_line_id where weight_kg is null"
    )
    report = await desk.load(changed(tmp_path, line, "Weight (Kilograms)", "77.5"))
    assert counts(report, "updated") == {"shipments": 1}
    assert await desk.value("select weight_kg from shipment where version = 2") == Decimal("77.5")


async def test_what_people_agreed_since_outlives_an_import_of_the_same_cells(desk: Desk, tmp_path: Path) -> None:
    await desk.load()
    await desk.rows("update order_line set status = 'CLOSED', note = 'ours' where external_id = '1' returning 1")
    await desk.rows(
        "update schedule_line set state = 'CLOSED' where line_id = (select id from order_line where external_id = '1')"
        " returning 1"
    )
    await desk.load()
    assert await desk.value("select note from order_line where external_id = '1'") == "ours"
    report = await desk.load(changed(tmp_path, "1", "Line Item Quantity", "21"))
    assert codes(report, "WARNING") == {"KEPT": 1}
    assert await desk.rows("select quantity, status from order_line where external_id = '1'") == [(19, "CLOSED")]


async def test_a_line_cannot_move_to_another_order(desk: Desk, tmp_path: Path) -> None:
    await desk.load()
    before = await desk.everything()
    report = await desk.load(changed(tmp_path, "1", "PO / SO #", "SCMS-NEW"))
    assert codes(report, "ERROR") == {"CONFLICT": 1}
    assert await desk.everything() == before


async def test_a_second_destination_of_a_shipment_number_gets_its_own_shipment(desk: Desk, tmp_path: Path) -> None:
    rows = EXCERPT.read_bytes().decode().split("\r")
    first = rows[1].split("\t")
    other = ["999999", *first[1:]]
    other[rows[0].split("\t").index("PO / SO #")] = "SCMS-OTHER"
    other[rows[0].split("\t").index("Country")] = "Zambia"
    file = tmp_path / "two.tsv"
    file.write_text("\r".join([rows[0], rows[1], "\t".join(other)]), "utf-8", newline="")
    report = await desk.load(file)
    assert codes(report, "WARNING") == {"SPLIT": 1}
    number = first[rows[0].split("\t").index("ASN/DN #")]
    assert await desk.rows("select number from shipment order by 1") == [(number,), (f"{number}/ZM",)]


async def test_each_side_reads_its_own_through_the_api(desk: Desk, settings: Settings) -> None:
    """The consignee sees what comes to it, without prices; the vendor sees its order; others see nothing."""
    await desk.load()
    [(buyer, seller, consignee)] = await desk.rows(
        "select buyer_id, seller_id, consignee_id from purchase_order where buyer_number = 'SCMS-4'"
    )
    [(stranger,)] = await desk.rows(
        "select seller_id from purchase_order where seller_id <> $1 order by id limit 1", seller
    )
    document = '{ orders(where: {buyerNumber: {eq: "SCMS-4"}}) { nodes { total { amount } seller { code } } } }'
    async with bench(desk.address, settings) as hub:
        answers = [await hub.ask(each, document) for each in (buyer, seller, consignee, stranger)]
    known = b'{"total":{"amount":"551"},"seller":{"code":"%s"}}'
    [(code,)] = await desk.rows("select code from partner where id = $1", seller)
    assert known.replace(b"%s", code.encode()) in answers[0]
    assert known.replace(b"%s", code.encode()) in answers[1]
    assert b'{"total":null,"seller":{"code":"%s"}}'.replace(b"%s", code.encode()) in answers[2]
    assert b'"nodes":[]' in answers[3]


def changed(folder: Path, line: str, column: str, value: str) -> Path:
    """The excerpt with one other cell."""
    rows = [row.split("\t") for row in EXCERPT.read_bytes().decode().split("\r")]
    place = rows[0].index(column)
    for row in rows[1:]:
        if row[0] == line:
            row[place] = value
    file = folder / f"{line}-{value.replace('.', '_')}.tsv"
    file.write_text("\r".join("\t".join(row) for row in rows), "utf-8", newline="")
    return file
