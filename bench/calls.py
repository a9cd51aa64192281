"""What a call of a compiled function costs its host: the lines that bench/calls.c prints."""
import os
import subprocess


def measure(context):
    """{what is called: nanoseconds}"""
    lines = subprocess.run([os.path.join(context.build, "loopjit-calls")], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: float(ns) for ns, name in (line.split("\t") for line in lines)}
