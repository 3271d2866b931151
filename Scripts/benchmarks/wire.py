"""Our client and SerialEM's own Python client against the same server in one run, block after block in turn.

    wire.py SIMULATOR WIRE_CHECK [--commands N] [--images N] [--blocks N]

Prints two tables: against the simulator, and against a server that does no work. The bare loop sends and receives and
does nothing else: no client can be faster, and its ratio to the Python client is the best that any can have. Exit status 1 if a client failed.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time


def python_block(port, commands, images, size):
    """One block with SerialEM's own client; the same steps as `wire-check drive`."""
    import numpy as np
    import serialem as sem

    sem.ConnectToSEM(port, "127.0.0.1")
    sem.NoMessageBoxOnError(1)
    for _ in range(commands // 20):
        sem.ReportStageXYZ()
    start = time.perf_counter()
    for _ in range(commands):
        sem.ReportStageXYZ()
    print("commands", commands, time.perf_counter() - start)
    if not images:
        return
    image = (np.arange(size * size, dtype=np.uint32) * 7919 >> 3).astype(np.uint16).reshape(size, size)
    sem.PutImageInBuffer(image, "B", size, size, "B")
    sem.bufferImage("B")
    start = time.perf_counter()
    for _ in range(images):
        sem.PutImageInBuffer(image, "B", size, size, "B")
        sem.ReportStageXYZ()
    print("put", images * image.nbytes, time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(images):
        back = sem.bufferImage("B")
    print("get", images * image.nbytes, time.perf_counter() - start)
    if not np.array_equal(np.asarray(back), image):
        sys.exit("the image came back changed")


def processor_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(title, server, options, wire_check):
    port = int(server.stdout.readline().rsplit(":", 1)[1])
    shared = ["--commands", str(options.commands), "--images", str(options.images), "--size", str(options.size)]
    clients = {
        "ours": [wire_check, "drive", "--port", str(port), *shared],
        "Python": [sys.executable, __file__, "block", "--port", str(port), *shared],
        "bare loop": [wire_check, "drive", "--bare", "--port", str(port), *shared],
    }
    speeds = {}
    server_time = processor_seconds(server)
    for block in range(options.blocks):
        # Who goes first alternates, so that a slow spell of the computer falls on both.
        for name in list(clients)[:: 1 - 2 * (block % 2)]:
            lines = subprocess.run(clients[name], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
            for kind, amount, seconds in (line.split() for line in lines):
                speeds.setdefault(kind, {}).setdefault(name, []).append(float(amount) / float(seconds))
    server_time = processor_seconds(server) - server_time
    print(f"\n{title}: median of {options.blocks} blocks each, slowest to fastest in brackets")
    print(f"{'':24}{'ours':>24}{'Python':>24}{'ratio':>7}{'bare loop':>24}{'ratio':>7}")
    labels = {"commands": ("commands per second", 1), "put": ("MB per second, put", 1e6), "get": ("MB per second, get", 1e6)}
    for kind, (label, unit) in labels.items():
        if kind not in speeds:
            continue
        median = {name: statistics.median(values) for name, values in speeds[kind].items()}
        row = f"{label:24}"
        for name, values in speeds[kind].items():
            row += f"{f'{median[name] / unit:.0f} ({min(values) / unit:.0f}...{max(values) / unit:.0f})':>24}"
            if name != "ours":
                row += f"{median['ours' if name == 'Python' else name] / median['Python']:7.2f}"
        print(row)
    print(f"the server used {server_time:.1f} s of processor time")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--port", type=int)
    parser.add_argument("--commands", type=int, default=5000)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--size", type=int, default=4096)
    options = parser.parse_args()
    if options.programs == ["block"]:
        return python_block(options.port, options.commands, options.images, options.size)
    simulator, wire_check = options.programs
    with tempfile.TemporaryDirectory() as folder:
        servers = {
            "The simulator": [simulator, "--port", "0", "--seed", "7", "--folder", folder, "--time-scale", "0"],
            "A server that does no work": [wire_check, "serve"],
        }
        images = options.images
        for title, command in servers.items():
            options.images = images if command[0] == simulator else 0
            server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            try:
                measure(title, server, options, wire_check)
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(10)


main()
