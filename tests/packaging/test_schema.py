"""The schema that frontends build against is checked in: a change of it is seen in review, a breaking one is refused."""

from __future__ import annotations

from graphql import build_schema
from graphql.utilities import find_breaking_changes

from scmhub.schema import load_schema
from tests.regenerate import SDL


def test_nothing_published_is_taken_away() -> None:
    published = build_schema(SDL.read_text())
    assert [each.description for each in find_breaking_changes(published, load_schema().core)] == []


def test_the_checked_in_schema_is_the_schema() -> None:
    assert SDL.read_text() == load_schema().sdl(), "run: python -m tests.regenerate"
