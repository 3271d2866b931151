"""Stands between TomoPilot and SerialEM's port, sees every request, and may let something happen at any of them."""
import asyncio
import enum
import os
import struct

CODES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "serialem-function-codes.tsv")
OTHER_REQUESTS = {3: "OKtoRunExternalScript", 4: "GetBufferImage", 5: "PutImageInBuffer"}
COMMAND, HANDSHAKE = 1, 2


def command_names():
    with open(CODES) as table:
        rows = (line.split("\t") for line in table if line[:1].isdigit())
        return {int(row[0]): row[1] for row in rows}


class Fate(enum.Enum):
    """What becomes of a request, besides what the driver does itself."""
    PASS = "it goes on"
    LOSE = "it never reaches SerialEM, and the connection is lost"
    LOSE_REPLY = "SerialEM does it, and the connection is lost before the reply"
    LOSE_WHILE_RUNNING = "the connection is lost while SerialEM does it"


class Between:
    """A port for TomoPilot; `on_request(name)` is asked before a request goes on, `on_fate(fate)` when it has met its own."""

    # How long SerialEM has worked on a request when the connection is lost in the middle of it.
    INSIDE_SECONDS = 0.05

    def __init__(self, port, on_request, on_fate):
        self.upstream_port = port
        self.on_request = on_request
        self.on_fate = on_fate
        self.names = command_names()
        self.connections = set()
        self.port = None

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=1 << 20)
        except OSError:
            # SerialEM is away: to the client it is as if nobody listened.
            writer.transport.abort()
            return
        self.connections.add(writer)
        back = asyncio.create_task(self.carry(upstream_reader, writer))
        try:
            await self.read_requests(reader, writer, upstream_reader, upstream_writer, back)
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            back.cancel()
            self.connections.discard(writer)
            writer.transport.abort()
            upstream_writer.transport.abort()

    async def read_requests(self, reader, writer, upstream_reader, upstream_writer, back):
        while True:
            head = await reader.readexactly(8)
            length, function = struct.unpack("<ii", head)
            packet = head + await reader.readexactly(max(0, length - 8))
            if function == COMMAND:
                name = self.names.get(struct.unpack("<i", packet[8:12])[0], "?")
            else:
                name = OTHER_REQUESTS.get(function, "?")
            fate = Fate.PASS if function == HANDSHAKE else await self.on_request(name)
            if fate is Fate.PASS:
                upstream_writer.write(packet)
                await upstream_writer.drain()
                continue
            back.cancel()
            await asyncio.wait([back])
            if fate is not Fate.LOSE:
                upstream_writer.write(packet)
                await upstream_writer.drain()
                wait = upstream_reader.read(1)
                try:
                    await asyncio.wait_for(wait, None if fate is Fate.LOSE_REPLY else self.INSIDE_SECONDS)
                except asyncio.TimeoutError:
                    pass
            await self.on_fate(fate)
            return

    async def carry(self, reader, writer):
        """The way back; SerialEM's end of the connection is the client's end."""
        try:
            while data := await reader.read(1 << 20):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, OSError):
            pass
        writer.transport.abort()
