"""How requests travel: httpx and httpcore carry every byte, and what they do not decide is decided here."""

import sys

# httpx looks for click and rich for its own command line, which takes 60 ms.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
