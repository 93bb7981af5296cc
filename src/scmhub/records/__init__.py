"""The rooms: one package per kind of record, found here and nowhere listed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

_PARTS = ("model", "api", "commands")
"""What declares itself, in this order; a room with several of one sort names them ``shipment_model`` and so on."""


def discover() -> None:
    """Import what every room declares: its tables, its GraphQL types and its commands."""
    rooms = sorted(each.name for each in pkgutil.iter_modules(__path__) if each.ispkg)
    for room in rooms:
        package = importlib.import_module(f"{__name__}.{room}")
        for module in _declaring(package.__path__):
            importlib.import_module(f"{__name__}.{room}.{module}")


def _declaring(folder: Iterable[str]) -> Iterator[str]:
    names = sorted(each.name for each in pkgutil.iter_modules(folder) if not each.ispkg)
    for part in _PARTS:
        yield from (name for name in names if name == part or name.endswith(f"_{part}"))
