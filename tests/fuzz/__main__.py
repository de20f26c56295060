"""`python -m tests.fuzz --seconds 60`: hostile documents and headers against everything that reads them."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long (default: until --count)")
    parser.add_argument("--count", type=int, help="how many inputs (default: until --seconds, else 200000)")
    parser.add_argument("--seed", type=int, help="of the random numbers; printed, so that a failure can be repeated")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from fuzz.runner import run
    from fuzz.targets import DOCUMENT_TARGETS, TEXT_TARGETS

    seed = options.seed if options.seed is not None else time.time_ns() % 2**32
    count = options.count if options.count is not None or options.seconds is not None else 200_000
    outcome = run(seed, DOCUMENT_TARGETS, TEXT_TARGETS, count=count, seconds=options.seconds)
    print(
        f"seed {outcome.seed}: {outcome.inputs:,} documents and headers, read {outcome.readings:,} times,"
        f" {outcome.refused:,} refused with a reason, {len(outcome.failures)} failures"
    )
    for failure in outcome.failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
