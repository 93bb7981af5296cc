"""Questions about policy: why do I see this, who else does, what would this rule open."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import REGISTRY, Kind, question
from scmhub.graph.specs import Banded
from scmhub.graph.where import camel
from scmhub.identity.viewer import Permission
from scmhub.ids import key_of, parse_id, public_id
from scmhub.records.sharing_rules import simulate
from scmhub.records.sharing_rules.answers import (
    AccessCell,
    FieldPrecision,
    FieldVisibility,
    GranteeGain,
    GroupGain,
    KindGain,
    PartnerCard,
    RuleVerdict,
    RuleVerdictCode,
    ScopeReason,
    SharingRuleSimulation,
    SimulationWarning,
    SimulationWarningCode,
    VisibilityBasis,
    VisibilityEntry,
    VisibilityExplanation,
)
from scmhub.records.sharing_rules.api import ShareableKind
from scmhub.sharing import asking, explain
from scmhub.sharing.access import PUBLIC, Access
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed
from scmhub.sharing.precision import as_band, in_full

_Id = Annotated[strawberry.ID, strawberry.argument(description="Id of a record.")]


@question(
    "explainVisibility",
    "Why you see a record, and one field of it; null if there is no such record that you may see. With `as`, for a "
    "record you own: why that partner sees it or not.",
    price=50,
)
async def explain_visibility(
    info: strawberry.Info,
    id: _Id,
    field: Annotated[str | None, strawberry.argument(description="A field of the record, such as `total`.")] = None,
    as_: Annotated[
        str | None, strawberry.argument(name="as", description="Code of a partner you have a relationship with.")
    ] = None,
) -> VisibilityExplanation | None:
    kind, key = _record(id)
    if kind is None:
        return None
    mine = _lens(info)
    access = _access_of(kind, field)
    rows = await _ask(info, explain.reasons(kind.policy, kind.table.name, access or PUBLIC), mine, record=key)
    if not rows or (as_ is not None and not rows[0]["sides"][0]):
        return None
    if access is None:
        raise BadUserInput(f"{kind.name} has no field with this name.", reason="BAD_VALUE", input_path=["field"])
    verdicts: list[RuleVerdict] = []
    if as_ is not None:
        other = await _partner(info, as_)
        if other is None:
            return None
        rows = await _ask(info, explain.reasons(kind.policy, kind.table.name, access), mine.of(other), record=key)
        verdicts = await _verdicts(info, kind, access, key, other)
    shown = None if field is None else _field(kind, field, access, rows)
    return VisibilityExplanation(basis=_basis(rows), scopes=_scopes(rows), field=shown, verdicts=verdicts)


def _record(text: str) -> tuple[Kind | None, UUID]:
    """Kind and key of an id; no kind for what is malformed, unknown or only part of another record."""
    prefix, key = parse_id(text) or ("", UUID(int=0))
    kind = REGISTRY.by_prefix.get(prefix)
    return (None if kind is None or kind.part_of else kind), key


def _access_of(kind: Kind, field: str | None) -> Access | None:
    """The access class of a field by its GraphQL name; None if there is no such field. A band is asked of its value."""
    if field is None or field == "id":
        return PUBLIC
    spec = next((spec for name, spec in kind.fields.items() if camel(name) == field), None)
    if isinstance(spec, Banded):
        return in_full(spec.access)
    return None if spec is None else getattr(spec, "access", PUBLIC)


def _basis(rows: list[Any]) -> VisibilityBasis | None:
    if not rows:
        return None
    own, *parties = rows[0]["sides"]
    return VisibilityBasis.OWNER if own else VisibilityBasis.PARTY if any(parties) else VisibilityBasis.RULE


def _scopes(rows: list[Any]) -> list[ScopeReason]:
    return [
        ScopeReason(
            rule=_rule_id(row["rule"]), owner=_card(row), field_groups=row["tokens"], valid_until=row["valid_until"]
        )
        for row in rows
        if row["rule"] is not None
    ]


def _field(kind: Kind, name: str, access: Access, rows: list[Any]) -> FieldVisibility:
    exact, banded = (bool(rows) and rows[0][each] for each in ("exact", "banded"))
    basis, opening = None, list[Any]()
    if access == PUBLIC:
        basis, opening = _basis(rows), rows
    elif exact or banded:
        shown = access if exact else as_band(access)
        opening = [row for row in rows if row["rule"] and _opens(row, shown)]
        stands = [side for side, here in zip(explain.sides_of(kind.policy), rows[0]["sides"], strict=True) if here]
        unmasked = exact and any(kind.policy.unmasked(side, access) for side in stands)
        basis = _basis(rows) if unmasked else VisibilityBasis.RULE
    precision = FieldPrecision.EXACT if exact else FieldPrecision.BAND if banded else None
    return FieldVisibility(
        name=name, field_group=access.group, exact=exact, precision=precision, basis=basis, scopes=_scopes(opening)
    )


def _opens(scope: Any, access: Access) -> bool:
    """Whether a scope that covers a record opens a field of it."""
    return (access.group is None or access.group in scope["tokens"]) and (scope["unlimited"] or not access.whole)


async def _verdicts(info: strawberry.Info, kind: Kind, access: Access, key: UUID, other: UUID) -> list[RuleVerdict]:
    rule_kind = getattr(kind.policy, "kind", None)
    if rule_kind is None:
        return []
    statement = explain.verdicts(kind.policy, kind.table.name, rule_kind, access)
    rows = await _ask(info, statement, _lens(info), record=key, other=other)
    return [RuleVerdict(rule=_rule_id(row["rule"]), verdict=RuleVerdictCode(row["verdict"])) for row in rows]


@question(
    "whoCanSee",
    "Who else sees a record of yours, at most 250 entries by partner code; empty for a record that is not yours. That "
    "a card of an item, site or partner comes with every record that names it is not listed.",
    price=50,
)
async def who_can_see(info: strawberry.Info, id: _Id) -> list[VisibilityEntry]:
    kind, key = _record(id)
    if kind is None:
        return []
    rows = await _ask(info, explain.viewers(kind.policy, kind.table.name), _lens(info), record=key)
    return [_entry(kind, row) for row in rows]


def _entry(kind: Kind, row: Any) -> VisibilityEntry:
    if row["rule"] is None:
        groups = [group for group, access in kind.groups().items() if kind.policy.unmasked(row["side"], access)]
        return VisibilityEntry(
            partner=_card(row), basis=VisibilityBasis.PARTY, field_groups=groups, rule=None, until=None
        )
    return VisibilityEntry(
        partner=_card(row), basis=VisibilityBasis.RULE, field_groups=row["tokens"], rule=_rule_id(row["rule"]),
        until=row["valid_until"],
    )  # fmt: skip


@question(
    "accessMatrix",
    "Which partner has which field group of your records of a kind open by rules now; at most 250 cells.",
    price=250,
)
async def access_matrix(
    info: strawberry.Info, kind: Annotated[ShareableKind, strawberry.argument(description="Kind of records.")]
) -> list[AccessCell]:
    rows = await _ask(info, explain.matrix(kind.name), _lens(info))
    return [
        AccessCell(
            partner=_card(row), field_group=row["token"], rules=[_rule_id(each) for each in row["rules"]],
            until=row["until"],
        )
        for row in rows
    ]  # fmt: skip


@question(
    "sharingRuleSimulate",
    "What one of your rules would open beyond all others if it were active, tried out and taken back; null if you have "
    "no such rule. At most one per operation.",
    needs=Permission.RULES,
    price=5000,
)
async def sharing_rule_simulate(info: strawberry.Info, id: _Id) -> SharingRuleSimulation | None:
    if info.context.setdefault("simulated", info.path.key) != info.path.key:
        raise BadUserInput("Only one rule can be simulated per operation.", reason="TOO_MANY", input_path=["id"])
    key = key_of("rul", id)
    if key is None:
        return None
    outcome = await simulate.simulate(info.context["database"], _lens(info), info.context["now"], key)
    return None if outcome is None else _simulation(outcome)


def _simulation(outcome: simulate.Outcome) -> SharingRuleSimulation:
    warnings = [SimulationWarning(code=SimulationWarningCode(code), partner=None) for code in outcome.warnings]
    warnings += [
        SimulationWarning(code=SimulationWarningCode.COMPETITOR_REACHABLE, partner=_card(card))
        for card in outcome.cards
        if card["partner_id"] in outcome.competitors
    ]
    grantees = [
        GranteeGain(partner=_card(card), kinds=[_gain(each) for each in outcome.gains[card["partner_id"]]])
        for card in outcome.cards
    ]
    return SharingRuleSimulation(grantees=grantees, warnings=warnings, complete=outcome.complete)


def _gain(gain: simulate.Gain) -> KindGain:
    return KindGain(
        kind=gain.kind.name, rows_gained=gain.rows,
        field_groups=[GroupGain(field_group=group, rows_gained=rows) for group, rows in gain.groups.items()],
        samples=[strawberry.ID(public_id(gain.kind.prefix, each)) for each in gain.samples],
    )  # fmt: skip


# -- asking ------------------------------------------------------------------------------------------------------------


def _lens(info: strawberry.Info) -> Lens:
    lens: Lens = info.context["viewer"].lens
    return lens


async def _ask(info: strawberry.Info, statement: Governed, lens: Lens, **more: Any) -> list[Any]:
    asked = asking.Asked(lens, info.context["now"], **more)
    rows: list[Any] = await info.context["reads"].rows(*statement.asked(asked))
    return rows


async def _partner(info: strawberry.Info, code: str) -> UUID | None:
    return await asking.partner_found(info.context["reads"].rows, _lens(info), info.context["now"], code)


def _card(row: Any) -> PartnerCard:
    return PartnerCard(id=strawberry.ID(public_id("ptr", row["partner_id"])), code=row["code"], name=row["name"])


def _rule_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(public_id("rul", key))
