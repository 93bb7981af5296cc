"""Whoever makes a secret in a test run says so here, and no line of any log may hold it: the proof of "nothing in logs".

What counts as secret is not listed test by test. The places where secrets are born are listened to: the hub's and
Authlib's makers of random texts, what is sealed, passwords that are tried, private keys, codes and tokens of identity
providers. What counts as logged is each record any logger makes, in the form an operator gets it, each line of the
request log, and the log of the database server.
"""

from __future__ import annotations

import base64
import logging
import re
import secrets as standard
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO
from unittest import mock
from urllib.parse import quote

import orjson
from authlib.common import security as authlib_security  # type: ignore[import-untyped]
from joserfc.jwk import ECKey

from scmhub.database import roles
from scmhub.graph.transport.log import JsonFormatter, RequestLog, hush
from scmhub.identity import oidc, passwords, sealing
from scmhub.webhooks.signing import Sealer

SHORTEST = 8
"""Characters of the shortest text that is a secret; passwords of tests are no shorter."""
_RUN = re.compile(r"[\w-]{16,}")
"""A stretch of a line that may be a random text."""
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_INNER = ("d", "state", "nonce", "verifier")
"""Of JSON that is sealed: what is secret in it."""
_CALLERS = ("httpx2", "httpcore2")
"""Loggers of the client that tests use; no part of the hub imports it."""


class Wary:
    """The secrets of a run by what they are, and where one was written."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._odd: dict[str, str] = {}
        """Those that are no single run of characters: looked for one by one."""
        self.written: list[str] = []
        """``what`` of each secret that stood in a line, and where."""

    def learn(self, what: str, secret: str) -> str:
        """From now on this text may stand in no line."""
        if len(secret) >= SHORTEST:
            for form in {secret.rstrip("="), quote(secret.rstrip("="), safe="")}:
                kept = self.secrets if _RUN.fullmatch(form) else self._odd
                kept.setdefault(form, what)
        return secret

    def read(self, where: str, line: str) -> None:
        """Look at a line that was written."""
        for what in self.seen_in(line):
            self.written.append(f"{what} in {where}")

    def seen_in(self, line: str) -> set[str]:
        """What secrets a line holds."""
        found = {self.secrets[each] for each in _RUN.findall(line) if each in self.secrets}
        found |= {what for secret, what in self._odd.items() if secret in line}
        return found | ({"token"} if _TOKEN.search(line) else set())

    def read_file(self, where: str, path: Path) -> None:
        """Look at each line of a log that others wrote."""
        if path.exists():
            with path.open(errors="replace") as file:
                for line in file:
                    self.read(where, line)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside the block each secret is learned and each line looked at; every logger writes at DEBUG."""
        with ExitStack() as stack:
            for original, stand_in in self._births():
                for module in [each for name, each in sys.modules.items() if name.startswith(("scmhub", "authlib"))]:
                    for name in [name for name, value in vars(module).items() if value is original]:
                        stack.enter_context(mock.patch.object(module, name, stand_in))
            for owner, name, stand_in in self._methods():
                stack.enter_context(mock.patch.object(owner, name, stand_in))
            stack.enter_context(self._logging())
            yield

    def _births(self) -> list[tuple[Any, Any]]:
        """Functions of modules, and what learns what they make."""
        return [
            (authlib_security.generate_token, self._made("authorization code", authlib_security.generate_token)),
            (sealing.seal, self._given("sealed", sealing.seal, lambda _secret, _purpose, content, *_: content)),
            (passwords._verify, self._given("password", passwords._verify, lambda _kept, password: password)),
            (passwords.check_new, self._given("password", passwords.check_new, lambda password: password)),
            (oidc.redeem, self._redeemed(oidc.redeem)),
            (roles.password_of, self._made("database password", roles.password_of)),
        ]

    def _methods(self) -> list[tuple[Any, str, Any]]:
        made, key = standard.token_bytes, ECKey.generate_key

        def token_bytes(count: int | None = None) -> bytes:
            found = made(count)
            encoders = () if len(found) < 24 else (base64.b64encode, base64.urlsafe_b64encode, base64.b16encode)
            for encode in encoders:
                self.learn("random text", encode(found).decode())
            return found

        def generate_key(*args: Any, **kwargs: Any) -> ECKey:
            found = key(*args, **kwargs)
            if found.is_private:
                self.learn("private key", str(found.as_dict(private=True)["d"]))
            return found

        return [
            (standard, "token_urlsafe", self._made("random text", standard.token_urlsafe, lambda text: len(text) > 40)),
            (standard, "token_bytes", token_bytes),
            (ECKey, "generate_key", generate_key),
            (Sealer, "seal", self._given("webhook secret", Sealer.seal, lambda _self, secret, *_: secret)),
        ]

    def _made(
        self, what: str, function: Callable[..., str], matters: Callable[[str], bool] = lambda _: True
    ) -> Callable[..., str]:
        def stand_in(*args: Any, **kwargs: Any) -> str:
            made = function(*args, **kwargs)
            return self.learn(what, made) if matters(made) else made

        return stand_in

    def _given(self, what: str, function: Callable[..., Any], taken: Callable[..., Any]) -> Callable[..., Any]:
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            self._learn_content(what, taken(*args))
            return function(*args, **kwargs)

        return stand_in

    def _learn_content(self, what: str, content: Any) -> None:
        text = content.decode(errors="replace") if isinstance(content, bytes) else content
        try:
            inner = orjson.loads(text)
        except orjson.JSONDecodeError:
            inner = None
        if isinstance(inner, dict):
            for name in _INNER:
                self.learn(f"sealed {name}", str(inner.get(name, "")))
        elif isinstance(text, str):
            self.learn(what, text)

    def _redeemed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Of a conversation with an identity provider: the code, and whatever it gives for it."""

        async def stand_in(outbound: Any, issuer: Any, client: str, secret: str, uri: str, code: str, leg: Any) -> Any:
            self.learn("code of a provider", code)
            self.learn("client secret at a provider", secret)
            basic = f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()
            self.learn("client secret at a provider", base64.b64encode(basic).decode())
            answer = await function(outbound, issuer, client, secret, uri, code, leg)
            for name in ("access_token", "id_token", "refresh_token"):
                self.learn(f"{name} of a provider", str(answer.get(name, "")))
            return answer

        return stand_in

    @contextmanager
    def _logging(self) -> Iterator[None]:
        formatter, make, root = JsonFormatter(), logging.getLogRecordFactory(), logging.getLogger()
        begin, level = RequestLog.__init__, root.level

        def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
            made = make(*args, **kwargs)
            if not made.name.startswith(_CALLERS):
                self.read(f"logger {made.name}", formatter.format(made))
            return made

        def opened(log: RequestLog, stream: TextIO | None = None, *args: Any) -> None:
            begin(log, _Tee(stream or sys.stderr, lambda line: self.read("request log", line)), *args)  # type: ignore[arg-type]

        logging.setLogRecordFactory(record)
        root.setLevel(logging.DEBUG)
        hush()
        try:
            with mock.patch.object(RequestLog, "__init__", opened):
                yield
        finally:
            root.setLevel(level)
            logging.setLogRecordFactory(make)


class _Tee:
    """A stream whose lines are also looked at."""

    def __init__(self, stream: TextIO, look: Callable[[str], None]) -> None:
        self._stream, self._look = stream, look

    def write(self, text: str) -> int:
        self._look(text)
        return self._stream.write(text)
