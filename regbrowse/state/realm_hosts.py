"""Remember which hosts each registry sends logins to: host names, never a secret.

{"docker.io": ["auth.docker.io"], "registry.example.com:5000": ["login.example.com", "sso.example.com"]}
"""

from __future__ import annotations

from pathlib import Path

from regbrowse.state.files import read_object, write_object

SIZE_LIMIT = 2**18
REGISTRIES = 1000
HOSTS = 8
_NAME_LIMIT = 300


def read_hosts(file: Path) -> dict[str, tuple[str, ...]]:
    """Read the hosts by registry key, the newest last. Never raises."""
    known = {key: _hosts(hosts) for key, hosts in read_object(file, SIZE_LIMIT).items() if len(key) <= _NAME_LIMIT}
    return {key: hosts for key, hosts in known.items() if hosts}


def write_hosts(file: Path, key: str, hosts: tuple[str, ...]) -> None:
    """Put one registry's hosts into the file, which is read again because other processes write it. Never raises."""
    known = {other: others for other, others in read_hosts(file).items() if other != key}
    for oldest in list(known)[: max(0, len(known) + 1 - REGISTRIES)]:
        del known[oldest]
    write_object(file, known | {key: hosts[-HOSTS:]})


def _hosts(value: object) -> tuple[str, ...]:
    entries = value[-HOSTS:] if isinstance(value, list) else []
    return tuple(entry for entry in entries if isinstance(entry, str) and 0 < len(entry) <= _NAME_LIMIT)
