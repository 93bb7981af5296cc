"""Policy bugs, one at a time: what is built in at run time to see whether the proofs would notice.

Some rewrite the finished SQL (``text``), some replace a function of the hub (``patch``). A mutant that changes nothing
is an error of its own: ``applied`` counts how often its code ran.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from scmhub.database.fragment import Cell, Fragment, Relation, all_of, literal, sql
from scmhub.graph import pages
from scmhub.graph.compile import Compiler
from scmhub.graph.where import Where
from scmhub.schema import load_schema
from scmhub.sharing import expansion, limits, scopes
from scmhub.sharing.access import OWNER_ONLY, PARTY, PUBLIC
from scmhub.sharing.limits import Governed
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import ME, Row

Patches = list[tuple[Any, str, Any]]


@dataclass
class Mutant:
    """One bug. ``patches``: (object, attribute, what stands in); ``world``: it changes what scopes there are."""

    name: str
    patches: Callable[[Mutant], Patches]
    world: bool = False
    applied: int = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.applied = 0
        with ExitStack() as stack:
            for target, attribute, stand_in in self.patches(self):
                stack.enter_context(mock.patch.object(target, attribute, stand_in))
            yield

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            self.applied += 1
            return function(*args, **kwargs)

        return stand_in


def text(name: str, pattern: str, instead: str) -> Mutant:
    """The finished statement with every match of a pattern replaced."""

    def patches(mutant: Mutant) -> Patches:
        known: dict[str, tuple[str, int]] = {}

        def asked(self: Governed, inputs: Any, _asked: Any = Governed.asked) -> list[Any]:
            text, *parameters = _asked(self, inputs)
            if text not in known:
                known[text] = re.subn(pattern, instead, text)
            changed, number = known[text]
            mutant.applied += number
            return [changed, *parameters]

        return [(Governed, "asked", asked)]

    return Mutant(name, patches)


def patch(name: str, target: Any, attribute: str, function: Callable[..., Any], *, world: bool = False) -> Mutant:
    """A function of the hub replaced. It takes the original as its first argument."""
    original = getattr(target, attribute)

    def patches(mutant: Mutant) -> Patches:
        counted = mutant.counted(lambda *args, **kwargs: function(original, *args, **kwargs))
        return [(target, attribute, counted)]

    return Mutant(name, patches, world)


def constant(name: str, target: Any, attribute: str, value: Any, *, world: bool = False) -> Mutant:
    def patches(mutant: Mutant) -> Patches:
        mutant.applied = 1
        return [(target, attribute, value)]

    return Mutant(name, patches, world)


def declared(name: str, kinds: tuple[str, ...], **changes: Any) -> Mutant:
    """The policy of some kinds declared wrongly."""

    def patches(mutant: Mutant) -> Patches:
        mutant.applied = 1
        registered = load_schema().registry.kinds
        wrong = {each: replace(registered[each], policy=replace(registered[each].policy, **changes)) for each in kinds}  # type: ignore[type-var]
        return [(load_schema().registry, "kinds", {**registered, **wrong})]

    return Mutant(name, patches)


# -- what stands in ----------------------------------------------------------------------------------------------------


def always_granted(original: Any, self: Owned, row: Row, access: Any) -> Fragment | None:
    return sql("true") if access.name == "SHAREABLE" else original(self, row, access)


def party_is_public(original: Any, self: Owned, row: Row, access: Any) -> Fragment | None:
    return sql("true") if access == PARTY else original(self, row, access)


def owner_only_is_party(original: Any, self: Owned, row: Row, access: Any) -> Fragment | None:
    return original(self, row, PUBLIC if access == OWNER_ONLY else access)


def all_sides(original: Any, self: Owned, row: Row, access: Any) -> Fragment | None:
    return original(self, row, replace(access, sides=None))


def count_everything(original: Any, branches: pages.Branches) -> Fragment:
    row = branches._row()
    return pages.bounded_count(sql("select {} as id from {}", row.cell("id"), row.source()))


def node_without_policy(original: Any, self: Compiler, *args: Any, **kwargs: Any) -> Fragment:
    with mock.patch.object(Owned, "visible", lambda *_: sql("true")):
        return original(self, *args, **kwargs)


def any_line_covers(original: Any, self: Owned, row: Row, more: list[Fragment]) -> tuple[Fragment, Fragment]:
    source, covers = original(self, row, more)
    if self.through is None:
        return source, covers
    scope = scopes.SCOPE
    tests = [
        sql("{} = {}", scope.cell("grantee"), ME), sql("{} = {}", scope.cell("kind"), literal(self.kind or "")),
        sql("{} = {}", scope.cell("owner"), row.cell(self.owner)), scopes.in_force(), *more,
    ]  # fmt: skip
    return source, all_of(tests)


def lists_without_policy(original: Any, self: Compiler, kind: Any, row: Row, spec: Any, selected: Any) -> Any:
    with mock.patch.object(Owned, "visible", lambda *_: sql("true")):
        return original(self, kind, row, spec, selected)


def everyone_is_nameable(original: Any, self: Owned, row: Row) -> Fragment:
    return sql("true")


def pages_without_where_masks(original: Any, self: Where, name: str, given: Any, path: Any, row: Row, side: Any) -> Fragment:
    with mock.patch.object(Owned, "granted", lambda *_: None):
        return original(self, name, given, path, row, side)


def scopes_only(original: Any, relation: Relation) -> Fragment | None:
    return original(relation) if relation.table == "scope" else None


def unsealed_source(original: Any, self: Row) -> Fragment:
    return Fragment((Relation(self.table, self.alias, None),))


def unsealed_cell(original: Any, self: Row, column: str) -> Fragment:
    return Fragment((Cell(self.table, self.alias, column, None),))


def named_in_text(original: Any, self: Row, column: str) -> Fragment:
    return Fragment((f"{self.alias}.{column}",))


def state_ignored(original: Any, rule: Any, relationships: Any) -> Any:
    before, rule.state = rule.state, "ACTIVE"
    try:
        return original(rule, relationships)
    finally:
        rule.state = before


def relations_ignored(original: Any, rule: Any, relationships: Any) -> Any:
    links = list(relationships)
    before = [each.state for each in links]
    for each in links:
        each.state = "ACTIVE" if each.state == "SUSPENDED" else each.state
    try:
        return original(rule, links)
    finally:
        for each, state in zip(links, before, strict=True):
            each.state = state


def pair_is_one_way(original: Any, partner: Any, owner: Any, blocks: Any) -> Any:
    return original(partner, owner, [each for each in blocks if each.one_id == partner])


def pair_of_anybody_bears_everywhere(original: Any, partner: Any, owner: Any, blocks: Any) -> Any:
    return original(partner, owner, [each.model_copy(update={"own_records_only": False}) for each in blocks])


def lifted_pairs_stand(original: Any, partner: Any, owner: Any, blocks: Any) -> Any:
    return original(partner, owner, [each.model_copy(update={"state": "ACTIVE"}) for each in blocks])


def blocks_forgotten_by_roles(original: Any, rule: Any, standing: Any) -> Any:
    return original(rule, standing if rule.grantee_role is None else standing._replace(blocks=[]))


def other_parties_forgotten(original: Any, rule: Any, standing: Any) -> Any:
    return {each._replace(hidden=()) for each in original(rule, standing)}


def lists_mean_all(original: Any, rule: Any, relationships: Any) -> Any:
    return {each._replace(item=None) for each in original(rule, relationships)}


_ALL = "'00000000-0000-0000-0000-000000000000'::uuid"
_TOKEN = r"('\w+') = any\(s\.tokens\)"
_KIN = "exists (select from scope o where o.grantee = s.grantee and o.kind = s.kind and o.owner = s.owner and {} = any(o.tokens){})"
_WINDOW = r"(\w+\.\w+_on between \$\d+::date - coalesce\(s\.days_back, \d+\) and \$\d+::date \+ coalesce\(s\.days_ahead, \d+\))"
_HIDDEN = r"\(\w+\.\w+ = any\(s\.{0}\)(?: or \w+\.\w+ = any\(s\.{0}\))*\)"
_TURNED = {**expansion.ROLES, "SUPPLIER": ("SUPPLY", "recipient_id"), "CUSTOMER": ("SUPPLY", "provider_id")}
_ORDERS = ("Order", "OrderLine", "ScheduleLine", "ScheduleRevision", "ScheduleSlice")

MUTANTS = [
    text("no expiry", r"s\.valid_until > \$", "s.valid_until is distinct from $"),
    text("expiry inclusive", r"s\.valid_until > \$", "s.valid_until >= $"),
    text("no start", r"s\.valid_from <= \$", "s.valid_from is distinct from $"),
    text("start exclusive", r"s\.valid_from <= \$", "s.valid_from < $"),
    text("horizon off by one", r"\+ coalesce\(s\.days_ahead, ", "+ 1 + coalesce(s.days_ahead, "),
    text("history off by one", r"- coalesce\(s\.days_back, ", "- 1 - coalesce(s.days_back, "),
    text("days_back ignored", r"coalesce\(s\.days_back, ", "coalesce(null::int, "),
    text("days_ahead ignored", r"coalesce\(s\.days_ahead, ", "coalesce(null::int, "),
    text("window of the row ignored", _WINDOW, r"(\1 or true)"),
    text("window of the page ignored", r"(\w+)\.\w+ between s\.first_day and s\.last_day", "true"),
    text("the database's date", r"(\$\d+::date)( [-+] coalesce)", r"(current_date + (\1 - \1))\2"),
    text("other grantees' scopes", r"s\.grantee = \$", "s.grantee is distinct from $"),
    text("other kinds' scopes", r"s\.kind = '\w+'", "true"),
    text("null item means none", rf"s\.item_key = any \(array\[{_ALL}, ", "s.item_key = any (array["),
    text("item of the row ignored", r"s\.item_key = any \(array\[[^]]*\]\)", "true"),
    text("item of the page ignored", r"\w+\.\w+ = s\.of_item", "true"),
    text("site of the row ignored", r"s\.site_key = any \(array\[[^]]*\]\)", "true"),
    text("site of the page ignored", r"\w+\.\w+ = s\.of_site", "true"),
    text("owner of the page not joined", r"\w+\.\w+ = s\.owner", "true"),
    text("owner of the row not joined", r"s\.owner = \w+\.\w+", "true"),
    text("tokens ignored", _TOKEN, "true"),
    text("groups merged across rules", _TOKEN, _KIN.format(r"\1", "")),
    text(
        "windows merged across rules", _TOKEN,
        _KIN.format(r"\1", " and o.item_key = s.item_key and o.site_key = s.site_key"),
    ),
    text("bands open the value", r"'(\w+)' = any\(s\.tokens\)", r"('\1' = any(s.tokens) or '\1~band' = any(s.tokens))"),
    text("bands beside the value", r"then false else (\(\w+\.grants & \d+ > 0\)) end", r"then \1 else \1 end"),
    text("band of a value that is open", r"case when (\(\S+ = \$\d+::uuid or )", r"case when false and \1"),
    text("open band edge", r"width_bucket\((\w+\.\w+), ", r"width_bucket(\1 - 0.000001, "),
    text("band around the value", r"\('\{0,1,[\d,]+\}'::numeric\[\]\)\[width_bucket\((\w+\.\w+), [^)]*\)\]", r"trunc(\1 * 0.8)"),
    text("ladder per rule", r"width_bucket\((\w+)\.(\w+), ", r"width_bucket(\1.\2 * (1 + \1.grants % 3), "),
    text("directory shows the declined", "<> 'DECLINED'", "<> ''"),
    text("hidden parties of the row ignored", rf"{_HIDDEN.format('hidden_parties')} is not true", "true"),
    text("hidden parties of the page ignored", rf"{_HIDDEN.format('hidden')} is not true", "true"),
    text("only the first party is hidden", r"\((\w+\.\w+ = any\(s\.\w+\)) or [^)]*\)(?: or [^)]*\))*\) is not true", r"(\1) is not true"),
    text("directory shows those kept apart", r"= 'ACTIVE' and not \w+\.own_records_only", "= 'NONE'"),
    text("directory hides one of the two", r" union all select \w+\.one_id from \"block_pair\" (\w+) where [^)]*", ""),
    text("a customer's pair hides partners", r"and not (\w+)\.own_records_only", r"and \1.own_records_only is not null"),
    text("purpose ignored", r"l\.purposes::text\[\] && \$\d+::text\[\]", "true"),
    text("no purpose is no right", r"l\.purposes is null or", ""),
    text("kind ignored", r"'[A-Z_]+' = any\(\$\d+::text\[\]\)", "true"),
    text("kind of the first row only", r"l\.measure = '\w+' and ", ""),
    patch("own rows whatever the kind", limits, "_condition", scopes_only),
    text("cards name who is kept apart", r"not (exists \(select from .block_pair. \w+ where)", r"not \1 false and"),
    patch("masks always open", Owned, "granted", always_granted),
    patch("party fields for grantees", Owned, "granted", party_is_public),
    patch("owner's fields for all", Owned, "granted", owner_only_is_party),
    patch("sides ignored", Owned, "granted", all_sides),
    patch("every side sees all", Owned, "unmasked", lambda *_: True),
    patch("filters see raw values", Where, "_field", pages_without_where_masks),
    patch("totalCount without policy", pages, "total_count", count_everything),
    patch("node without policy", Compiler, "_by_key", node_without_policy),
    patch("sums under limited rules", scopes, "unlimited", lambda *_: [sql("true")]),
    patch("cards give owners away", Row, "names_owner", lambda *_: None),
    patch("lists without policy", Compiler, "_many", lists_without_policy),
    patch("foreign keys are names", Owned, "nameable", everyone_is_nameable),
    patch("header by any line", Owned, "_covering", any_line_covers),
    declared("party column wrong", _ORDERS, parties=("seller_id", "ship_to_id")),
    declared("owner and party swapped", _ORDERS, owner="seller_id", parties=("buyer_id", "consignee_id")),
    declared("item column wrong", ("Item",), item="owner_id"),
    patch("unsealed source", Row, "source", unsealed_source),
    patch("unsealed cell", Row, "cell", unsealed_cell),
    patch("column named in text", Row, "cell", named_in_text),
    patch("drafts and revoked rules count", expansion, "expand", state_ignored, world=True),
    patch("suspended relationships count", expansion, "grantees", relations_ignored, world=True),
    patch("lists of items mean all", expansion, "expand", lists_mean_all, world=True),
    patch("a block one way", expansion, "kept_apart", pair_is_one_way, world=True),
    patch("a block in own records bears everywhere", expansion, "kept_apart", pair_of_anybody_bears_everywhere, world=True),
    patch("a lifted block stands", expansion, "kept_apart", lifted_pairs_stand, world=True),
    patch("a block not on scopes derived from roles", expansion, "expand", blocks_forgotten_by_roles, world=True),
    patch("a block not on the row's other party", expansion, "expand", other_parties_forgotten, world=True),
    constant("roles turned round", expansion, "ROLES", _TURNED, world=True),
]
