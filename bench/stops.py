"""How late calls end that are stopped (bench/stops.c): over the programs of bench/endless/, samples/ and tests/."""
import glob
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SHOWN = 12  # programs, the latest first


def measure(context):
    """{program: [worst ms, middle ms, worst ms of processor time, rounds]}"""
    folders = ["bench/endless"] if context.quick else ["bench/endless", "samples", "tests/golden/**", "tests/conformance/**"]
    paths = [path for folder in folders for path in sorted(glob.glob(os.path.join(HERE, "..", folder, "*.lp"), recursive=True))]
    command = [os.path.join(context.build, "loopjit-stops"), "5" if context.quick else "20", *paths]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {os.path.relpath(path, os.path.dirname(HERE)): list(map(float, numbers)) for *numbers, path in (line.split("\t") for line in lines)}


def table(times):
    latest = sorted(times, key=lambda name: -times[name][2])[:SHOWN]
    rounds = sum(t[3] for t in times.values())
    lines = ["", "calls that are stopped: ms from the stop to the end, the latest of %d programs (%d stops)" % (len(times), rounds),
             "%10s %10s %10s  %s" % ("worst", "middle", "processor", "program")]
    return lines + ["%10.2f %10.2f %10.2f  %s" % (*times[name][:3], name) for name in latest]
