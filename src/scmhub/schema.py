"""The roof of GraphQL: find the rooms, build the schema, hold it as one object."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import strawberry
from graphql import GraphQLSchema, print_schema

import scmhub.exceptions.watch
import scmhub.exchange.tables
import scmhub.feed.audit
import scmhub.feed.log
import scmhub.graph.idempotency
import scmhub.graph.stored_tables
import scmhub.identity.frontend_tables
import scmhub.identity.keys
import scmhub.identity.patience
import scmhub.identity.people_tables
import scmhub.identity.provider_tables
import scmhub.identity.tables
import scmhub.sharing.tables
import scmhub.webhooks.tables  # noqa: F401
from scmhub.graph.bands import add_bands
from scmhub.graph.build import build_schema, core_schema
from scmhub.graph.declare import REGISTRY, Registry
from scmhub.records import discover

_OTHERS = (
    "admin.me", "admin.api", "admin.commands", "admin.people_api", "admin.people_commands", "admin.providers_api",
    "admin.four_eyes", "admin.frontends", "admin.keys", "admin.documents", "webhooks.api", "webhooks.commands",
    "exceptions.questions",
)  # fmt: skip
"""What declares itself outside the rooms."""


@dataclass(frozen=True)
class HubSchema:
    """Declarations and what was built from them."""

    registry: Registry
    strawberry: strawberry.Schema
    core: GraphQLSchema

    def sdl(self) -> str:
        return print_schema(self.core) + "\n"


@cache
def load_schema() -> HubSchema:
    """Discovers every room once and builds the schema; BadDeclaration if a room promises what cannot be kept."""
    with _nothing_collected():
        discover()
        for name in _OTHERS:
            importlib.import_module(f"scmhub.{name}")
        REGISTRY.join_rooms()
        add_bands(REGISTRY)
        schema = build_schema(REGISTRY)
        return HubSchema(REGISTRY, schema, core_schema(schema))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """What is made inside stays: looking for garbage in it again and again takes a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
