"""Other clients in processes of their own, because the module keeps one connection for each process."""
import json
import subprocess
import sys

BEGIN = """
import json, os, time
os.environ["PY_SERIALEM_IP"], os.environ["PY_SERIALEM_PORT"] = "127.0.0.1", "{port}"
import serialem as sem
def tell(value): print(json.dumps(value), flush=True)
def outcome(function, *arguments):
    try: return ["value", function(*arguments)]
    except Exception as error: return [type(error).__name__, str(error)]
"""


def start(port, code):
    """A client that runs the code; what it tells, one value for each call of tell, comes line by line."""
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN.format(port=port) + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(client, limit=60):
    """Everything that the client told."""
    try:
        out, trouble = client.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        client.kill()
        out, trouble = client.communicate()
        trouble += f" no end within {limit} s"
    lines = [json.loads(line) for line in out.splitlines()]
    if client.returncode != 0:
        lines.append(["Crash", (trouble.strip().splitlines() or [str(client.returncode)])[-1]])
    return lines


def ask(port, code, limit=60):
    return finish(start(port, code), limit)
