"""Prints figures, side by side with what they are measured against: `python -m tests.bench [NAME...]`."""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from pathlib import Path

NAMES = ("startup", "tags", "trips", "panes", "verbs", "aliases", "attacks")
"""Modules beside this file, each with `run(runs)`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(NAMES)}; all when none is given")
    parser.add_argument("--runs", type=int, default=7, help="how often each is measured (default: 7)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no benchmark named {', '.join(sorted(unknown))}")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    print(f"Python {platform.python_version()}, {platform.machine()}, {options.runs} runs, medians")
    for name in options.names or NAMES:
        benchmark = importlib.import_module(f"bench.{name}")
        print(f"\n{name}: {benchmark.__doc__}")
        benchmark.run(options.runs)


if __name__ == "__main__":
    main()
