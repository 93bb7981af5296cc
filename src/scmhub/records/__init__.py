"""The rooms: one package per kind of record, found here and nowhere listed."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil


def discover() -> None:
    """Import every room's ``model`` and ``api`` so that they declare themselves."""
    for room in sorted(each.name for each in pkgutil.iter_modules(__path__) if each.ispkg):
        for part in ("model", "api"):
            if importlib.util.find_spec(f"{__name__}.{room}.{part}"):
                importlib.import_module(f"{__name__}.{room}.{part}")
