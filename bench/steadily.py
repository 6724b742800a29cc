"""Webhooks at a steady rate, whatever the answers: a slow server is not spared the next request."""

import asyncio
import json
import time
import uuid

from dispatch.local.demo import stories

RATE, CONNECTIONS = 200, 32


def webhooks(site: str, seconds: int) -> dict[str, float]:
    """Latencies of distinct articles in a language that no newsletter has, sent at a steady rate whatever the answers."""
    host, port = site.removeprefix("http://").split(":")
    taken = asyncio.run(at_a_steady_rate("127.0.0.1", int(port), host, seconds))
    taken.sort()
    return {"p50_ms": taken[len(taken) // 2] * 1000, "p99_ms": taken[int(len(taken) * 0.99)] * 1000}


async def at_a_steady_rate(address: str, port: int, host: str, seconds: int) -> list[float]:
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection(address, port))
    taken: list[float] = []

    async def one(message: bytes, due: float) -> None:
        answer, ask = await free.get()
        ask.write(message)
        status = await answer.readuntil(b"\r\n\r\n")
        assert b" 202 " in status[:20], status
        length = int(status.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await answer.readexactly(length)
        taken.append(time.perf_counter() - due)  # from when it was due: waiting for a connection counts
        free.put_nowait((answer, ask))

    messages = [signed(host) for _ in range(RATE * seconds)]
    began = time.perf_counter() + 0.1
    async with asyncio.TaskGroup() as group:
        for number, message in enumerate(messages):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(message, due))
    return taken


def signed(host: str) -> bytes:
    data = {"story": uuid.uuid4().hex, "language": "uk", "title": "A story", "html": "<p>A paragraph of it.</p>" * 40}
    body = json.dumps({"type": "article.published", "data": data}).encode()
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **stories.sign_native(body),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /hooks/native HTTP/1.1\r\n{lines}\r\n".encode() + body
