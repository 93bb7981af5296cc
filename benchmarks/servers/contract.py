"""What the runner needs to know of a server: how to start it, how to ask it, how to read its answer.

An *operation* is "a" (one order by id), "b" (a page of 50 orders) or "c" (20 items x 52 forecast weeks). A *call* is an
operation asked by one partner: for "a" an order id, for "b" a depth (0 = newest page), for "c" whose forecasts. A server
turns a call into its own document, variables and headers, and its answer into the canonical form of ``answers.py`` or
``forecasts.py``. BENCH_OPERATIONS confines a run: ``BENCH_OPERATIONS="c"``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Any
Order = dict[str, Json]
OPERATIONS = tuple(os.environ.get("BENCH_OPERATIONS", "a b c").split())
PAGE_SIZE, POOL_SIZE = 50, 8


@dataclass(frozen=True, slots=True)
class Call:
    """One question. ``group`` says why it is asked: party, grantee, consignee, hidden, unknown, quiet, deep."""

    operation: str
    viewer_id: str
    viewer_code: str
    group: str
    order_id: str | None = None
    depth: int = 0
    publisher_id: str | None = None
    start: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is started: the seeded database, a port to listen on, a folder for what it writes."""

    database_url: str
    port: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Server:
    """One server. ``scripts`` are run on the database before it starts; ``headers`` say who asks."""

    name: str
    title: str
    command: Callable[[Place], Sequence[str]]
    environ: Callable[[Place], Mapping[str, str]]
    documents: Mapping[str, str]
    headers: Callable[[Place, Mapping[str, str]], Mapping[str, Mapping[str, str]]]
    variables: Callable[[Call, str | None], Mapping[str, Json]]
    orders: Callable[[str, Json], list[Order]]
    cursor: Callable[[Json], str | None]
    scripts: Sequence[Path] = ()
    path: str = "/graphql"
    notes: str = ""
