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
_TOLD = {"source": SOURCE, "revision": REVISION, "base": BASE_NAME, "base digest": BASE_DIGEST}
"""Labels that have rows of their own (image-spec, annotations.md): claims of who made the image."""


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
    for name, label in _TOLD.items():
        if told.get(label):
            yield CardRow(name, "", told[label], f'.config.Labels["{label}"]' if label in config.labels else "")
    labels = [(key, value) for key, value in config.labels.items() if key not in _TOLD.values()]
    for number, (key, value) in enumerate(labels):
        yield CardRow("" if number else "labels", key, value, f'.config.Labels["{key}"]')
    if config.stop_signal:
        yield CardRow("stop signal", "", config.stop_signal, ".config.StopSignal")
    if config.health_test:
        every = f"  every {config.health_seconds:g} s" if config.health_seconds else ""
        yield CardRow("health", "", f"{shlex.join(config.health_test)}{every}", ".config.Healthcheck")


def _list(name: str, values: tuple[str, ...], path: str) -> Iterator[CardRow]:
    for number, value in enumerate(values):
        yield CardRow("" if number else name, "", value, f'{path}["{value}"]')
