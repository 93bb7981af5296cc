"""The simulator plays six firms through a real hub's front door: what it does is legal, told, and drawn from its seed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import scmhub
from scmhub.app import create_app
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.demo.chance import Chance
from scmhub.demo.live import EndOfPlay, Firms, Stage, play
from scmhub.demo.scenes import SCENES
from scmhub.graph.transport.server import Server, server_config
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET, clone
from tests.demo.telling import TODAY, filled_template

EVENTS = 60
VERBS = {
    "orders", "confirms", "offers", "accepts", "delays", "ships", "receives", "expects", "commits", "counts", "warns",
    "tells",
}  # fmt: skip


class Time:
    """The hub's clock, which moves twenty minutes with every pause, and ends the play after so many."""

    def __init__(self, events: int) -> None:
        self.now = TODAY
        self._left = events

    def __call__(self) -> datetime:
        return self.now

    async def pause(self) -> None:
        if self._left == 0:
            raise EndOfPlay
        self._left -= 1
        self.now += timedelta(minutes=20)


@asynccontextmanager
async def served(address: Address, settings: Settings, time: Time) -> AsyncIterator[Firms]:
    """The filled hub on a port, and the six firms as its callers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        mine = settings.model_copy(update={"port": listener.getsockname()[1]})
        async with Hub.open(address, mine, time) as hub:
            keys = {row["code"]: row["id"] for row in await hub.database.read.rows("select code, id from partner")}
            scopes = frozenset({TokenScope.READ, TokenScope.WRITE})

            def token(code: str) -> str:
                return issue_token(
                    hub.ring, issuer=mine.url, partner_id=keys[code], subject=f"cli:{code}", token_scopes=scopes,
                    now=time(), life=timedelta(hours=1),
                )  # fmt: skip

            web = Server(server_config(create_app(hub), "127.0.0.1", mine.port))
            started = asyncio.Event()

            async def ready() -> None:
                started.set()

            web.on_started = ready
            serving = asyncio.ensure_future(web.serve([listener]))
            await asyncio.wait_for(started.wait(), 30)
            try:
                yield Firms(mine.url, token)
            finally:
                web.should_exit = True
                await serving


async def played(address: Address, settings: Settings, seed: str, events: int = EVENTS) -> list[str]:
    """The lines of one run."""
    time, lines = Time(events), []
    async with served(address, settings, time) as firms:
        await play(Stage(firms, Chance(seed), time), SCENES, lines.append, time.pause)
    return lines


async def test_equal_seeds_tell_equal_stories_in_which_everything_happens(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    name = await filled_template(server, template, settings, secret)
    stories = []
    for seed in ("one", "one"):
        async with clone(server, name) as address:
            stories.append(await played(address, settings, seed))
    assert stories[0] == stories[1]
    assert [line for line in stories[0] if line.startswith(("refused", "no answer", "Nothing"))] == []
    assert {line.split()[1] for line in stories[0]} == VERBS


async def test_a_hub_that_is_away_is_told_and_waited_for(settings: Settings) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # bound, not listening: every call is refused
        time, lines = Time(2), []
        firms = Firms(f"http://127.0.0.1:{unheard.getsockname()[1]}", lambda code: "token")
        await play(Stage(firms, Chance("x"), time), SCENES, lines.append, time.pause)
    assert lines == ["no answer: [Errno 111] Connection refused"] * 2


async def test_the_demo_lives_until_it_is_stopped(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    """The command itself: events on stdout, a clean end."""
    name = await filled_template(server, template, settings, secret)
    async with clone(server, name) as address:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(scmhub.__file__).parents[1]), "SCMHUB_PORT": str(port),
            "SCMHUB_SECRET": TEST_SECRET, "SCMHUB_ALLOW_UNSAFE_DATABASE": "true", "SCMHUB_HOME": str(settings.home),
            "SCMHUB_DATABASE_URL": f"postgresql://{address.user}:{address.password}@/{address.database}"
            f"?host={address.host}&port={address.port}",
        }  # fmt: skip
        command = [sys.executable, "-c", "from scmhub.cli import main; main()", "demo", "--live", "--pace", "0.05"]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            assert any(line.startswith("Stop with") for line in iter(process.stdout.readline, ""))
            events = [process.stdout.readline() for _ in range(3)]
            process.send_signal(signal.SIGTERM)
            talk = process.communicate(timeout=60)[1]
    assert process.returncode == 0, talk
    assert "Traceback" not in talk
    assert all(line[2] == line[5] == ":" for line in events), events
