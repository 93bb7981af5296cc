"""``scmhub demo``: a hub with a story in it, and where to click; ``serve`` with a beginner's welcome."""

from __future__ import annotations

import asyncio
import logging
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import orjson
from rich.progress import BarColumn, Progress, TextColumn

from scmhub.cli.serving import run_hub
from scmhub.cli.talk import say, stderr
from scmhub.demo.cast import FIRMS
from scmhub.demo.chance import Chance
from scmhub.demo.fill import Progress as Report
from scmhub.demo.fill import fill
from scmhub.demo.live import Firms, Stage, play
from scmhub.demo.scenes import SCENES
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.settings import Settings, load_settings

TOKEN_LIFE = timedelta(hours=12)
_SCOPES = frozenset({TokenScope.READ, TokenScope.WRITE, TokenScope.SUBSCRIBE})
_QUIET = {"alembic": logging.WARNING, "uvicorn": logging.WARNING, "scmhub.database": logging.ERROR}
"""What is no news to somebody who tries the hub; ``scmhub doctor`` tells of old releases and shared accounts."""
_FIRST_QUERY = "{ viewer { code name } orders(first: 3) { nodes { buyerNumber status seller { code } } totalCount } }"


def run_demo(*, live: bool = False, pace: float = 3.0, seed: str = "") -> None:
    """Serve the demo until stopped; ``live``: the firms go on acting, an event every ``pace`` seconds.

    ValueError if the port is taken or the hub has other partners.
    """
    _check_port(load_settings())
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    run_hub(before=_fill, started=_greet, beside=partial(_live, pace=pace, seed=seed) if live else None)


async def _live(hub: Hub, *, pace: float, seed: str) -> None:
    """The six firms through the front door, as a caller from outside; a line on stdout for each event."""
    rows = await hub.database.read.rows("select code, id from partner")
    keys = {row["code"]: row["id"] for row in rows}
    chance = Chance(seed or f"live {hub.clock():%Y-%m-%d %H:%M:%S}")
    url = f"http://{hub.settings.host}:{hub.settings.port}"
    stage = Stage(Firms(url, lambda code: _issue(hub, code, keys[code])), chance, hub.clock)

    def tell(line: str) -> None:
        print(f"{hub.clock().astimezone():%H:%M:%S}  {line}", flush=True)  # noqa: T201 - data, not talk

    await play(stage, SCENES, tell, lambda: asyncio.sleep(pace))


def _check_port(settings: Settings) -> None:
    """Better now than after the database has been filled."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}, port {settings.port}"
            raise ValueError(f"Cannot listen on {where} ({error.strerror}): set SCMHUB_PORT to a free one.") from None


async def _fill(hub: Hub) -> None:
    started = time.perf_counter()
    with _reporting() as report:
        filled = await fill(hub.database, hub.clock, report)
    seconds = time.perf_counter() - started
    if filled.fresh:
        say(f"Filled in {seconds:.1f} s: {filled.orders:,} orders of six firms, {filled.rows:,} rows, one year.")
    else:
        say("The demo is here already; its data is kept.")


@contextmanager
def _reporting() -> Iterator[Report]:
    """A bar on a terminal; silence in a file."""
    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def report(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what.capitalize(), total=1.0)
            bars.update(tasks[what], completed=share)

        yield report


async def _greet(hub: Hub) -> None:
    """Where to click and with what; on stdout, unwrapped, so that a token can be copied whole."""
    url = hub.settings.url
    tokens = {code: await _token(hub, code) for code in (firm.code for firm in FIRMS)}
    lines = [
        "",
        f"  Explorer  {url}/explore     (paste a token, run an example)",
        f"  GraphQL   {url}/graphql",
        "",
        "One chain, six lenses. Each firm's token follows its name; it is good for 12 hours,",
        "'scmhub token --partner CODE' prints another.",
    ]
    for firm in FIRMS:
        lines += ["", f"{firm.code}  {firm.name:<22} {firm.role}", tokens[firm.code]]
    lines += ["", "Try it from another shell:", "", _curl(url, tokens["VELO"]), ""]
    lines += ["Is anything wrong? 'scmhub doctor' says what, and what to do.", "Stop with Ctrl-C."]
    print("\n".join(lines), flush=True)  # noqa: T201 - data, not talk


async def _token(hub: Hub, code: str) -> str:
    rows = await hub.database.read.rows("select id from partner where code = $1", code)
    return _issue(hub, code, rows[0]["id"])


def _issue(hub: Hub, code: str, key: UUID) -> str:
    return issue_token(
        hub.ring, issuer=hub.settings.url, partner_id=key, subject=f"cli:{code}",
        token_scopes=_SCOPES, now=hub.clock(), life=TOKEN_LIFE,
    )  # fmt: skip


def _curl(url: str, token: str) -> str:
    body = orjson.dumps({"query": _FIRST_QUERY}).decode()
    return " ".join(
        (
            f"curl -s {shlex.quote(url + '/graphql')} -H 'Content-Type: application/json'",
            f"-H {shlex.quote('Authorization: Bearer ' + token)} -d {shlex.quote(body)}",
        )
    )
