"""A long wire to a server on this machine: every byte arrives late, however many are on their way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

_PART = 256 * 1024
_UNDER_WAY = 64
"""Parts on the wire in one direction before the sender is slowed down."""


@contextlib.contextmanager
def wire(port: int, round_trip: float) -> Iterator[int]:
    """Gives the port of the near end. Opening a connection costs a round trip, as on a real wire."""
    loop = asyncio.new_event_loop()
    ready: list[asyncio.Server] = []
    opened = threading.Event()

    async def near(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(round_trip)  # the handshake
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, asyncio.CancelledError):  # an end went away, or the wire is taken down
            await asyncio.gather(_carry(reader, far_writer, round_trip / 2), _carry(far_reader, writer, round_trip / 2))
        for end in (writer, far_writer):
            end.close()

    async def start() -> None:
        ready.append(await asyncio.start_server(near, "127.0.0.1", 0, limit=_PART))
        opened.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    if not opened.wait(10):
        raise RuntimeError("the wire did not come up")
    try:
        yield ready[0].sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(ready[0].close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY)

    async def deliver() -> None:
        while True:
            due, part = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not part:
                writer.write_eof()
                return
            writer.write(part)
            await writer.drain()

    delivery = asyncio.create_task(deliver())
    try:
        while part := await reader.read(_PART):
            await under_way.put((loop.time() + delay, part))
        await under_way.put((loop.time() + delay, b""))
        await delivery
    finally:
        delivery.cancel()
