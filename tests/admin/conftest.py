"""The served hub of the identity tests."""

from tests.identity.conftest import live, models

__all__ = ["live", "models"]
