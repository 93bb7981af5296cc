"""How a rule moves (DRAFT -> ACTIVE <-> SUSPENDED, REVOKED for good) and what it may say. Pure: no I/O, no clock."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scmhub.errors import Refusal
from scmhub.sharing.precision import SUFFIX

STEPS: dict[str, dict[str, str]] = {
    "DRAFT": {"ACTIVATE": "ACTIVE", "REVISE": "DRAFT", "REVOKE": "REVOKED"},
    "ACTIVE": {"SUSPEND": "SUSPENDED", "REVISE": "DRAFT", "REVOKE": "REVOKED"},
    "SUSPENDED": {"RESUME": "ACTIVE", "REVISE": "DRAFT", "REVOKE": "REVOKED"},
    "REVOKED": {},
}
"""State -> step -> next state. A rule past its ``validUntil`` keeps its state: the clock says that it opens nothing."""
COMMANDS = {step: f"sharingRule{step.capitalize()}" for step in ("ACTIVATE", "SUSPEND", "RESUME", "REVISE", "REVOKE")}
FARTHEST_DAY = 36_500
"""Most days a window may reach back or ahead: a century; open is said by null."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What rules of one kind can speak of: field groups, and whether its records have an item, a site, a day."""

    groups: tuple[str, ...]
    items: bool
    sites: bool
    days: bool
    banded: tuple[str, ...] = ()
    """Those of the groups whose amounts a rule can open as bands."""


def after(state: str, step: str) -> str:
    """The state after a step; Refusal ILLEGAL_TRANSITION names the steps there are."""
    steps = STEPS[state]
    if step not in steps:
        legal = ", ".join(COMMANDS[each] for each in steps) or "none"
        raise Refusal(
            "ILLEGAL_TRANSITION", f"The rule is {state}; {COMMANDS[step]} is not possible. Allowed steps: {legal}.",
            ["input", "sharingRule"],
        )  # fmt: skip
    return steps[step]


def check_groups(given: Sequence[str], dimensions: Dimensions) -> list[str]:
    """The field groups with their precision, each once, in the order of the kind; INVALID with the nearest name."""
    path = ["input", "fieldGroups"]
    found: dict[str, str] = {}
    for number, token in enumerate(given):
        name = _checked(token, dimensions, [*path, str(number)])
        if found.setdefault(name, token) != token:
            message = f"'{name}' is opened exactly or as bands, not both: name it once."
            raise Refusal("INVALID", message, [*path, str(number)])
    return [found[name] for name in dimensions.groups if name in found]


def _checked(token: str, dimensions: Dimensions, path: list[str]) -> str:
    """The field group a token names: with ``~band`` only one that has amounts."""
    name = token.removesuffix(SUFFIX)
    if name not in dimensions.groups:
        near = difflib.get_close_matches(name[:80].lower(), dimensions.groups, n=1, cutoff=0.0)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise Refusal(
            "INVALID", f"These records have no such field group.{hint} There are: {_listed(dimensions.groups)}.", path
        )
    if token != name and name not in dimensions.banded:
        tokens = [f"{each}{SUFFIX}" for each in dimensions.banded]
        raise Refusal("INVALID", f"No band is told of '{name}'. There are: {_listed(tokens)}.", path)
    return name


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def check_extent(spoken_of: bool, has: bool, what: str, field: str) -> None:
    """``items``, ``sites`` and days must be said where records have them, and cannot be said where not."""
    if spoken_of and not has:
        raise Refusal("INVALID", f"Rules of this kind have no {what}; leave it out.", ["input", field])
    if has and not spoken_of:
        raise Refusal("REQUIRED", f"Say which {what}; that all are meant is never assumed.", ["input", field])


def check_days(days: int | None, field: str) -> int | None:
    """Days of a window: null is open on that side."""
    if days is not None and not 0 <= days <= FARTHEST_DAY:
        raise Refusal("OUT_OF_RANGE", f"It must lie between 0 and {FARTHEST_DAY} days.", ["input", field])
    return days


def check_validity(valid_from: datetime, valid_until: datetime | None) -> None:
    if valid_until is not None and valid_until <= valid_from:
        raise Refusal("INVALID", "It must lie after 'validFrom'.", ["input", "validUntil"])


def check_size(items: Sequence[object] | None, sites: Sequence[object] | None, grantees: int, most: int) -> None:
    """OUT_OF_RANGE if the rule would expand into more than ``most`` scopes."""
    size = (1 if items is None else len(items)) * (1 if sites is None else len(sites)) * grantees
    if size > most:
        message = f"Items x sites x partners would make {size} scopes; at most {most} are allowed. Split the rule."
        raise Refusal("OUT_OF_RANGE", message, ["input"])
