"""SerialEM's own Python client drives the simulator: connect, move the stage, take an image, read it, put one back.

    serialem_client.py SIMULATOR_EXECUTABLE
"""
import subprocess
import sys
import tempfile

import numpy as np
import serialem as sem

passed = 0


def check(claim, holds, seen=""):
    global passed
    if not holds:
        print(f"FAILED: {claim} {seen}")
        print(f"{passed} passed, 1 failed")
        sys.exit(1)
    passed += 1
    print(f"ok: {claim}")


def main():
    folder = tempfile.mkdtemp(prefix="tomopilot-client-")
    simulator = subprocess.Popen(
        [sys.argv[1], "--port", "0", "--seed", "7", "--folder", folder, "--time-scale", "0"],
        stdout=subprocess.PIPE, text=True)
    try:
        line = simulator.stdout.readline()
        port = int(line.rsplit(":", 1)[1])
        sem.ConnectToSEM(port, "127.0.0.1")
        sem.NoMessageBoxOnError(1)
        check("the version is new enough for SPACEtomo", sem.IsVersionAtLeast("40200", "20250228") == 1)

        sem.MoveStageTo(10.5, -20)
        x, y, z = sem.ReportStageXYZ()
        check("the stage goes where it is sent", abs(x - 10.5) < 2 and abs(y + 20) < 2, (x, y, z))

        try:
            sem.MoveStageTo(5000, 0)
            refused = False
        except sem.SEMerror:
            refused = True
        check("a move beyond the stage limit is an error, not a crash", refused)
        check("control goes on after an error", sem.ReportStageXYZ() is not None)

        sem.SetColumnOrGunValve(1)
        sem.SetBeamBlank(0)
        sem.R()
        width, height, binning, exposure, pixel, _ = sem.ImageProperties("A")
        image = np.asarray(sem.bufferImage("A"))
        check("an image has the size that SerialEM reports", image.shape == (int(height), int(width)), image.shape)
        check("an image holds counts and noise", image.std() > 0 and image.max() > 0, (image.mean(), image.std()))

        made = (np.arange(256 * 320, dtype=np.uint16) % 4099).reshape(256, 320)
        sem.PutImageInBuffer(made, "B", 320, 256, "A")
        back = np.asarray(sem.bufferImage("B"))
        check("an image put into a buffer comes back unchanged", np.array_equal(back, made))

        large = np.random.default_rng(3).integers(0, 65535, (4600, 4600), dtype=np.uint16)
        sem.PutImageInBuffer(large, "C", 4600, 4600, "A")
        check("an image of two chunks comes back unchanged", np.array_equal(np.asarray(sem.bufferImage("C")), large))

        try:
            sem.Exit(0)
        except sem.SEMexited:
            pass
        check("control can be taken again after Exit", sem.ReportStageXYZ() is not None)
    finally:
        simulator.terminate()
        simulator.wait(10)
    print(f"{passed} passed, 0 failed")


main()
