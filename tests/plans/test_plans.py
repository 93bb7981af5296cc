"""However large the hub is, a statement reads what its caller may see and little more: looked at in PostgreSQL's plans."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse

from scmhub.graph.compile import Compiler
from scmhub.graph.documents import Document
from scmhub.graph.plan import Inputs
from scmhub.sharing.lens import Lens

from ..support.hub import Bench, viewer_of
from .asking import KINDS, SCHEMA, Asked, filters, flat, pages, records
from .conftest import Busy
from .explain import explain, faults, measure, nodes

BUFFERS = 100
"""Pages of 8 KiB that a page of a partner with one order may touch."""


async def statements(bench: Bench, asked: Iterable[Asked], partner: UUID) -> dict[str, str]:
    """Text of the statement behind each document."""
    found = {}
    for each in asked:
        bench.statements.clear()
        body = await bench.ask(partner, each.text, each.variables)
        assert b'"errors"' not in body, (each, body)
        (found[each.name],) = bench.statements
    return found


@pytest.fixture(scope="module", autouse=True)
def recording(busy: Busy) -> None:
    busy.bench.record_statements()


@pytest.mark.parametrize("asked", [pages, filters, records], ids=lambda each: each.__name__)
async def test_no_plan_reads_a_table_as_a_whole(busy: Busy, asked: object) -> None:
    texts = await statements(busy.bench, asked(), busy.quiet)  # type: ignore[operator]
    found = {}
    for name, text in texts.items():
        wrong = faults(await explain(busy.bench.superuser, text), busy.large)
        if wrong:
            found[name] = wrong
    assert found == {}, json.dumps(found, indent=1)


async def test_the_alarm_works(busy: Busy) -> None:
    """Without the index of one branch, the plan of that page is refused."""
    asked = [each for each in pages() if each.name == "itemAliases page"]
    (text,) = (await statements(busy.bench, asked, busy.quiet)).values()
    transaction = busy.bench.superuser.transaction()
    await transaction.start()
    try:
        await busy.bench.superuser.execute("drop index ix_item_alias_owner_id_id")
        assert "item_alias" in " ".join(faults(await explain(busy.bench.superuser, text), busy.large))
    finally:
        await transaction.rollback()
    assert faults(await explain(busy.bench.superuser, text), busy.large) == []


async def test_every_command_reads_its_record_back_by_key(busy: Busy) -> None:
    """The statement by which a payload is read, for every kind a command answers with."""
    found = {}
    for name in sorted({command.payload for command in SCHEMA.registry.commands.values()}):
        wrong = faults(await explain(busy.bench.superuser, _payload(busy, name)), busy.large)
        if wrong:
            found[name] = wrong
    assert found == {}, json.dumps(found, indent=1)


def _payload(busy: Busy, kind: str) -> str:
    (operation,) = parse(f"{{{flat(KINDS[kind])}}}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    compiler = Compiler(SCHEMA.registry, SCHEMA.core, {}, _NoVariables())
    return busy.bench.hub.planner.finish(compiler.payload(KINDS[kind], [operation.selection_set])).text


class _NoVariables:
    coerced: dict[str, object] = {}
    sources: dict[str, object] = {}


async def test_a_partner_with_one_order_reads_next_to_nothing(busy: Busy) -> None:
    found = {}
    plain = [each for each in pages() if each.name.endswith((" page", "ID DESC first"))]
    for each in plain:
        document: Document = await busy.bench.hub.documents.get(each.text)
        plan, args = busy.bench.hub.planner.plan(document, _NoVariables(), lambda: None, busy.bench.hub.planner.query)
        now = busy.bench.clock()
        parameters = plan.parameters(Inputs(Lens(busy.quiet), now, now.date(), args))
        done = await measure(busy.bench.superuser, plan.statement.text, parameters)
        touched = done["Shared Hit Blocks"] + done["Shared Read Blocks"]
        filtered = sum(
            node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
            for node in nodes(done) if node.get("Relation Name") in busy.large
        )  # fmt: skip
        if touched > BUFFERS or filtered:
            found[each.name] = (touched, filtered)
    assert found == {}, "(buffers, rows removed by a filter)"


async def test_documents_that_differ_in_literals_share_one_statement(busy: Busy) -> None:
    bench = busy.bench
    bench.statements.clear()
    for number in range(20):
        await bench.ask(busy.quiet, f'{{orders(first: {number + 1}, where: {{buyerNumber: {{eq: "N{number}"}}}}){{nodes{{id}}}}}}')
        await bench.ask(busy.quiet, f'{{order(by: {{number: "N{number}"}}){{id}}}}')
    assert len(bench.statements) == 40
    assert len(set(bench.statements)) == 2
    prepared = 0
    for slot in bench.hub.database.read._idle:
        prepared += sum(text in set(bench.statements) for text in slot.statements)
    assert prepared <= 2 * len(bench.hub.database.read._idle)


async def test_two_partners_run_the_same_text(busy: Busy) -> None:
    texts = []
    for partner in (busy.quiet, busy.worlds[0].partners[0], busy.worlds[1].partners[3]):
        busy.bench.statements.clear()
        for each in pages():
            await busy.bench.ask(partner, each.text, each.variables)
        texts.append(list(busy.bench.statements))
    assert texts[0] == texts[1] == texts[2]
    assert str(viewer_of(busy.quiet).lens.partner_id) not in "".join(texts[0])


_PRINT = """
import asyncio, hashlib
from scmhub.graph.documents import Documents
from scmhub.graph.plan import Planner
from scmhub.schema import load_schema
from tests.plans.asking import pages, records

schema = load_schema()
planner, documents = Planner(schema.registry, schema.core), Documents(schema.core, lambda *_: 1)

class Variables:
    coerced = {}
    sources = {}

async def main():
    for each in pages():
        document = await documents.get(each.text)
        plan, _ = planner.plan(document, Variables(), lambda: None, planner.query)
        print(hashlib.sha256(plan.statement.text.encode()).hexdigest())
    documents.close()

asyncio.run(main())
"""


def test_every_process_writes_the_same_text() -> None:
    paths = os.pathsep.join(sys.path)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PRINT], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            stdout=subprocess.PIPE, text=True,
        )
        for seed in ("0", "4711")
    ]  # fmt: skip
    printed = {process.communicate()[0] for process in running}
    assert len(printed) == 1
    assert printed.pop().count("\n") > 50
