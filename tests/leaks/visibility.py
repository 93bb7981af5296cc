"""``schema/visibility.txt``: who sees which field of which kind, asked through GraphQL. Rewrite it with

    python -m tests.leaks.visibility

and read the difference: every changed word is a change of who sees what.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from scmhub.database.embedded import EmbeddedServer
from scmhub.database.secret import HubSecret
from scmhub.graph.declare import Kind
from scmhub.graph.specs import Banded, Many, Pair
from scmhub.graph.where import camel
from scmhub.ids import public_id
from scmhub.settings import Settings

from ..support.hub import Bench, bench, template_of_models
from ..support.rows import insert
from ..support.samples import Samples
from ..support.world import BANDED, GROUPS
from .documents import KINDS
from .oracle import LAWS, Law

FILE = Path(__file__).parents[2] / "schema" / "visibility.txt"
COMMAND = "python -m tests.leaks.visibility"
_HEAD = """\
Who sees what, asked through GraphQL and written by `{command}`.
exact: the value; null: the record without the value; -: as if there were no such record; band: the band that the
value lies in. `withheld`, `banded`: how many groups.

stranger: no relationship.  declined, related: a relationship DECLINED or ACTIVE, but no rule.
ended, suspended: an ACTIVE rule, but a relationship that is not.  draft: the rule is.  expired, future: the rule is.
item, site, late: the rule names another item, another site, another day.
grantee: a rule without field groups.  +group: a rule with that one; +group~band: as bands.  Then the parties by their column, then the owner.
"""
_OUTSIDE = ("stranger", "declined", "related")
_DEAD = ("ended", "suspended", "draft", "expired", "future", "item", "site", "late")
_STATES = {"declined": "DECLINED", "ended": "ENDED", "suspended": "SUSPENDED"}
CARDS = {"Partner": ("Order", "buyer"), "Site": ("Order", "shipTo"), "Item": ("OrderLine", "item")}
"""Reference kind -> the link by which its card is shown."""


def build() -> Samples:
    """One record of each kind, and the callers with their relationships and rules."""
    samples = Samples(LAWS)
    for kind in KINDS:
        samples.sample(kind)
    owner = samples.firm("OWNER")
    samples.firm("STRANGER")
    for name in _OUTSIDE[1:]:
        _relate(samples, owner, samples.firm(name.upper()), name)
    for rule in GROUPS:
        opened: dict[str, list[str]] = {name: [] for name in (*_DEAD, "grantee")} | {each: [each] for each in _tokens(rule)}
        for name, fields in opened.items():
            _relate(samples, owner, grantee(samples, rule, name), name)
            _rule(samples, rule, name, fields)
    samples.expand()
    return samples


def _tokens(rule: str) -> list[str]:
    """What a rule of this kind can open: each group, and as bands those that have amounts."""
    return [*GROUPS[rule], *(f"{group}~band" for group in BANDED.get(rule, ()))]


def grantee(samples: Samples, rule: str, name: str) -> UUID:
    """Each rule has a partner of its own, so that no column mixes two."""
    return samples.firm(f"{rule}-{name.upper()}".replace("~", "-"))


def _relate(samples: Samples, owner: UUID, partner: UUID, name: str) -> None:
    samples.add(
        "relationship", provider_id=owner, recipient_id=partner, kind="LOGISTICS", state=_STATES.get(name, "ACTIVE"),
        proposed_by=owner, created_at=samples.now,
    )  # fmt: skip


def _rule(samples: Samples, kind: str, name: str, groups: list[str]) -> None:
    day = timedelta(days=1)
    other = samples._second_item()["id"] if name == "item" else None
    site = samples.sample("Site")
    elsewhere = samples.add("site", **{**site, "id": samples.key(), "code": f"ELSE-{kind}"})["id"] if name == "site" else None
    if other:
        samples.tables["item"][-1]["number"] = f"OTHER-{kind}"
    samples.add(
        "sharing_rule", owner_id=samples.firm("OWNER"), grantee_id=grantee(samples, kind, name), kind=kind,
        field_groups=groups, state="DRAFT" if name == "draft" else "ACTIVE",
        items=[other] if other else None, sites=[elsewhere] if elsewhere else None,
        days_back=-1 if name == "late" else None, created_at=samples.now,
        valid_from=samples.now + (day if name == "future" else -day),
        valid_until=samples.now if name == "expired" else None,
    )  # fmt: skip


# -- asking ------------------------------------------------------------------------------------------------------------


def selection(kind: Kind) -> str:
    """Every field of a record but its connections."""
    parts = ["id"]
    for name, spec in kind.fields.items():
        if isinstance(spec, Pair | Banded):
            parts.append(f"{camel(name)}{{{' '.join(spec.names)}}}")
        elif not isinstance(spec, Many):
            parts.append(camel(name) + ("{id}" if hasattr(spec, "kind") else ""))
    return " ".join(parts)


def way(kind: Kind) -> tuple[Kind, str]:
    """The kind to begin with, and the selection that leads from it to a part (or to the kind itself)."""
    inner = selection(kind)
    while kind.part_of:
        whole = KINDS[kind.part_of[0]]
        link = next(n for n, spec in whole.fields.items() if isinstance(spec, Many) and spec.kind == kind.name)
        inner = f"{camel(link)}(first: 9){{nodes{{{inner}}}}}"
        kind = whole
    return kind, inner


async def seen(bench: Bench, samples: Samples, caller: UUID, kind: Kind) -> dict[str, Any] | None:
    """The sample of a kind as a caller gets it; None if it does not."""
    start, inner = way(kind)
    key = public_id(start.prefix, samples.sample(start.name)["id"])
    body = await bench.ask(caller, f"query($id: ID!){{it: node(id: $id){{... on {start.name}{{{inner}}}}}}}", {"id": key})
    assert b"errors" not in body, body
    return _find(json.loads(body)["data"]["it"], public_id(kind.prefix, samples.sample(kind.name)["id"]))


def _find(value: Any, key: str) -> dict[str, Any] | None:
    if isinstance(value, list):
        return next((found for each in value if (found := _find(each, key))), None)
    if not isinstance(value, dict):
        return None
    return value if value.get("id") == key else _find([each for each in value.values() if isinstance(each, dict | list)], key)


async def card(bench: Bench, samples: Samples, caller: UUID, kind: Kind) -> dict[str, Any] | None:
    """The card of a reference record, as a visible row names it."""
    start, link = CARDS[kind.name]
    key = public_id(KINDS[start].prefix, samples.sample(start)["id"])
    document = f"query($id: ID!){{it: node(id: $id){{... on {start}{{{link}{{{selection(kind)}}}}}}}}}"
    found = json.loads(await bench.ask(caller, document, {"id": key}))["data"]["it"]
    return found and found[link]


def callers(samples: Samples, law: Law) -> dict[str, UUID]:
    """Column -> partner, for records under a law."""
    columns = {name: samples.firm(name.upper()) for name in _OUTSIDE}
    if law.rule:
        columns |= {name: grantee(samples, law.rule, name) for name in (*_DEAD, "grantee")}
        columns |= {f"+{token}": grantee(samples, law.rule, token) for token in _tokens(law.rule)}
    columns |= {side.removesuffix("_id"): samples.firm(f"SIDE{number + 1}") for number, side in enumerate(law.parties)}
    return columns | {"owner": samples.firm("OWNER")}


def law_of(kind: str) -> Law:
    law = LAWS[kind]
    return law_of(law.of[0]) if law.of else law


async def block(bench: Bench, samples: Samples, kind: Kind, *, as_card: bool = False) -> str:
    """The table of one kind: a line per field, a column per caller."""
    law = law_of(CARDS[kind.name][0] if as_card else kind.name)
    who = callers(samples, law)
    answers = {name: await (card if as_card else seen)(bench, samples, caller, kind) for name, caller in who.items()}
    full = answers["owner"]
    assert full is not None, f"its owner does not see the {kind.name}"
    title = f"{kind.name} (card, by {'.'.join(CARDS[kind.name])})" if as_card else kind.name
    lines = [f"{title}: shared as {law.rule}" if law.rule else title]
    rows = [["", *who]]
    for name in full:
        rows.append([name, *(_word(answer, name, full[name]) for answer in answers.values())])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines += ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _word(answer: dict[str, Any] | None, name: str, value: Any) -> str:
    if answer is None:
        return "-"
    if name in ("withheld", "banded"):
        return str(len(answer[name]))
    if answer[name] is None:
        return "null"
    if value is None and name.endswith("Band"):
        return "band"
    return "exact" if answer[name] == value else "other"


async def written(bench: Bench) -> str:
    """The whole file."""
    samples = build()
    await insert(bench.superuser, samples.tables)
    bench.clock.set(samples.now)
    blocks: Iterable[str] = [await block(bench, samples, kind) for kind in KINDS.values()]
    cards = [await block(bench, samples, KINDS[name], as_card=True) for name in CARDS]
    return "\n\n".join([_HEAD.format(command=COMMAND).rstrip(), *blocks, *cards]) + "\n"


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="scmhub-visibility-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        secret = "a secret that only this program knows"
        settings = Settings(home=home, secret=secret, allow_unsafe_database=True)  # type: ignore[call-arg]
        with EmbeddedServer(home, durable=False) as server:
            name = await template_of_models(server, settings, HubSecret(secret))
            async with bench(server.to(name), settings) as made:
                FILE.parent.mkdir(exist_ok=True)
                FILE.write_text(await written(made))
    print(f"wrote {FILE}")


if __name__ == "__main__":
    asyncio.run(main())


