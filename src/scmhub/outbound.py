"""Requests the hub makes to addresses that a partner chose: webhooks, identity providers. It must not be led inside.

acme registers ``https://hooks.acme.example/in``. The name is resolved once, each address it gives is checked, and the
connection goes to a checked address itself, so that a name that answers differently a moment later changes nothing.
Private, link-local and metadata addresses are refused however they are spelt; redirects are answers, not directions;
time and size are bounded. The operator may open networks of its own (``SCMHUB_OUTBOUND_NETWORKS``); plain http is for
addresses of this machine that it has opened.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httptools

from scmhub.feed.timers import LoopTimers, Timers, within

SECONDS = 10.0
"""For name, connection, request and answer together."""
ANSWER_BYTES = 64 * 1024
"""Read of an answer's body; the rest is left unread."""
HEAD_BYTES = 16 * 1024
URL_CHARACTERS = 2_000
ADDRESSES_TRIED = 2
_NAT64 = IPv6Network("64:ff9b::/96")
_SPECIAL = tuple(
    ip_network(each)
    for each in ("168.63.129.16/32", "192.0.0.0/24", "198.18.0.0/15", "2001::/23", "2001:db8::/32", "3fff::/20")
)
"""Not for the public though some versions of Python call them global; the first is the inside of a cloud."""
_PUBLIC_V6 = IPv6Network("2000::/3")
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]
"""The addresses of a name; OSError if it has none."""


class Unreachable(Exception):
    """There was no answer; the text is fit for whoever chose the address."""


class NotPermitted(Unreachable):
    """The address is none that one may ask."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``whole`` is False if the body went on beyond what is read of one."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case; of several of a name the last."""
    body: bytes
    whole: bool = True


def networks(text: str) -> tuple[Network, ...]:
    """Networks of a setting, such as ``10.1.0.0/16, 127.0.0.0/8``; ValueError for anything else."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def checked_url(url: str, opened: Iterable[Network] = ()) -> SplitResult:
    """The parts of a URL one may ask for; ValueError says what is wrong. Names are only checked when they are used."""
    if (
        len(url) > URL_CHARACTERS
        or not url.isascii()
        or any(not "!" <= each <= "~" or each in '"<>\\^`{|}' for each in url)
    ):
        raise ValueError(f"A URL has at most {URL_CHARACTERS} characters, ASCII without spaces.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("This is not a URL.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise ValueError("Expected a URL such as https://example.com/hook.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("The URL must not hold a user, a password or a fragment.")
    local = [each for each in opened if each.is_loopback]
    if parts.scheme == "http" and not local:
        raise ValueError("The URL must begin with https://.")
    try:
        literal = ip_address(parts.hostname)
    except ValueError:
        if parts.scheme == "http" and parts.hostname != "localhost":
            raise ValueError("The URL must begin with https://.") from None
        return parts
    if not permitted(literal, local if parts.scheme == "http" else opened, public=parts.scheme == "https"):
        raise ValueError("The URL must name a public address.")
    return parts


def permitted(address: Address, opened: Iterable[Network] = (), *, public: bool = True) -> bool:
    """Whether one may connect to an address: a public one (if ``public``), or one of the ``opened`` networks."""
    real = _real(address)
    if any(real in network for network in opened):
        return True
    if not public or not real.is_global or real.is_multicast or (real.version == 6 and real not in _PUBLIC_V6):
        return False
    return not any(real in network for network in _SPECIAL)


def _real(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps; a tunnel is what lies at its end."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour:
        return address.sixtofour
    return address.teredo[1] if address.teredo else address


@cache
def _of_the_system() -> ssl.SSLContext:
    """Read once, and only by a hub that asks somebody: it takes as long as opening the database."""
    return ssl.create_default_context()


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass
class Outbound:
    """Makes requests. ``opened``: networks besides public ones; ``trust``: whose certificates count (the system's).

    ``most``: bytes read of an answer's body.
    """

    opened: tuple[Network, ...] = ()
    timers: Timers = field(default_factory=LoopTimers)
    seconds: float = SECONDS
    trust: ssl.SSLContext | None = None
    resolve: Resolve = _resolve
    most: int = ANSWER_BYTES

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """The answer to a GET; Unreachable if there is none."""
        return await self.send("GET", url, headers or {}, b"")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The answer to a POST; Unreachable if there is none."""
        return await self.send("POST", url, headers, body)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer, whatever its status; Unreachable if the address is not permitted or does not answer in time."""
        try:
            parts = checked_url(url, self.opened)
        except ValueError as error:
            raise NotPermitted(str(error)) from None
        found: list[Reply] = []

        async def work() -> None:
            found.append(await self._exchange(parts, _request(method, parts, headers, body)))

        if not await within(self.timers, self.seconds, work()):
            raise Unreachable(f"No answer within {self.seconds:g} seconds.")
        return found[0]

    async def _exchange(self, parts: SplitResult, request: bytes) -> Reply:
        reader, writer = await self._connect(parts)
        try:
            writer.write(request)
            return await _read(reader, self.most)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
            raise Unreachable("The connection broke off before there was an answer.") from None
        finally:
            writer.transport.abort()

    async def _connect(self, parts: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, secure = str(parts.hostname), parts.scheme == "https"
        trust = self.trust or _of_the_system() if secure else None
        failure = "The connection was refused."
        for address in await self._addresses(host, parts.port or (443 if secure else 80), secure=secure):
            try:
                return await asyncio.open_connection(
                    str(address), parts.port or (443 if secure else 80), ssl=trust,
                    server_hostname=host if secure else None,
                )  # fmt: skip
            except ssl.SSLCertVerificationError:
                failure = "The certificate of the server is not valid for this name."
            except ssl.SSLError:
                failure = "The server does not speak TLS."
            except OSError:
                failure = "The connection was refused."
        raise Unreachable(failure)

    async def _addresses(self, host: str, port: int, *, secure: bool) -> list[Address]:
        """The addresses of a name that one may connect to."""
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError):
            raise Unreachable("The name cannot be resolved.") from None
        opened = self.opened if secure else [each for each in self.opened if each.is_loopback]
        addresses = [ip_address(each.partition("%")[0]) for each in found]
        usable = [each for each in dict.fromkeys(addresses) if permitted(each, opened, public=secure)]
        if not usable:
            raise NotPermitted("The name does not lead to a public address.")
        return usable[:ADDRESSES_TRIED]


def _request(method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {"Host": parts.netloc, "User-Agent": "scmhub", "Accept": "*/*", "Connection": "close", **headers}
    if method != "GET":
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header of an outbound request holds a line break")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


class _Answer:
    """What the parser has seen."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.finished = False
        self.status = 0
        """0 until the head of the answer is there, which the parser does not wait for."""
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.finished = self.status >= 200


async def _read(reader: asyncio.StreamReader, most: int) -> Reply:
    """One answer, up to the bounds."""
    answer = _Answer()
    taken = 0
    while not answer.finished and taken < HEAD_BYTES + most and len(answer.body) <= most:
        data = await reader.read(16 * 1024)
        if not data:
            break
        taken += len(data)
        try:
            answer.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            raise Unreachable("The answer is not HTTP.") from None
    if answer.status < 200:
        raise Unreachable("The connection broke off before there was an answer.")
    until_end = "content-length" not in answer.headers and "chunked" not in answer.headers.get("transfer-encoding", "")
    whole = answer.finished or (until_end and reader.at_eof())
    return Reply(answer.status, answer.headers, answer.body[:most], whole and len(answer.body) <= most)
