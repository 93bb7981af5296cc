"""The served hub of the identity tests."""

from tests.admin.documents import acme, bolt
from tests.identity.conftest import live, models

__all__ = ["acme", "bolt", "live", "models"]
