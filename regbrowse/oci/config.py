"""The config of an image: what it runs, how it was made (image-spec, config.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import BadResponse
from regbrowse.oci import mediatype
from regbrowse.oci.document import Reader, parse_object
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from regbrowse.text import CELL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_LIMIT = 32 * 2**20


class HistoryEntry(NamedTuple):
    """One step of a build; every field may be empty."""

    created: str
    created_by: str
    """The command; may hold newlines."""
    comment: str
    author: str
    empty: bool
    """Whether the step left no layer."""

    @classmethod
    def read(cls, reader: Reader) -> HistoryEntry:
        return cls(
            reader.text("created", limit=CELL_LIMIT),
            reader.text("created_by", multiline=True),
            reader.text("comment"),
            reader.text("author"),
            reader.truth("empty_layer"),
        )


@dataclass(frozen=True, slots=True)
class Config:
    """What an image's config says; every field is optional in the document and has a default here."""

    platform: Platform
    created: str = ""
    """As written: some builders write times no clock can show."""
    author: str = ""
    user: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    working_dir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    health_test: tuple[str, ...] = ()
    """The command that tells whether a container is well, without the word `CMD` or `CMD-SHELL`."""
    health_seconds: float = 0.0
    """Seconds between two of these; 0 when the image does not say."""
    health_options: tuple[str, ...] = ()
    """How often, how long and how many times, as the Dockerfile's HEALTHCHECK spells it: `--interval=30s`."""
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    diff_ids: tuple[Digest | None, ...] = ()
    """Digests of the unpacked layers, oldest first; None where one is not a digest."""
    history: tuple[HistoryEntry, ...] = ()
    anomalies: tuple[str, ...] = ()


class OtherConfig(BadResponse):
    """The config of something else than an image, under a type that did not tell."""


def parse_config(raw: bytes, *, media_type: str = "", limit: int = CONFIG_LIMIT) -> Config:
    """Parse the config of an image, which its manifest names by a media type.

    Raises BadResponse when this is no JSON object, OtherConfig when neither type nor content is that of an image,
    TooLarge above the limit; tolerates all else.
    """
    reader = parse_object(raw, "The image's config is not a JSON object.", limit=limit)
    check_config(reader.raw("rootfs"), media_type)
    return read_config(reader)


def check_config(rootfs: object, media_type: str) -> None:
    """Refuse what has not the one field that the config of an image needs, where its type says nothing.

    Raises OtherConfig.
    """
    kind = mediatype.essence(media_type)
    if kind in mediatype.MISLABELLED_CONFIGS and not isinstance(rootfs, dict):
        raise OtherConfig(f"The config is typed {kind}, and it is none of an image: it names no layers (rootfs).")


def read_config(reader: Reader) -> Config:
    """Schema 1 manifests carry the same object inside of their history."""
    inner = reader.reader("config")
    rootfs = reader.reader("rootfs")
    health = inner.reader("Healthcheck")
    test = health.texts("Test")
    seconds = {name: (health.number(name) or 0) / 1e9 for name in _DURATIONS}
    return Config(
        platform=Platform.read(reader),
        created=reader.text("created", limit=CELL_LIMIT),
        author=reader.text("author"),
        user=inner.text("User"),
        env=inner.texts("Env"),
        entrypoint=inner.texts("Entrypoint"),
        cmd=inner.texts("Cmd"),
        working_dir=inner.text("WorkingDir"),
        labels=inner.strings("Labels"),
        exposed_ports=inner.texts("ExposedPorts"),
        volumes=inner.texts("Volumes"),
        stop_signal=inner.text("StopSignal"),
        health_test=test[1:] if test[:1] in (("CMD",), ("CMD-SHELL",)) else () if test == ("NONE",) else test,
        health_seconds=seconds["Interval"],
        health_options=_health_options(seconds, health.number("Retries")),
        shell=inner.texts("Shell"),
        on_build=inner.texts("OnBuild"),
        diff_ids=_diff_ids(rootfs),
        history=tuple(HistoryEntry.read(entry) for entry in reader.readers("history")),
        anomalies=tuple(reader.anomalies),
    )


_DURATIONS = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start-period",
    "StartInterval": "start-interval",
}


def _health_options(seconds: Mapping[str, float], retries: int | None) -> tuple[str, ...]:
    """Spell what a config says of its health check; what is 0 is not said."""
    found = [f"--{option}={seconds[name]:g}s" for name, option in _DURATIONS.items() if seconds[name]]
    return (*found, *([f"--retries={retries}"] if retries else []))


def _diff_ids(rootfs: Reader) -> tuple[Digest | None, ...]:
    found: list[Digest | None] = []
    for index, item in enumerate(rootfs.items("diff_ids")):
        found.append(Digest.read(item) if isinstance(item, str) else None)
        if found[-1] is None:
            rootfs.strange(f"{rootfs.path('diff_ids')}[{index}]", item)
    return tuple(found)
