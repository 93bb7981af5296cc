"""Each attack on identity that the design lists has a test that holds the required answer.

A test that is made for attack 12 says so in its name (``test_attack_12_...``, ``test_attacks_21_22_28_...``). Where an older
or wider test holds the answer, ``ELSEWHERE`` names it. An attack without a test fails here, and so does a name that is gone.
"""

from __future__ import annotations

import re
from collections import defaultdict

from tests.docs.fences import ROOT

ATTACKS = 53
_NAMED = re.compile(r"def (test_attacks?_(\d+(?:_\d+)*(?:_and_\d+)?)\w*)\(")
_SOCKETS = ("graph/transport/test_ws.py", "test_each_close_code_has_its_cause")
ELSEWHERE: dict[int, tuple[str, str]] = {
    19: ("identity/test_tokens.py", "test_every_defect_is_the_same_refusal"),
    26: _SOCKETS,  # 4403 without ack for a bad payload, 4401 for subscribe first
    29: ("graph/deliver/test_feed_narrowed.py", "test_each_record_that_was_lost_is_told_on_streams_and_in_pages"),
    30: _SOCKETS,  # a socket of another origin is refused at the handshake
    31: _SOCKETS,  # 4406
    32: _SOCKETS,  # 4408
}


def by_attack() -> dict[int, list[str]]:
    """Attack -> files and names of its tests."""
    found = defaultdict(list)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name, numbers in _NAMED.findall(path.read_text()):
            for number in re.findall(r"\d+", numbers):
                found[int(number)].append(f"{path.relative_to(ROOT / 'tests')}::{name}")
    for number, (file, name) in ELSEWHERE.items():
        if f"def {name}(" in (ROOT / "tests" / file).read_text():
            found[number].append(f"{file}::{name}")
    return found


def test_every_attack_of_the_design_has_a_test() -> None:
    assert [number for number in range(1, ATTACKS + 1) if number not in by_attack()] == []


def test_what_is_named_elsewhere_exists_and_is_needed() -> None:
    known = by_attack()
    assert {number: len(known[number]) for number in ELSEWHERE} == dict.fromkeys(ELSEWHERE, 1)
