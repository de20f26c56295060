"""What people look for in a config, as rows: made when, runs what, as whom, with which variables and labels."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.text import moment

if TYPE_CHECKING:
    from regbrowse.oci.config import Config

_OCI = "org.opencontainers.image."
SOURCE, REVISION = f"{_OCI}source", f"{_OCI}revision"
BASE_NAME, BASE_DIGEST = f"{_OCI}base.name", f"{_OCI}base.digest"
_TOLD = (SOURCE, REVISION, BASE_NAME, BASE_DIGEST)
"""Labels that have rows of their own (image-spec, annotations.md)."""


class CardRow(NamedTuple):
    """One value."""

    name: str
    """What it is, such as `env`; empty on the rows that continue a list."""
    key: str
    """Of a label; empty for anything else."""
    value: str
    path: str
    """Where it stands in the config, such as `.config.Env[3]`; empty when it is made of several."""


def image_card(config: Config, annotations: Mapping[str, str]) -> tuple[CardRow, ...]:
    """Give the rows of a config that are not empty; `annotations` are those of the manifest that names it."""
    return tuple(_rows(config, annotations))


def _rows(config: Config, annotations: Mapping[str, str]) -> Iterator[CardRow]:
    if config.platform.known:
        yield CardRow("platform", "", str(config.platform), ".architecture")
    if config.created:
        yield CardRow("created", "", moment(config.created), ".created")
    if config.entrypoint:
        yield CardRow("entrypoint", "", shlex.join(config.entrypoint), ".config.Entrypoint")
    if config.cmd:
        yield CardRow("cmd", "", shlex.join(config.cmd), ".config.Cmd")
    if config.user:
        yield CardRow("user", "", config.user, ".config.User")
    if config.working_dir:
        yield CardRow("workdir", "", config.working_dir, ".config.WorkingDir")
    yield from _list("ports", config.exposed_ports, ".config.ExposedPorts")
    yield from _list("volumes", config.volumes, ".config.Volumes")
    for number, value in enumerate(config.env):
        yield CardRow("" if number else "env", "", value, f".config.Env[{number}]")
    told = {**annotations, **config.labels}
    yield from _origin("source", told.get(SOURCE, ""), "at", told.get(REVISION, ""))
    yield from _origin("base", told.get(BASE_NAME, ""), "@", told.get(BASE_DIGEST, ""))
    labels = [(key, value) for key, value in config.labels.items() if key not in _TOLD]
    for number, (key, value) in enumerate(labels):
        yield CardRow("" if number else "labels", key, value, f'.config.Labels["{key}"]')
    stop = [config.stop_signal] if config.stop_signal else []
    if config.health_test:
        every = f" every {config.health_seconds:g} s" if config.health_seconds else ""
        stop.append(f"health {shlex.join(config.health_test)}{every}")
    if stop:
        yield CardRow("stop", "", " · ".join(stop), ".config.StopSignal" if config.stop_signal else "")


def _list(name: str, values: tuple[str, ...], path: str) -> Iterator[CardRow]:
    for number, value in enumerate(values):
        yield CardRow("" if number else name, "", value, f'{path}["{value}"]')


def _origin(name: str, what: str, word: str, which: str) -> Iterator[CardRow]:
    """Give what an image says of itself: where its source or its base image is, and which of these."""
    if what or which:
        yield CardRow(name, "", f"{what}  {word} {which}".strip() if which else what, "")
