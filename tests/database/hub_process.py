"""A hub reduced to its database: starts the embedded server, says so, obeys lines on stdin, one answer line each."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from scmhub.database.address import DatabaseUnusable
from scmhub.database.embedded import EmbeddedServer


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def obey(server: EmbeddedServer, password: str) -> None:
    """Run the watcher, and the lines of stdin as SQL; an empty line or end of input ends the hub."""
    address = server._home.running()
    assert address is not None
    assert address.password == password
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    loop.add_signal_handler(signal.SIGINT, lambda: lines.put_nowait("interrupted"))
    watcher = asyncio.create_task(server.watch())
    watcher.add_done_callback(lambda task: lines.put_nowait("watcher") if not task.cancelled() else None)
    say(pid=server.pid, host=address.host)  # last, so that whoever hears it finds everything in place
    while (line := (await lines.get()).strip()) not in {"", "watcher"}:
        if line == "interrupted":
            say(interrupted=True)
            continue
        connection = await address.connect()
        say(answer=str(await connection.fetchval(line)), pid=server.pid)
        await connection.close()
    if watcher.done():
        await watcher
    watcher.cancel()


def main() -> None:
    home, account, user = Path(sys.argv[1]), sys.argv[2], int(sys.argv[4])
    if user:  # here and not before exec: the interpreter may live where that user cannot go
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    server = EmbeddedServer(home, account=account, durable=False, wait_seconds=float(sys.argv[3]))
    try:
        with server as address:
            asyncio.run(obey(server, address.password))
    except DatabaseUnusable as error:
        say(unusable=str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
