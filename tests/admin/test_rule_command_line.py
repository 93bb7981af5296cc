"""``scmhub rule``: what a file of rules would change, that applying it does just that, once, and who is told why."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scmhub.cli.rules import read_file
from scmhub.ids import new_id, public_id
from tests.admin.test_command_line import Shell, shell
from tests.identity.conftest import Live
from tests.support.hub import EPOCH

__all__ = ["shell"]

RULES = """
[[rule]]
name = "Life of castings"
kind = "ITEM"
grantee = "BOLT"
items = ["I0"]
fieldGroups = ["lifecycle"]

[[rule]]
name = "Orders to come"
kind = "ORDER"
role = "SUPPLIER"
items = "all"
sites = "all"
fieldGroups = []
daysBack = 0
daysAhead = "open"
"""


@pytest.fixture
async def items(live: Live) -> list[str]:
    """bolt supplies acme, who has two items."""
    keys = [new_id(EPOCH) for _ in range(2)]
    await live.sql(
        "insert into relationship (id, provider_id, recipient_id, kind, state, proposed_by, version, created_at)"
        f" values ('{new_id(EPOCH)}', '{live.bolt}', '{live.acme}', 'SUPPLY', 'ACTIVE', '{live.bolt}', 1, now())",
        *(
            "insert into item (id, owner_id, number, description, unit, lifecycle, version, created_at)"
            f" values ('{key}', '{live.acme}', 'I{number}', 'Casting', 'C62', 'SERIES', 1, now())"
            for number, key in enumerate(keys)
        ),
    )
    return [public_id("itm", key) for key in keys]


async def steps(shell: Shell, *arguments: str) -> list[dict[str, Any]]:
    done = await shell.run("rule", *arguments, "--partner", "ACME", "--json")
    assert done.status == 0, done.err
    return list(json.loads(done.out))


def difference(fields: str | None, gained: int, lost: int) -> dict[str, Any]:
    return {"partner": "BOLT", "kind": "Item", "fieldGroup": fields, "gained": gained, "lost": lost}


async def test_a_file_is_planned_applied_once_changed_and_pruned(
    live: Live, shell: Shell, items: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    count = "select count(*) from sharing_rule"

    life, orders = await steps(shell, "plan", str(file))
    assert (life["action"], orders["action"]) == ("CREATE", "CREATE")
    assert life["effect"] == [difference(None, 1, 0), difference("lifecycle", 1, 0)]
    assert orders["warnings"] == ["FUTURE_ITEMS", "FORWARD_LOOKING"]
    rehearsed = await steps(shell, "apply", str(file), "--reason", "Agreed in March.", "--dry-run")
    assert [each["rule"] for each in rehearsed] == [None, None]
    assert (await live.hub.database.read.rows(count))[0][0] == 0

    made = await steps(shell, "apply", str(file), "--reason", "Agreed in March.")
    rows = await live.hub.database.read.rows("select note, state from sharing_rule order by note")
    assert [tuple(row) for row in rows] == [("Life of castings", "ACTIVE"), ("Orders to come", "ACTIVE")]
    [audit] = await live.hub.database.read.rows("select distinct actor, reason from audit_entry where action like 'sharingRule.%'")
    assert tuple(audit) == ("operator", "Agreed in March.")
    again = await steps(shell, "apply", str(file), "--reason", "Again.")
    assert [(each["action"], each["rule"]) for each in again] == [("KEEP", each["rule"]) for each in made]

    file.write_text(RULES.split("[[rule]]")[1].replace('["I0"]', '"all"').join(("[[rule]]", "")))
    assert [each["action"] for each in await steps(shell, "plan", str(file))] == ["CHANGE"]
    wider, gone = await steps(shell, "plan", str(file), "--prune")
    assert wider["effect"] == [difference(None, 1, 0), difference("lifecycle", 1, 0)]
    assert (gone["action"], gone["name"]) == ("REVOKE", "Orders to come")
    await steps(shell, "apply", str(file), "--prune", "--reason", "Only items now.")
    rows = await live.hub.database.read.rows("select note, state, version from sharing_rule order by note")
    assert [tuple(row) for row in rows] == [("Life of castings", "ACTIVE", 4), ("Orders to come", "REVOKED", 3)]

    found = await shell.run("rule", "explain", items[1], "lifecycle", "--as", "BOLT", "--json")
    assert json.loads(found.out)["field"]["exact"] is True, found.err
    about = await shell.run("rule", "explain", items[1], "gtin", "--as", "ACME", "--for", "BOLT", "--json")
    assert json.loads(about.out)["verdicts"] == [
        {"rule": made[0]["rule"], "verdict": "FIELD"}, {"rule": made[1]["rule"], "verdict": "STATE"}
    ]  # fmt: skip
    assert "lifecycle" in (await shell.run("rule", "explain", items[1], "lifecycle", "--as", "BOLT")).out
    assert "NOT_FOUND" in await shell.refused("rule", "explain", public_id("itm", new_id(EPOCH)), "--as", "BOLT")


async def test_figures_add_up_to_what_the_whole_file_does(
    live: Live, shell: Shell, items: list[str], tmp_path: Path
) -> None:
    """Two rules open the same item: it is gained once, by the first, and lost by the last that opened it."""
    one = RULES.split("[[rule]]")[1]
    two = one.replace("Life of castings", "All of castings").replace('["I0"]', '"all"').replace('"lifecycle"', '"identifiers"')
    file = tmp_path / "rules.toml"
    file.write_text(f"[[rule]]{one}[[rule]]{two}")
    first, second = await steps(shell, "plan", str(file))
    assert first["effect"] == [difference(None, 1, 0), difference("lifecycle", 1, 0)]
    assert second["effect"] == [difference(None, 1, 0), difference("identifiers", 2, 0)]
    await steps(shell, "apply", str(file), "--reason", "Agreed in March.")

    file.write_text(f"[[rule]]{two}")  # the other goes, and takes with it what it alone has opened
    kept, gone = await steps(shell, "plan", str(file), "--prune")
    assert (kept["action"], kept["effect"]) == ("KEEP", [])
    assert (gone["action"], gone["effect"]) == ("REVOKE", [difference("lifecycle", 0, 1)])

    file.write_text(f"[[rule]]{two.replace(chr(34) + 'all' + chr(34), '[' + chr(34) + 'I1' + chr(34) + ']')}")
    narrower, gone = await steps(shell, "plan", str(file), "--prune")
    assert (narrower["action"], narrower["effect"]) == ("CHANGE", [difference("identifiers", 0, 1)])
    assert gone["effect"] == [difference(None, 0, 1), difference("lifecycle", 0, 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = 7", "list of rules"),
        ("[[rule]]\nkind = 'ITEM'", "has no 'name'"),
        (RULES.replace("fieldGroups", "fields"), "says 'fields'"),
        (RULES.replace("Orders to come", "Life of castings"), "two rules are named"),
        ("[[rule]", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=re.escape(said)):
        read_file(file)


async def test_each_way_to_fail_has_its_status(shell: Shell, items: list[str], tmp_path: Path) -> None:
    file, token = tmp_path / "rules.toml", tmp_path / "token"
    token.write_text("t")
    for text, status, said in (
        (RULES.replace("daysBack = 0", "daysBack = 'soon'"), 2, "Rule 'Orders to come': days are"),
        (RULES.replace("lifecycle", "lifecycles"), 3, "Did you mean 'lifecycle'?"),
    ):
        file.write_text(text)
        done = await shell.run("rule", "plan", str(file), "--partner", "ACME")
        assert (done.status, done.out) == (status, ""), done.err
        assert said in " ".join(done.err.split())
    done = await shell.run("rule", "explain", "itm_0", "--token-file", str(token), "--hub", "http://127.0.0.1:9")
    assert done.status == 4, done.err
