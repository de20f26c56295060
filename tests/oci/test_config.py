"""Configs: everything is optional, nothing is trusted."""

from __future__ import annotations

import json

import pytest

from regbrowse.errors import BadResponse, TooLarge
from regbrowse.oci.config import Config, parse_config
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest

DIFF = Digest.of(b"layer")


def parse(value: object) -> Config:
    return parse_config(json.dumps(value).encode())


def test_everything() -> None:
    config = parse(
        {
            "os": "linux",
            "architecture": "arm64",
            "variant": "v8",
            "created": "2024-06-18T09:41:07.118204123Z",
            "author": "shop platform team",
            "config": {
                "User": "app",
                "Env": ["PATH=/bin", "A=\x1b[31m"],
                "Entrypoint": ["/start"],
                "Cmd": ["serve", "--port=80"],
                "WorkingDir": "/srv",
                "Labels": {"org.opencontainers.image.title": "webapp"},
                "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
                "Volumes": {"/data": {}},
                "StopSignal": "SIGTERM",
                "Shell": ["/bin/bash"],
                "OnBuild": ["RUN x"],
            },
            "rootfs": {"type": "layers", "diff_ids": [str(DIFF)]},
            "history": [
                {"created": "x", "created_by": "RUN a\nb\x1b", "comment": "c", "author": "d"},
                {"created_by": "CMD", "empty_layer": True},
            ],
        }
    )
    assert config.platform == Platform("linux", "arm64", "v8")
    assert config.created == "2024-06-18T09:41:07.118204123Z"
    assert config.env == ("PATH=/bin", "A=\\x1b[31m")
    assert config.entrypoint + config.cmd == ("/start", "serve", "--port=80")
    assert (config.user, config.working_dir, config.stop_signal) == ("app", "/srv", "SIGTERM")
    assert config.labels == {"org.opencontainers.image.title": "webapp"}
    assert config.exposed_ports == ("80/tcp", "443/tcp")
    assert config.volumes == ("/data",)
    assert config.shell + config.on_build == ("/bin/bash", "RUN x")
    assert config.diff_ids == (DIFF,)
    assert [entry.empty for entry in config.history] == [False, True]
    assert config.history[0].created_by == "RUN a\nb\\x1b"
    assert config.anomalies == ()


def test_nothing() -> None:
    assert parse({}) == Config(Platform("", ""))
    assert parse({"config": None, "rootfs": None, "history": None, "created": None}) == Config(Platform("", ""))


def test_other_forms_that_are_seen() -> None:
    config = parse({"config": {"Cmd": "sh -c ls", "ExposedPorts": ["80/tcp"], "Volumes": ["/data"]}})
    assert config.cmd == ("sh -c ls",)
    assert config.exposed_ports == ("80/tcp",)
    assert config.volumes == ("/data",)
    assert config.anomalies == ()


@pytest.mark.parametrize("created", ["", "0001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2016-12-31T23:59:60Z"])
def test_times_no_clock_can_show(created: str) -> None:
    assert parse({"created": created}).created == created


def test_a_broken_diff_id_keeps_its_place() -> None:
    config = parse({"rootfs": {"diff_ids": ["nonsense", str(DIFF), None]}})
    assert config.diff_ids == (None, DIFF, None)
    assert len(config.anomalies) == 2


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b"5", b"", b"<html>", b"{", b"\xff"])
def test_refuses(raw: bytes) -> None:
    with pytest.raises(BadResponse):
        parse_config(raw)


def test_limit() -> None:
    with pytest.raises(TooLarge):
        parse_config(b"{}  ", limit=3)
