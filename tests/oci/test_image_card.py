"""The card of an image: what people look for in a config."""

from __future__ import annotations

import json

from regbrowse.oci.config import parse_config
from regbrowse.oci.image_card import image_card

CONFIG = {
    "architecture": "arm64",
    "os": "linux",
    "variant": "v8",
    "created": "2024-06-18T11:41:07.118204+02:00",
    "config": {
        "Entrypoint": ["/usr/bin/tini", "--"],
        "Cmd": ["sh", "-c", "echo hi"],
        "User": "app",
        "WorkingDir": "/srv",
        "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
        "Env": ["A=1", "B=two words"],
        "Labels": {
            "org.opencontainers.image.source": "https://git.example/shop",
            "org.opencontainers.image.revision": "90edacf",
            "org.opencontainers.image.title": "webapp",
            "maintainer": "ann",
        },
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["CMD", "node", "check.js"], "Interval": 30_000_000_000},
    },
}


def test_every_row() -> None:
    annotations = {
        "org.opencontainers.image.base.name": "docker.io/library/debian:12",
        "org.opencontainers.image.base.digest": "sha256:428e",
    }
    rows = image_card(parse_config(json.dumps(CONFIG).encode()), annotations)
    assert [row[:3] for row in rows] == [
        ("platform", "", "linux/arm64/v8"),
        ("created", "", "2024-06-18 09:41 UTC"),
        ("entrypoint", "", "/usr/bin/tini --"),
        ("cmd", "", "sh -c 'echo hi'"),
        ("user", "", "app"),
        ("workdir", "", "/srv"),
        ("ports", "", "8080/tcp"),
        ("", "", "53/udp"),
        ("volumes", "", "/data"),
        ("env", "", "A=1"),
        ("", "", "B=two words"),
        ("source", "", "https://git.example/shop"),
        ("revision", "", "90edacf"),
        ("base", "", "docker.io/library/debian:12"),
        ("base digest", "", "sha256:428e"),
        ("labels", "org.opencontainers.image.title", "webapp"),
        ("", "maintainer", "ann"),
        ("stop signal", "", "SIGTERM"),
        ("health", "", "node check.js  every 30 s"),
    ]
    assert rows[10].path == ".config.Env[1]"


def test_what_is_empty_is_left_out() -> None:
    assert image_card(parse_config(b"{}"), {}) == ()
    none = {"config": {"Healthcheck": {"Test": ["NONE"]}, "Env": None, "Labels": None}}
    assert image_card(parse_config(json.dumps(none).encode()), {}) == ()
