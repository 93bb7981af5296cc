"""The four firms, as for the forecasts."""

from __future__ import annotations

from ..forecasts.conftest import firms, modelled

__all__ = ["firms", "modelled"]
