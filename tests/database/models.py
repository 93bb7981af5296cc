"""Imports every module that declares tables."""

from __future__ import annotations

from scmhub.schema import load_schema


def load_models() -> None:
    """All models there are; what the last migration must amount to."""
    load_schema()
