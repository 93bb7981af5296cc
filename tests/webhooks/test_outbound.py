"""Requests to addresses that partners choose: what is refused, whatever way it is spelt, and what is bounded."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from scmhub.outbound import ANSWER_BYTES, Outbound, Unreachable, checked_url, networks, permitted
from tests.support.timers import HandTimers
from tests.webhooks.receivers import HANG, certificate, receiver, status

HERE = networks("127.0.0.0/8")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "::1", "::",
        "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192", "fe80::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "64:ff9b:1::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused_however_it_is_spelt(address: str) -> None:
    assert not permitted(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_a_public_address_is_permitted(address: str) -> None:
    assert permitted(ip_address(address))
    assert not permitted(ip_address(address), HERE, public=False)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://example.com/", "https"), ("ftp://example.com/", "Expected"), ("https://", "Expected"),
        ("file:///etc/passwd", "Expected"), ("gopher://a:70/", "Expected"), ("https://u:p@example.com/", "user"),
        ("https://u@example.com/", "user"), ("https://example.com/#x", "fragment"), ("https://example.com:0/", "Expected"),
        ("https://example.com:99999/", "not a URL"), ("https://[::1]/", "public"), ("https://127.0.0.1/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"), ("https://169.254.169.254/latest", "public"),
        ("https://exa mple.com/", "characters"), ("https://example.com/\r\nX: y", "characters"), ("https://é.com/", "characters"),
        ("https://a" + "b" * 2000, "characters"), ("https://[::1", "not a URL"), ("", "Expected"), ("//example.com", "Expected"),
    ],
)  # fmt: skip
def test_a_url_that_is_not_fit_is_told_why(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        checked_url(url)


def test_plain_http_is_for_this_machine_alone_and_only_when_it_was_opened() -> None:
    assert checked_url("http://127.0.0.1:8080/hook", HERE).port == 8080
    for url in ("http://93.184.215.14/", "http://10.0.0.1/"):
        with pytest.raises(ValueError, match="public"):
            checked_url(url, networks("127.0.0.0/8, 10.0.0.0/8"))
    for url, opened in (("http://10.0.0.1/", networks("10.0.0.0/8")), ("http://name.example/", HERE)):
        with pytest.raises(ValueError, match="https"):
            checked_url(url, opened)


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "0177.0.0.1", "localhost"])
async def test_a_name_for_this_machine_is_found_out_when_it_is_resolved(host: str) -> None:
    with pytest.raises(Unreachable, match=r"does not lead to a public address|cannot be resolved"):
        await Outbound().get(f"https://{host}/")


async def test_the_checked_address_is_the_one_connected_to(tmp_path: Path) -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server, trust, _ = certificate(tmp_path, "moving.example")
    async with receiver(server) as there:
        url = there.url.replace("localhost", "moving.example")
        ask = Outbound(HERE, trust=trust, resolve=rebinding)
        assert (await ask.get(f"{url}?y=1")).status == 204
        assert asked == ["moving.example"]
        assert there.got[0].line == "GET /hook?y=1 HTTP/1.1"
        assert there.got[0].headers["host"] == url.split("/")[2]
        with pytest.raises(Unreachable, match="public"):
            await ask.get(url)
        assert len(there.got) == 1


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with receiver() as there, receiver() as other:
        there.answers = [status(302, f"Location: {other.url}\r\n")]
        reply = await Outbound(HERE).post(there.url, b"{}", {})
        assert (reply.status, reply.headers["location"]) == (302, other.url)
        assert other.got == []


async def test_who_does_not_answer_in_time_is_left() -> None:
    timers = HandTimers()
    async with receiver() as there:
        there.answers = [HANG]
        task = asyncio.ensure_future(Outbound(HERE, timers).post(there.url, b"{}", {}))
        await there.gets(1)
        timers.advance(10)
        with pytest.raises(Unreachable, match="within 10 seconds"):
            await task


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (status(200, body="x" * ANSWER_BYTES), True), (status(200, body="x" * (ANSWER_BYTES + 1)), False),
        ("HTTP/1.1 200 OK\r\n\r\n" + "x" * 300_000, False), ("HTTP/1.1 200 OK\r\n\r\nxyz", True),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n", True),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n", False),
        ("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz", True),
    ],
)  # fmt: skip
async def test_an_answer_is_read_up_to_its_bound(answer: str, whole: bool) -> None:
    async with receiver() as there:
        there.answers = [answer]
        reply = await Outbound(HERE).get(there.url)
        assert (reply.status, reply.whole) == (200, whole)
        assert len(reply.body) <= ANSWER_BYTES


@pytest.mark.parametrize(
    "answer",
    ["", "hello\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
     "HTTP/1.1 200 OK\r\nX: " + "y" * 200_000, "HTTP/1.1 200 OK\r\nX: 1"],
)  # fmt: skip
async def test_what_is_no_answer_is_told_so(answer: str) -> None:
    async with receiver() as there:
        there.answers = [answer]
        with pytest.raises(Unreachable):
            await Outbound(HERE).get(there.url)


async def test_the_certificate_must_be_valid_for_the_name(tmp_path: Path) -> None:
    server, trust, _ = certificate(tmp_path)
    _, stranger, _ = certificate(tmp_path, "other")
    async with receiver(server) as there:
        assert (await Outbound(HERE, trust=trust).post(there.url, b"{}", {"A": "b"})).status == 204
        with pytest.raises(Unreachable, match="certificate"):
            await Outbound(HERE, trust=stranger).get(there.url)
        wrong: Any = there.url.replace("localhost", "127.0.0.1")
        with pytest.raises(Unreachable, match="certificate"):
            await Outbound(HERE, trust=trust).get(wrong)


async def test_nobody_listens() -> None:
    async with receiver() as there:
        url = there.url
    with pytest.raises(Unreachable, match="refused"):
        await Outbound(HERE).get(url)
