"""The Lens: everything policy may know of a caller. Two people of one partner with equal lenses see equal bytes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Lens:
    """Whose eyes an answer is made for."""

    partner_id: UUID
