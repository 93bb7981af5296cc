"""Passwords of local accounts: argon2id, four at once, so that logins cannot take the machine's memory and cores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from scmhub.errors import Refusal
from scmhub.identity.turns import Turns

AT_ONCE = 4
WAITING = 64
"""Logins that may wait for their turn; more are told to come back."""
SHORTEST, LONGEST = 12, 200
T = TypeVar("T")
_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106 for 64 MiB


def check_new(password: object) -> str:
    """A password one may choose. Length is what counts (NIST SP 800-63B): no rules about its characters."""
    if not isinstance(password, str) or not SHORTEST <= len(password) <= LONGEST:
        raise Refusal("INVALID", f"A password has {SHORTEST} to {LONGEST} characters.", ["password"])
    if len(set(password)) < 5:
        raise Refusal("INVALID", "This password is too easy to guess.", ["password"])
    return password


class Passwords:
    """Hashes in threads, a few at once."""

    def __init__(self) -> None:
        self._turns = Turns(AT_ONCE, WAITING)

    async def hash(self, password: str) -> str:
        """The password in PHC form, with its own salt."""
        return await self._run(lambda: _HASHER.hash(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; ``kept`` None (no such account) takes as long and is never right."""
        right = await self._run(lambda: _verify(kept or _nobody(), password))
        return right and kept is not None

    async def _run(self, work: Callable[[], T]) -> T:
        async with self._turns.take():
            return await asyncio.to_thread(work)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """What is compared where there is no account."""
    return _HASHER.hash("nobody's")
