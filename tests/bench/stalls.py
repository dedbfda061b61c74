"""Measure how often the machine itself stands still: the part of a p99 that no program causes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

LEAST = 0.0005
SECONDS = 2.0


@dataclass(frozen=True)
class Stalls:
    """The stalls of a loop that only reads the clock, on the core with most of them: per second, and the longest."""

    a_second: float
    longest: float
    """In milliseconds."""


def stalls(seconds: float = SECONDS) -> Stalls:
    """Watch every core at once. Nothing else should run."""
    cores = sorted(os.sched_getaffinity(0))
    watchers = [
        subprocess.Popen([sys.executable, __file__, str(core), str(seconds)], stdout=subprocess.PIPE) for core in cores
    ]
    gaps = [json.loads(process.communicate()[0]) for process in watchers]
    worst = max(gaps, key=sum)
    return Stalls(len(worst) / seconds, max(worst, default=0.0) * 1e3)


def watch(core: int, seconds: float) -> list[float]:
    """Return the gaps between two readings of the clock that are longer than `LEAST`, in seconds."""
    os.sched_setaffinity(0, {core})
    clock = time.perf_counter
    gaps = []
    last = clock()
    end = last + seconds
    while last < end:
        now = clock()
        if now - last > LEAST:
            gaps.append(now - last)
        last = now
    return gaps


if __name__ == "__main__":
    json.dump(watch(int(sys.argv[1]), float(sys.argv[2])), sys.stdout)
