"""The file that remembers which hosts registries send logins to: host names, never a secret.

    {"docker.io": ["auth.docker.io"], "registry.example.com:5000": ["login.example.com", "sso.example.com"]}

Another process may write it at any time, so it is read again before it is written, and replaced in one step.
Whatever cannot be read or written is as good as absent: then nothing is remembered.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json

SIZE_LIMIT = 2**18
REGISTRIES = 1000
HOSTS = 8
_NAME_LIMIT = 300


def read_hosts(file: Path) -> dict[str, tuple[str, ...]]:
    """Registry key -> the hosts, the newest last. Never raises."""
    try:
        with file.open("rb") as opened:
            text = opened.read(SIZE_LIMIT + 1)
        value = parse_json(text, limit=SIZE_LIMIT).value
    except (OSError, ValueError, RegbrowseError):
        return {}
    if not isinstance(value, dict):
        return {}
    known = {key: _hosts(hosts) for key, hosts in value.items() if len(key) <= _NAME_LIMIT}
    return {key: hosts for key, hosts in known.items() if hosts}


def write_hosts(file: Path, key: str, hosts: tuple[str, ...]) -> None:
    """Puts one registry's hosts into the file, readable for this account only. Never raises."""
    known = {other: others for other, others in read_hosts(file).items() if other != key}
    for oldest in list(known)[: max(0, len(known) + 1 - REGISTRIES)]:
        del known[oldest]
    known[key] = hosts[-HOSTS:]
    new = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            json.dump(known, opened, indent=1)
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink()


def _hosts(value: object) -> tuple[str, ...]:
    entries = value[-HOSTS:] if isinstance(value, list) else []
    return tuple(entry for entry in entries if isinstance(entry, str) and 0 < len(entry) <= _NAME_LIMIT)
