"""Makes the layouts of the demo registry, `regbrowse/demo/data`: `python -m tests.demo_layouts`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from demo_layouts.repositories import files
    from regbrowse.demo.registry import DATA

    made = files()
    shutil.rmtree(DATA, ignore_errors=True)
    for path, content in made.items():
        file = DATA / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    sys.stdout.write(f"{len(made)} files, {sum(map(len, made.values())):,} bytes\n")


if __name__ == "__main__":
    main()
