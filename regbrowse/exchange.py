"""Put a request of the log into the words of both fronts, and write the same request as curl."""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from regbrowse.registry.models import Exchange, Fields
from regbrowse.text import plural, size, visible

__all__ = [
    "INSIDE",
    "Exchange",
    "answer_lines",
    "asked_for",
    "curl",
    "curl_command",
    "curl_lines",
    "has_secrets",
    "is_expected",
    "received",
    "short",
    "status_word",
    "took",
    "totals",
    "when",
]

_DIGEST = re.compile(r"\b(sha(?:256|384|512)[:-][0-9a-f]{12})[0-9a-f]{20,}")
INSIDE = "This registry is inside the program: curl does not reach it."


def status_word(exchange: Exchange) -> str:
    """Say how a request ended, in at most nine characters: the status, or `cache`, `cancelled`, `timed out`."""
    return exchange.outcome or str(exchange.status or "")


def is_expected(exchange: Exchange) -> bool:
    """Tell whether a 404 is what most registries answer to this, so that it is no trouble."""
    guessed = exchange.kind == "referrers" or (exchange.kind == "manifest" and bool(_GUESSED.search(exchange.url)))
    return exchange.status == 404 and guessed


_GUESSED = re.compile(r"/manifests/sha\d{3}-[0-9a-f]{64,}(?:\.[a-z]+)?$")
"""Tags that are tried for what may be attached (distribution-spec, Referrers Tag Schema; cosign)."""


def when(exchange: Exchange) -> str:
    """Say when a request began, by the clock of this machine: `09:58:02`."""
    return f"{datetime.fromtimestamp(exchange.at).astimezone():%H:%M:%S}"


def took(exchange: Exchange) -> str:
    """Say how long a request took: `38 ms`, `10.0 s`; nothing where nothing was sent or waited for."""
    if exchange.is_cached:
        return ""
    milliseconds = round(exchange.seconds * 1000)
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{exchange.seconds:.1f} s"


def received(exchange: Exchange) -> str:
    """Say how many bytes the body had, where there was an answer."""
    return "" if exchange.status is None else size(exchange.received)


def asked_for(exchange: Exchange) -> str:
    """Name what was asked for: path and query, with short digests; the scope of a token; the host of another server."""
    parts = urlsplit(exchange.url)
    query = f"?{parts.query}" if parts.query else ""
    if exchange.kind == "token":
        scopes = parse_qs(parts.query).get("scope") or parse_qs(exchange.form).get("scope") or []
        named = "token" + (f"  scope {visible(' '.join(scopes), 200)}" if scopes else "")
    else:
        host = parts.netloc if exchange.elsewhere else ""
        named = f"{host}{parts.path}{query}"
    asked = dict(exchange.asked)
    more = [asked["Range"].replace("=", " ")] if "Range" in asked else []
    if exchange.note and exchange.note not in ("login", exchange.outcome, "no answer", "too slow"):
        more.append(exchange.note)
    return "  ".join([short(named), *more])


def short(text: str) -> str:
    """Cut the digests in a text after twelve digits."""
    return _DIGEST.sub(r"\1…", text)


def totals(sent: int, cached: int, received: int) -> list[str]:
    """Say what all requests of a log came to: `38 requests`, `31 from cache`, `96.4 KiB`."""
    return [plural(sent, "request"), *([f"{cached:,} from cache"] if cached else []), size(received)]


def curl(url: str, headers: Fields = (), *, method: str = "GET", form: str = "", unverified: bool = False) -> list[str]:
    """Write a request as a curl command for a shell, an argument or two an item."""
    options = ["-sSL"] + ["-I"] * (method == "HEAD") + ["-k"] * unverified
    items = [" ".join(["curl", *options])]
    items += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers]
    if form:
        items.append(f"-d {shlex.quote(form)}")
    return [*items, shlex.quote(url)]


def curl_lines(exchange: Exchange) -> list[str]:
    """Write a request that was sent as `curl` does; logins are `***`, and what signs addresses is REDACTED."""
    return curl(
        exchange.url,
        exchange.asked,
        method=exchange.method,
        form=exchange.form,
        unverified=exchange.unverified,
    )


def curl_command(exchange: Exchange) -> str:
    """Write a request as a curl command for a shell; see `curl_lines`."""
    first, *rest = curl_lines(exchange)
    return " \\\n".join([first, *(f"  {line}" for line in rest)])


def has_secrets(exchange: Exchange) -> bool:
    """Tell whether something in the command has to be filled in before it can run."""
    return any("***" in text or "REDACTED" in text for text in curl_lines(exchange))


def answer_lines(exchange: Exchange) -> list[str]:
    """Give the answer's status and main headers, a line each."""
    first = [status_word(exchange)] if not exchange.is_cached else ["answered from the cache; nothing was sent"]
    if exchange.outcome and exchange.status is not None:
        first.append(f"after {exchange.status}")
    return ["  ".join(first), *(f"{name}: {value}" for name, value in exchange.answered)]
