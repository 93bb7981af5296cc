"""HTTP receivers for tests: a real server on a real port that answers as it is told and keeps what it got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HANG = "HANG"
OK = "HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def change(self) -> Any:
        [item] = orjson.loads(self.body)["data"].values()
        return item


@dataclass
class Receiver:
    """``answers`` are used up one after the other; then everything is well."""

    url: str
    answers: list[str] = field(default_factory=list)
    got: list[Request] = field(default_factory=list)
    always: str = OK
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    late: str = ""

    def let_go(self, answer: str) -> None:
        """Answer who was left hanging."""
        self.late = answer
        self.hanging.set()

    def answer(self) -> str:
        return self.answers.pop(0) if self.answers else self.always

    async def until(self, test: Callable[[list[Request]], bool], most_seconds: float = 20) -> None:
        async with asyncio.timeout(most_seconds), self.news:
            await self.news.wait_for(lambda: test(self.got))

    async def gets(self, count: int) -> list[Request]:
        await self.until(lambda got: len(got) >= count)
        return self.got


def status(code: int, more: str = "", body: str = "") -> str:
    return f"HTTP/1.1 {code} Such\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}"


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    made = Receiver("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in head[1:] if each)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = made.answer()
            async with made.news:
                made.got.append(Request(head[0], headers, body))
                made.news.notify_all()
            if answer == HANG:
                await made.hanging.wait()
                answer = made.late
            writer.write(answer.encode("latin-1"))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made.url = f"{'https' if tls else 'http'}://{'localhost' if tls else host}:{port}/hook"
    try:
        yield made
    finally:
        made.hanging.set()
        server.close()
        await server.wait_closed()


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext, Path]:
    """(server's context, a context that trusts it, the certificate's file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.9"))])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file)), file
