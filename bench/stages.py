"""Compile time in a running engine: LLVM has started, nothing is cached. Each kernel's file is loaded and its function compiled again and again in one
engine; a figure is the least of its rounds, of the whole (time on the wall, processor time of the thread) and of each stage that lj_module_times() tells."""
import ctypes
import math
import os
import re
import time

import loopjit
from columns import HERE, kernel_path


def stage_names():
    with open(os.path.join(HERE, "..", "include", "loopjit.h")) as header:
        return re.findall(r"X\((\w+)\)", re.search(r"#define LJ_TIMES\(X\)((?:.*\\\n)+.*)", header.read()).group(1))


class Times(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t)] + [(name, ctypes.c_double) for name in stage_names()]


def compile_once(engine, case):
    """{stage: seconds}, with "wall" and "cpu" of the whole."""
    wall, cpu = time.perf_counter(), time.thread_time()
    module, _ = engine.compile(kernel_path(case.name, ".lp"), case.name, case.args)
    out = dict(wall=time.perf_counter() - wall, cpu=time.thread_time() - cpu)
    times = Times(size=ctypes.sizeof(Times))
    engine.lib.lj_module_times(module, ctypes.byref(times))
    out.update((name, getattr(times, name)) for name in stage_names())
    engine.lib.lj_module_free(module)
    return out


def measure(context):
    """{kernel: {stage: seconds}}"""
    engine = loopjit.Engine(context.build)
    out, rounds = {}, 5 if context.quick else 20
    for _ in range(rounds):
        for case in context.cases:
            now = compile_once(engine, case)
            best = out.setdefault(case.name, now)
            for name in now:
                best[name] = min(best[name], now[name])
    return out


def table(kernels):
    stages = [name for name in ("wall", "cpu", *stage_names()) if max(t[name] for t in kernels.values()) >= 5e-6]
    lines = ["", "compile time in a running engine, ms", "%-18s" % "kernel" + "".join("%10s" % name for name in stages)]
    rows = {**kernels, "geometric mean": {s: math.exp(sum(math.log(max(t[s], 1e-7)) for t in kernels.values()) / len(kernels)) for s in stages}}
    return lines + ["%-18s" % name + "".join("%10.2f" % (times[s] * 1e3) for s in stages) for name, times in rows.items()]
