"""What stewards do with access reviews: start one, attest its lines, close it, which revokes what is to go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import MOST
from scmhub.identity.viewer import Permission
from scmhub.ids import new_id, public_id
from scmhub.records.sharing_rules import review_rules as rules
from scmhub.records.sharing_rules.commands import refuse_author, revoke
from scmhub.records.sharing_rules.review_api import AccessReviewSubject
from scmhub.records.sharing_rules.review_callers import (
    check_attestable,
    integration_lines,
    people_lines,
    revoke_callers,
)
from scmhub.records.sharing_rules.review_inputs import (
    AccessReviewAttestInput,
    AccessReviewCloseInput,
    AccessReviewStartInput,
)
from scmhub.sharing.expansion import hold_sharing
from scmhub.sharing.reviews import AccessReviewLineTable, AccessReviewTable
from scmhub.sharing.tables import SharingRuleTable

MOST_LINES = 500
"""Rules one review lists; closing it may revoke them all in one transaction."""
LOOK_BACK = timedelta(days=366)
"""How far back the access log is asked for the last use of a rule."""
_RULES = Permission.RULES
_CALLERS = {AccessReviewSubject.INTEGRATION: integration_lines, AccessReviewSubject.PERSON: people_lines}
_Past = dict[tuple[UUID, int], dict[str, Any]]
"""What the logs say of a rule in one of its versions."""
_REASON = ["input", "reason"]
_ACTIVATED = """
select distinct on (e.subject) e.subject, e.actor, e.at from audit_entry e
where e.partner_id = $1 and e.subject = any($2) and e.action in ('sharingRule.activated', 'sharingRule.resumed')
order by e.subject, e.seq desc
"""
_USED = """
select used.rule, max(l.at) as at from access_log l, unnest(l.rules) as used (rule)
where l.owner_id = $1 and l.id >= $2 and used.rule = any($3) group by used.rule
"""


@command(
    "accessReviewStart", payload="AccessReview", needs=_RULES, sensitive=True,
    description="Starts a review: lists your rules that are ACTIVE or SUSPENDED and have not ended, your active "
    "integrations, the roles of your active people (`about` says which), as they are now. What comes later is for the "
    "next one. OUT_OF_RANGE: more than 500 lines of one sort; review fewer kinds at a time.",
)  # fmt: skip
async def access_review_start(unit: Unit, given: AccessReviewStartInput) -> UUID:
    unit.reason = take.text(given.reason, MOST, _REASON)
    take.count(len(given.about), len(AccessReviewSubject), "subject", ["input", "about"])
    # The logs are long: they are read before others are kept waiting, again only for what has changed meanwhile.
    past = await _past(unit, await _standing(unit, given))
    await hold_sharing(unit, unit.partner_id)
    standing = await _standing(unit, given)
    past |= await _past(unit, [rule for rule in standing if (rule.id, rule.version) not in past])
    review = AccessReviewTable(
        id=new_id(unit.now), owner_id=unit.partner_id, reason=unit.reason, started_by=unit.actor, started_at=unit.now,
        due_at=rules.check_due(given.due_at, unit.now),
    )  # fmt: skip
    unit.session.add(review)
    await unit.session.flush()
    lines = [*_lines(unit, standing, past), *await _caller_lines(unit, given)]
    for number, line in enumerate(lines, 1):
        line.owner_id, line.review_id, line.line_no = review.owner_id, review.id, number
    unit.session.add_all(lines)
    about = sorted({line.about for line in lines})
    await _tell(unit, review, "started", {"dueAt": review.due_at.isoformat(), "lines": len(lines), "about": about})
    return review.id


async def _caller_lines(unit: Unit, given: AccessReviewStartInput) -> list[AccessReviewLineTable]:
    """The lines about integrations and people, if these are asked for."""
    found: list[AccessReviewLineTable] = []
    for subject, list_them in _CALLERS.items():
        lines = await list_them(unit, MOST_LINES + 1) if subject in given.about else []
        if len(lines) > MOST_LINES:
            raise Refusal("OUT_OF_RANGE", f"A review lists at most {MOST_LINES} of a sort.", ["input", "about"])
        found += lines
    return found


async def _standing(unit: Unit, given: AccessReviewStartInput) -> list[SharingRuleTable]:
    """The rules to list: in force, to be in force later, or one step from it, oldest first."""
    if AccessReviewSubject.RULE not in given.about:
        return []
    until = col(SharingRuleTable.valid_until)
    wanted = select(SharingRuleTable).where(
        SharingRuleTable.owner_id == unit.partner_id,
        col(SharingRuleTable.state).in_(("ACTIVE", "SUSPENDED")),
        until.is_(None) | (until > unit.now),
    )
    if given.kinds is not None:
        take.count(len(given.kinds), MOST_LINES, "kind", ["input", "kinds"])
        wanted = wanted.where(col(SharingRuleTable.kind).in_([each.name for each in given.kinds]))
    found = list((await unit.session.exec(wanted.order_by(col(SharingRuleTable.id)).limit(MOST_LINES + 1))).all())
    if len(found) > MOST_LINES:
        text = f"More than {MOST_LINES} rules stand: review them by kind."
        raise Refusal("OUT_OF_RANGE", text, ["input", "kinds"])
    return found


async def _past(unit: Unit, rules: list[SharingRuleTable]) -> _Past:
    """Who put these rules into force last, and when they were last used."""
    if not rules:
        return {}
    subjects = {audit.subject_of("sharing-rule", rule.id): rule for rule in rules}
    opened = {row["subject"]: row for row in await unit.rows(_ACTIVATED, unit.partner_id, list(subjects))}
    oldest, keys = new_id(unit.now - LOOK_BACK, 0), [rule.id for rule in rules]
    used = {row["rule"]: row["at"] for row in await unit.rows(_USED, unit.partner_id, oldest, keys)}
    return {
        (rule.id, rule.version): {**(opened.get(subject) or {}), "used": used.get(rule.id)}
        for subject, rule in subjects.items()
    }


def _lines(unit: Unit, standing: list[SharingRuleTable], past: _Past) -> list[AccessReviewLineTable]:
    made = []
    for rule in standing:
        opened = past[rule.id, rule.version]
        made.append(
            AccessReviewLineTable(
                id=new_id(unit.now), rule_id=rule.id, subject_version=rule.version, kind=rule.kind,
                grantee_id=rule.grantee_id, grantee_role=rule.grantee_role,
                field_groups=rule.field_groups, activated_by=opened.get("actor"), activated_at=opened.get("at"),
                last_used_at=opened["used"],
            )
        )  # fmt: skip
    return made


@command(
    "accessReviewAttest", payload="AccessReviewLine", needs=_RULES, sensitive=True,
    description="Decides of one line, or decides anew while the review is OPEN. CONFLICT: the rule has changed since "
    "you looked at it. FOUR_EYES: your firm wants another person than who wrote the rule last to do that. FORBIDDEN: "
    "it is your own role.",
)  # fmt: skip
async def access_review_attest(unit: Unit, given: AccessReviewAttestInput) -> UUID:
    await hold_sharing(unit, unit.partner_id)
    line = await changeable(
        unit, AccessReviewLineTable, "AccessReviewLine", given.access_review_line, given.expected_version,
        rules.PATHS["ATTEST"],
    )  # fmt: skip
    with take.about(line.id):
        unit.reason = line.reason = take.text(given.reason, MOST, _REASON)
        review = await unit.session.get_one(AccessReviewTable, line.review_id)
        rules.after(review.state, "ATTEST")
        rules.check_line(line.state)
        rule = None if line.rule_id is None else await unit.session.get_one(SharingRuleTable, line.rule_id)
        found = line.subject_version if rule is None else rule.version
        if found != given.subject_version:
            text = f"It has version {found} now, not {given.subject_version}: look at it again."
            raise Refusal("CONFLICT", text, ["input", "subjectVersion"])
        if rule is not None:
            await refuse_author(unit, rule, "attests it", rules.PATHS["ATTEST"])
        await check_attestable(unit, line, given.decision.name, rules.PATHS["ATTEST"])
    line.state, line.decision, line.attested_version = "ATTESTED", given.decision.name, found
    line.attested_by, line.attested_at, line.version = unit.actor, unit.now, line.version + 1
    unit.session.add(line)
    details = {
        "line": public_id("arl", line.id), "about": _subject(line), "subjectVersion": found, "decision": line.decision,
    }  # fmt: skip
    await _tell(unit, review, "attested", details)
    return line.id


@command(
    "accessReviewClose", payload="AccessReview", needs=_RULES, sensitive=True,
    description="Closes a review and revokes, in the same transaction and as `sharingRuleRevoke` does, what was "
    "attested REVOKE. Before its due date every line must be attested (ILLEGAL_TRANSITION); from then on it closes as "
    "it is, and what is PENDING or CHANGED stays as it is: `unattested` counts it. Integrations "
    "are suspended, roles are taken.",
)  # fmt: skip
async def access_review_close(unit: Unit, given: AccessReviewCloseInput) -> UUID:
    await hold_sharing(unit, unit.partner_id)
    review = await changeable(
        unit, AccessReviewTable, "AccessReview", given.access_review, given.expected_version, rules.PATHS["CLOSE"]
    )
    with take.about(review.id):
        reason = take.text(given.reason, MOST, _REASON)
        state = rules.after(review.state, "CLOSE")
        of = select(AccessReviewLineTable).where(AccessReviewLineTable.review_id == review.id)
        lines = (await unit.session.exec(of.order_by(col(AccessReviewLineTable.line_no)))).all()
        left = [line for line in lines if line.state in ("PENDING", "CHANGED")]
        rules.check_closable(len(left), review.due_at, unit.now)
    revoked = [line for line in lines if line.state == "ATTESTED" and line.decision == "REVOKE"]
    review.state, review.closed_by, review.closed_at, review.close_reason = state, unit.actor, unit.now, reason
    review.revoked, review.unattested, review.version = len(revoked), len(left), review.version + 1
    unit.session.add(review)
    for line in revoked:
        if line.rule_id is not None:
            unit.reason = line.reason  # why this rule goes was said by who decided it
            await revoke(unit, await unit.session.get_one(SharingRuleTable, line.rule_id))
    await revoke_callers(unit, revoked)
    unit.reason = reason
    details = {
        "revoked": [_subject(line) for line in revoked],
        "unattested": [_subject(line) for line in left],
    }
    await _tell(unit, review, "closed", details)
    return review.id


def _subject(line: AccessReviewLineTable) -> str:
    """What a line is about, by its id; of a person also the role."""
    if line.rule_id is not None:
        return public_id("rul", line.rule_id)
    if line.integration_id is not None:
        return public_id("int", line.integration_id)
    assert line.person_id
    return f"{public_id('per', line.person_id)} {line.role}"


async def _tell(unit: Unit, review: AccessReviewTable, action: str, details: Mapping[str, Any]) -> None:
    await audit.record(unit, f"accessReview.{action}", audit.subject_of("access-review", review.id), details)
