"""The four firms of the forecast tests; bolt supplies acme."""

from __future__ import annotations

from ..forecasts.conftest import firms, modelled

__all__ = ["firms", "modelled"]
