"""Accuracy and speed of the vector functions of libmvec beside libm's: what fastmath gives and takes. Figures of accuracy.c, compiled by gcc for this
machine's widest vectors."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ("vector_ulp", "libm_ulp", "differ", "vector_ns", "libm_ns")


def measure(context):
    """{function: {largest errors in ulp, share of results that differ, nanoseconds an element}}; nothing without gcc."""
    if not shutil.which("gcc"):
        return {}
    stem = os.path.join(context.folder, "accuracy")
    source, flags = os.path.join(HERE, "accuracy.c"), ["-O3", "-march=native"]
    subprocess.run(["gcc", *flags, "-ffast-math", "-DVECTORS", "-c", source, "-o", stem + ".o"], check=True)
    subprocess.run(["gcc", *flags, "-ffp-contract=off", "-fno-builtin", source, stem + ".o", "-o", stem, "-lmvec", "-lm"], check=True)
    lines = subprocess.run([stem], check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: dict(zip(FIELDS, map(float, values))) for name, *values in map(str.split, lines)}
