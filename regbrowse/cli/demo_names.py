"""Names of the demo as people type them: it is `demo` on a command line, and a host for everything below."""

from __future__ import annotations

import re

from regbrowse.cli.verb_table import DEMO

DEMO_HOST = "registry.demo"
"""The same as demo.start.REGISTRY, without importing what reads references."""
_HOST = re.compile(rf"(?<![\w./-]){re.escape(DEMO_HOST)}(?![\w-]|\.\w)")


def as_typed(text: str) -> str:
    """Replace the host of the demo by what a command line takes; addresses of requests stay as they are."""
    return _HOST.sub(DEMO, text) if DEMO_HOST in text else text
