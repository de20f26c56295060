"""Registries: what they can be asked, as whom, and how it travels. The only room that imports httpx and httpcore."""

import sys

# httpx looks for click and rich for its own command line, which takes 60 ms.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
