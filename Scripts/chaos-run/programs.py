"""The programs of a session: the simulator, which stays, and tomopilot, which is started again after each fault."""
import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import urllib.request

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Models")
# Quick, and with something of everything: on these grids few lamellae are of this class.
SETTINGS = """\
session_dir: {folder}
serialem_host: 127.0.0.1
serialem_port: {port}
automation_level: 5
grid_list: [{grids}]
exclude_lamella_classes: [gone, broken, wedge, contaminated, good]
WG_detection_threshold: 0.5
WG_model: {models}/lamella-detector-sim
MM_model: {models}/lamella-segmenter-sim
{more}"""


class Simulator:
    def __init__(self, programs, folder, seed):
        self.programs, self.folder, self.seed = programs, folder, seed

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            os.path.join(self.programs, "serialem-sim"), "--port", "0", "--control-port", "0", "--seed", str(self.seed),
            "--folder", self.folder, "--time-scale", "0", "--repeatable", "--truth", f"{self.folder}/truth.json",
            "--exposure-log", f"{self.folder}/exposures.jsonl", "--event-log", f"{self.folder}/events.jsonl",
            stdout=asyncio.subprocess.PIPE, stderr=open(f"{self.folder}/simulator.log", "w"))
        self.port = self.control = None
        while self.port is None:
            line = (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()
            if not line:
                raise RuntimeError(f"the simulator did not start; see {self.folder}/simulator.log")
            if match := re.match(r"control port (\S+)", line):
                self.control = match.group(1)
            if match := re.match(r"listening on \S+:(\d+)", line):
                self.port = int(match.group(1))

    async def ask(self, path, body=None, method=None):
        def fetch():
            data = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(urllib.request.Request(self.control + path, data, method=method), timeout=60) as answer:
                return json.load(answer)
        return await asyncio.to_thread(fetch)

    async def crash(self):
        """SerialEM ends and is back after a moment."""
        await self.ask("/crash", {"seconds": 0.3})

    async def be_full(self, seconds):
        """There is no room on the disk for so long, by SerialEM's clock, and it says so."""
        await self.ask("/faults", {"kind": "lowDisk", "megabytes": 0, "seconds": seconds})

    async def clear_faults(self):
        """An image that was to find the disk full and was not taken leaves that to no later one."""
        await self.ask("/faults", method="DELETE")

    async def fill_disk(self, after):
        """So many images are still written; the next one is not."""
        await self.ask("/faults", {"kind": "diskFull", "when": {"after": after}})

    async def stop(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()


class TomoPilot:
    """One run of `tomopilot run`."""

    outlives_full_disk = False

    def __init__(self, programs, settings):
        self.programs, self.settings = programs, settings
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            os.path.join(self.programs, "tomopilot"), "run", self.settings, "--infer", os.path.join(self.programs, "tomopilot-infer"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        self.said = [asyncio.create_task(stream.read()) for stream in (self.process.stdout, self.process.stderr)]

    @property
    def runs(self):
        return self.process is not None and self.process.returncode is None

    def kill(self):
        if self.runs:
            self.process.send_signal(signal.SIGKILL)

    def fill_disk(self):
        """From now on no file of it can grow, as on a full disk."""
        if self.runs:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    async def ending(self, limit):
        """Exit status and standard error; a run that hangs is ended, and its status tells of the signal."""
        try:
            await asyncio.wait_for(self.process.wait(), limit)
        except asyncio.TimeoutError:
            self.kill()
            await self.process.wait()
        # The inference worker may hold the pipes for a moment longer.
        try:
            _, error = await asyncio.wait_for(asyncio.gather(*self.said), 20)
        except asyncio.TimeoutError:
            error = b"(the output stayed open)"
        return self.process.returncode, error.decode(errors="replace").strip()


class Service:
    """`tomopilot serve` with the session in its queue; started again whenever it has ended, as systemd does."""

    outlives_full_disk = True
    # How long the disk stays full, in seconds: somebody else's files are removed then.
    FULL = 3

    def __init__(self, programs, settings):
        self.programs, self.settings = programs, settings
        self.process = None
        self.folder = os.path.dirname(settings)
        self.home = self.folder + "-service"
        self.is_queued = False

    async def start(self):
        os.makedirs(self.home, exist_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            os.path.join(self.programs, "tomopilot"), "serve", "--folder", self.home, "--sessions", os.path.dirname(self.folder),
            # It is killed far more often than a service that is at fault itself would be allowed to end.
            "--models", os.path.abspath(MODELS), "--port", "0", "--crash-limit", "1000", "--infer", os.path.join(self.programs, "tomopilot-infer"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=open(f"{self.home}/service.log", "a"))
        self.api = None
        while self.api is None:
            line = (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()
            if not line:
                raise RuntimeError(f"the service did not start; see {self.home}/service.log")
            if match := re.match(r"listening on (\S+)", line):
                self.api = match.group(1)
        self.said = asyncio.create_task(self.process.stdout.read())
        if not self.is_queued:
            with open(self.settings) as file:
                await self.ask(f"/v1/queue?base={self.folder}&name=chaos", file.read())
            self.is_queued = True

    async def ask(self, path, text=None):
        def fetch():
            data = None if text is None else text.encode()
            with urllib.request.urlopen(urllib.request.Request(self.api + path, data), timeout=20) as answer:
                return json.load(answer)
        return await asyncio.to_thread(fetch)

    @property
    def runs(self):
        return self.process is not None and self.process.returncode is None

    def kill(self):
        if self.runs:
            self.process.send_signal(signal.SIGKILL)

    def fill_disk(self):
        """For a moment no file of it can grow, as on a full disk."""
        if self.runs:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            asyncio.get_running_loop().call_later(self.FULL, self.free_disk, self.process)

    @staticmethod
    def free_disk(process):
        if process.returncode is None:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    async def ending(self, limit):
        """0 and nothing when the queue is done; the exit status of a service that was killed; 1 and why when nobody goes on."""
        async with asyncio.timeout(limit):
            while self.process.returncode is None:
                await asyncio.sleep(0.1)
                with contextlib.suppress(OSError):
                    state = (await self.ask("/v1/status"))["state"]
                    if state == "held":
                        raise RuntimeError(f"the queue is held and somebody has to help; see {self.home}/service.log")
                    if state == "idle":
                        self.process.send_signal(signal.SIGTERM)
                        await self.process.wait()
                        self.is_queued = False
                        return 0, ""
        return self.process.returncode, ""


def write_settings(path, folder, port, grids, more):
    with open(path, "w") as file:
        file.write(SETTINGS.format(
            folder=folder, port=port, grids=", ".join(map(str, grids)), models=os.path.abspath(MODELS), more=more))
