"""A Slurm cluster of two nodes on this machine, with a configuration and ports of its own; nothing of the system's own Slurm is touched.

    cluster.py FOLDER      starts it, prints 'ready <slurm.conf>', and ends it on SIGTERM
"""
import contextlib
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

NEEDED = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}
CONFIGURATION = """\
ClusterName=tomopilot
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={control}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=2
InactiveLimit=0
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


class NoCluster(Exception):
    """Slurm cannot be started here, and why."""


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise NoCluster(f"{name} is not installed; Scripts/bootstrap installs Debian's package {NEEDED[name]}")
    return path


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def end_with_parent():
    """In a daemon before it begins: one whose cluster is killed ends too (PR_SET_PDEATHSIG of prctl)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Cluster:
    def __init__(self, folder, nodes=("a", "b")):
        self.folder, self.nodes = os.path.abspath(folder), nodes
        self.configuration = os.path.join(self.folder, "slurm.conf")
        self.environment = dict(os.environ, SLURM_CONF=self.configuration)
        self.daemons = {}

    def start(self):
        os.makedirs(os.path.join(self.folder, "state"))
        os.chmod(self.folder, 0o755)
        ports = free_ports(1 + len(self.nodes))
        lines = [f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=1" for name, port in zip(self.nodes, ports[1:])]
        with open(self.configuration, "w") as file:
            file.write(CONFIGURATION.format(
                user=getpass.getuser(), folder=self.folder, control=ports[0], nodes="\n".join(lines), names=",".join(self.nodes)))
        key = os.path.join(self.folder, "munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(os.urandom(1024))
        self.launch("munged", "--foreground", "--force", *(f"--{name}={self.folder}/munge.{ending}" for name, ending in (
            ("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"))))
        self.wait(lambda: os.path.exists(f"{self.folder}/munge.socket"), "munged makes no socket")
        self.launch("slurmctld", "-D", "-f", self.configuration)
        for name in self.nodes:
            self.launch("slurmd", "-D", "-N", name, "-f", self.configuration, called=name)
        self.wait(lambda: self.ask("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * len(self.nodes), "the nodes are not idle")

    def launch(self, name, *arguments, called=None):
        with open(os.path.join(self.folder, f"{called or name}.out"), "w") as output:
            self.daemons[called or name] = subprocess.Popen(
                [program(name), *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                preexec_fn=end_with_parent)

    def wait(self, condition, otherwise, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            ended = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > deadline:
                said = "".join(open(os.path.join(self.folder, f"{name}.out")).read()[-500:] for name in ended)
                raise NoCluster(f"{otherwise}{f'; {ended[0]} ended: {said.strip()}' if ended else ''} (see {self.folder})")
            time.sleep(0.1)

    def ask(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30).stdout

    def processes_on(self, node):
        """What runs on a node besides its slurmd: the programs of its job, and what started them."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                variables = open(f"/proc/{name}/environ", "rb").read().split(b"\0")
                if f"SLURMD_NODENAME={node}".encode() in variables and f"SLURM_CONF={self.configuration}".encode() in variables:
                    parent = int(open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[1])
                    found[int(name)] = parent
        keepers = [parent for parent in set(found.values()) - set(found) if "slurmstepd" in self.command(parent)]
        return keepers + sorted(found)

    @staticmethod
    def command(process):
        with contextlib.suppress(OSError):
            return open(f"/proc/{process}/cmdline", "rb").read().decode(errors="replace")
        return ""

    def kill_node(self, node):
        """As a power cut: all at once, and nobody can say a word."""
        doomed = [self.daemons[node].pid, *self.processes_on(node)]
        for process in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.daemons.pop(node).wait()
        return len(doomed)

    def end(self):
        if "slurmctld" in self.daemons:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ask("scancel", "--quiet", f"--user={getpass.getuser()}")
                self.wait_for_nothing()
        for name in reversed(list(self.daemons)):
            daemon = self.daemons.pop(name)
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def wait_for_nothing(self, seconds=8):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(self.processes_on(node) for node in self.nodes):
            time.sleep(0.2)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Cluster(sys.argv[1]) as cluster:
            print(f"ready {cluster.configuration}", flush=True)
            signal.pause()
    except (NoCluster, OSError) as reason:
        print(f"no cluster: {reason}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
