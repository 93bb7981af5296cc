"""Says in the change log that somebody lost the right to call, so that every replica learns it in the log's order.

acme revokes a leaked secret. The transaction that does so leaves one event for the hub's own processes: these names are
BARRED. A caller stands on several names (its partner, itself, its credential, its token, the key that signed it); if
one of them is barred the caller is. What persons, sessions and grants stand on is told the same way.
"""

from __future__ import annotations

from uuid import UUID

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.feed.log import HUB

IDENTITY = "IDENTITY"
"""The kind of these events."""
BARRED, LIFTED, RENEWED = "BARRED", "LIFTED", "RENEWED"


def name_of(kind: str, key: UUID | str) -> str:
    """What a caller may stand on: ``partner:...``, ``integration:...``, ``credential:...``, ``token:...``, ..."""
    return f"{kind}:{key}"


def bar(unit: Unit, *names: str) -> None:
    """Whoever stands on one of these names is refused, and its connections end, when this unit has committed."""
    _tell(unit, BARRED, names)


def lift(unit: Unit, *names: str) -> None:
    """These names may call again."""
    _tell(unit, LIFTED, names)


def renew(unit: Unit) -> None:
    """Keys, frontends or which documents an integration may send have changed: every replica reads them anew."""
    _tell(unit, RENEWED, ())


def _tell(unit: Unit, action: str, names: tuple[str, ...]) -> None:
    unit.change(IDENTITY, action, HUB_PARTNER, HUB_PARTNER, changed=names, audience=HUB)
