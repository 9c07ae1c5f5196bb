#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""relay.py DELAY_MS HOST PORT: passes connections on to HOST:PORT, each byte so much later, both ways. Prints the port on
which it listens."""

import asyncio
import sys

DELAY, HOST, PORT = float(sys.argv[1]) / 1e3, sys.argv[2], int(sys.argv[3])


async def one_way(reader, writer):
    """What comes is written when its time has come, in its order."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    async def write():
        while (item := await queue.get()) is not None:
            await asyncio.sleep(max(0, item[0] - loop.time()))
            writer.write(item[1])
            await writer.drain()
        writer.close()
    task = asyncio.create_task(write())
    try:
        while data := await reader.read(65536):
            queue.put_nowait((loop.time() + DELAY, data))
    except OSError:
        pass
    queue.put_nowait(None)
    await asyncio.gather(task, return_exceptions=True)


async def serve(reader, writer):
    there = await asyncio.open_connection(HOST, PORT)
    await asyncio.gather(one_way(reader, there[1]), one_way(there[0], writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
