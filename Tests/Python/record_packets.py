"""Records what SerialEM's own Python client sends for every command, and how it reads replies of every form.

    record_packets.py FUNCTION_CODES_TSV OUTPUT_FOLDER

Writes requests.tsv (command, its arguments as JSON, the packet) and replies.tsv (the packet, what the client made of it
as JSON). Bytes that the client leaves undefined are recorded as they came.
"""
import csv
import json
import multiprocessing
import random
import socket
import struct
import sys
from pathlib import Path


def receive(client, count):
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        if not part:
            return None
        data += part
    return data


def serve(pipe):
    """Answers each request with the packet that the pipe says, and hands over what was received."""
    listener = socket.create_server(("127.0.0.1", 0))
    pipe.send(listener.getsockname()[1])
    while True:
        client, _ = listener.accept()
        while True:
            header = receive(client, 4)
            if header is None:
                break
            packet = header + receive(client, struct.unpack("<i", header)[0] - 4)
            if packet == struct.pack("<ii", 8, 3):
                client.sendall(struct.pack("<iii", 12, 0, 1))
                continue
            pipe.send(packet)
            client.sendall(pipe.recv())


def reply(values, error=0, padding=b"\xee"):
    """A reply to a command, with padding that is not zero, as SerialEM's is."""
    body = b"\0"
    if values:
        body = b"".join(struct.pack("<i", isinstance(value, str)) for value in values)
        body += b"".join(struct.pack("<d", 0.0 if isinstance(value, str) else value) for value in values)
        body += b"".join(value.encode() + b"\0" for value in values if isinstance(value, str))
        longs = (len(body) + 5) // 4
        body += b"\0"
    else:
        longs = 1
    body += padding * (4 * longs - len(body))
    return struct.pack("<iiiii", 20 + len(body), 0, len(values) - 1, error, longs) + body


def replies(chance):
    numbers = [0.0, -0.0, 12.5, -3.25, 1e-300, 1e300, 123456789.0]
    texts = ["", "a", "ab", "abc", "abcd", "C:\\data\\x", "grid 4, lamella 2", "0.5\n1.5\n2.5", "µm Å °", "x" * 3000]
    yield reply([])
    for value in numbers + texts:
        yield reply([value])
    for count in range(2, 7):
        for _ in range(12):
            yield reply([chance.choice(numbers if chance.random() < 0.5 else texts[:-1]) for _ in range(count)])
    frame = "\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\n{}\r\n* * * * * * * * * * * * * * * * * *\r\n"
    for text in ["There is no image in buffer O", "First line\r\nsecond line", ""]:
        yield reply([frame.format(text)], 1)
    yield reply([""], 1)
    yield reply([], 1)
    yield reply([3.0], 1)
    for status in (-123456, -654321, -234561):
        yield reply([], status)
    for status in (-1, -2, -3, -4, -5, -6, -9, -10):
        yield struct.pack("<ii", 8, status)


def argument(letter, chance):
    if letter in "Dd":
        return chance.choice([0.0, 1.0, -20.0, 10.5, 2 / 3, 1e-7, 1234567.25, -0.25])
    if letter in "Ii":
        return chance.choice([0, 1, -3, 17, 40000])
    return chance.choice(["A", "B", "40200", "12.5um", "C:\\data\\grid 4.mrc", "note; with, signs", ""])


def main():
    table, folder = Path(sys.argv[1]), Path(sys.argv[2])
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    import serialem as sem

    sem.ConnectToSEM(port, "127.0.0.1")
    chance = random.Random(1)

    waiting = []  # a reply that the server has and that nobody fetched

    def call(name, arguments, packet):
        """The client holds Python's lock while it waits, so what the server gets is read afterwards."""
        if waiting:
            waiting.clear()
        else:
            here.send(packet)
        try:
            outcome = {"returned": getattr(sem, name)(*arguments)}
        except Exception as error:
            outcome = {"raised": type(error).__name__, "text": str(error)}
        if outcome.get("raised") == "TypeError":
            waiting.append(packet)
            return None, outcome
        return here.recv(), outcome

    letters_seen = set()
    with open(folder / "requests.tsv", "w") as output:
        rows = (line for line in table.open() if not line.startswith("#"))
        for row in csv.DictReader(rows, delimiter="\t"):
            name, letters = row["name"], row["args"]
            # A release of the client that is older than the table lacks its latest commands.
            if row["exported"] != "1" or not hasattr(sem, name):
                continue
            forms = {letters}
            if letters not in letters_seen:
                forms.add("".join(letter for letter in letters if letter.isupper()))
            letters_seen.add(letters)
            for form in sorted(forms):
                arguments = [argument(letter, chance) for letter in form]
                packet, outcome = call(name, arguments, reply([]))
                if packet is None:
                    print(f"left out, the client wants other arguments: {name}{tuple(arguments)}")
                    continue
                output.write(f"{name}\t{json.dumps(arguments)}\t{packet.hex()}\n")
    with open(folder / "replies.tsv", "w") as output:
        for packet in replies(chance):
            if waiting:
                call("ReportStageXYZ", [], waiting[0])
            _, outcome = call("ReportStageXYZ", [], packet)
            output.write(f"{packet.hex()}\t{json.dumps(outcome)}\n")
    server.terminate()


main()
