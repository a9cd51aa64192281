#!/usr/bin/env python3
"""Measures loopjit beside C (clang and gcc), numba and NumPy: tables with ratios, a JSON file, the table and the picture of the README.

    bench/run.py [-k NAME,…] [--quick] [--only SECTION,…] [--budget SECONDS] [--json FILE] [--readme] [--build DIR] [--threads N]

SECTION: kernels, limits, compile, stages, calls, stops, accuracy. --readme rewrites docs/bench.svg and what stands between the markers in README.md and
docs/PERFORMANCE.md. Needs clang-22 and DIR with libloopjit.so and loopjit; gcc, numba, NumPy and OpenBLAS are measured when they are there
(PYTHON chooses the Python of `./dev bench`). Every result is compared with the C result. README.md here says how a kernel is added.
"""
import argparse
import json
import os
import platform
import sys
import time

import accuracy
import calls
import compile_time
import limits
import report
import stages
import stops
from cases import CASES
from columns import COLUMNS, QUICK
from measure import Wrong, compare_library, measure

HERE = os.path.dirname(os.path.abspath(__file__))
SECTIONS = ("kernels", "limits", "compile", "stages", "calls", "stops", "accuracy")


class Context:
    """What a run has: the columns that can be measured, the cases, folders, the time for each case."""

    def __init__(self, options):
        self.build, self.threads = os.path.abspath(options.build), options.threads
        self.folder = os.path.join(self.build, "bench")
        os.makedirs(self.folder, exist_ok=True)
        wanted = [name for name in options.k.split(",") if name]
        unknown = set(wanted) - {case.name for case in CASES}
        if unknown:
            sys.exit("no such kernel: %s" % ", ".join(sorted(unknown)))
        self.cases = [case for case in CASES if not wanted or case.name in wanted]
        self.quick = options.quick
        self.budget = options.budget if options.budget is not None else 0.1 if options.quick else 1.5
        self.compare = compare_library(self.folder)
        self.columns = {}

    def prepare(self, names):
        for name in names:
            if COLUMNS[name][1].prepare(self):
                self.columns[name] = COLUMNS[name]
            else:
                print("without %s: not installed" % name)
        if "clang" not in self.columns:
            sys.exit("clang-22 is needed as the yardstick")


def kernels(context):
    context.prepare([name for name in COLUMNS if not context.quick or name in QUICK])
    results, wrong = {}, []
    for case in context.cases:
        try:
            times = measure(context, case)
        except Wrong as e:
            wrong.append(str(e))
            print("WRONG %s" % e, flush=True)
            continue
        results[case.name] = dict(group=case.group, about=case.about, seconds=times)
        print(report.progress(case, times), flush=True)
    return results, wrong


def merged(old, new):
    """All sections of both; of kernels the smaller times."""
    kernels = dict(old.get("kernels", {}))
    for name, k in new.get("kernels", {}).items():
        before = kernels.get(name, {}).get("seconds", {})
        best = {column: min(t, before.get(column, t)) for column, t in {**before, **k["seconds"]}.items()}
        kernels[name] = dict(k, seconds=best)
    return {**old, **new, "kernels": {case.name: kernels[case.name] for case in CASES if case.name in kernels}}


def measure_all(context, options):
    figures = dict(machine=dict(cpu=report.cpu_name(), cores=os.cpu_count(), system=platform.platform()), threads=options.threads)
    chosen, wrong = (options.only or ("kernels" if options.k else ",".join(SECTIONS))).split(","), []
    if set(chosen) - set(SECTIONS):
        sys.exit("no such section: %s" % ", ".join(sorted(set(chosen) - set(SECTIONS))))
    if "limits" in chosen:
        figures["limits"] = limits.measure(context)
    if "kernels" in chosen:
        figures["kernels"], wrong = kernels(context)
    if "compile" in chosen:
        figures["compile"] = compile_time.measure(context)
    if "stages" in chosen:
        figures["stages"] = stages.measure(context)
    if "calls" in chosen:
        figures["calls"] = calls.measure(context)
    if "stops" in chosen:
        figures["stops"] = stops.measure(context)
    if "accuracy" in chosen and not options.quick:
        figures["accuracy"] = accuracy.measure(context)
    return figures, wrong


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default=os.path.join(HERE, "..", "build"))
    ap.add_argument("-k", default="", help="only these kernels, separated by commas")
    ap.add_argument("--only", help="only these sections: %s (all; with -k: kernels)" % ", ".join(SECTIONS))
    ap.add_argument("--quick", action="store_true", help="fewer columns and rounds: under a minute")
    ap.add_argument("--budget", type=float, help="seconds for each kernel (1.5; quick: 0.1)")
    ap.add_argument("--threads", type=int, default=2, help="of the parallel columns (2)")
    ap.add_argument("--show", action="store_true", help="measure nothing: the figures of the last run (or of --json FILE) again")
    ap.add_argument("--merge", action="store_true", help="keep the smaller figure of this run and the last one: for noisy machines")
    ap.add_argument("--json", help="also write the figures to this file")
    ap.add_argument("--readme", action="store_true", help="rewrite the README's table and picture")
    options = ap.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    context, start = Context(options), time.time()
    path = options.json or os.path.join(context.folder, "results.json")
    if options.show:
        with open(path) as source:
            figures, wrong = json.load(source), []
    else:
        figures, wrong = measure_all(context, options)
        if options.merge and os.path.exists(path):
            with open(path) as source:
                figures = merged(json.load(source), figures)
    print(report.text(figures))
    print("%d kernels, %.0f s, results %s" % (len(figures.get("kernels", ())), time.time() - start, "WRONG" if wrong else "agree with C's"))
    with open(path, "w") as out:
        json.dump(figures, out, indent=1)
    if options.readme:
        report.rewrite_readme(figures)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
