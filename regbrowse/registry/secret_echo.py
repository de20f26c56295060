"""Servers that repeat what they were sent: an error page with the headers of its request in it holds a login."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import parse_qs

_SHORTEST = 4
"""Characters; what is shorter keeps no secret."""
_BEGINNING = 12
"""Characters by which a secret is recognised, because texts are cut."""
_FIELDS = ("password", "refresh_token")


def repeats(text: str, authorization: str, body: bytes = b"") -> bool:
    """Whether a text holds a secret that went out with a request, or the beginning of one."""
    found = (secret[:_BEGINNING] for secret in _secrets(authorization, body) if len(secret) >= _SHORTEST)
    return any(secret in text for secret in found)


def _secrets(authorization: str, body: bytes) -> list[str]:
    scheme, _, value = authorization.partition(" ")
    secrets = [value]
    if scheme.lower() == "basic":
        with suppress(ValueError):
            secrets.append(base64.b64decode(value).decode().partition(":")[2])
    form = parse_qs(body.decode("ascii", "replace"))
    return secrets + [secret for name in _FIELDS for secret in form.get(name, [])]
