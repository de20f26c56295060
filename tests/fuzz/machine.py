"""What reads the files and variables of this machine: settings, logins, images in folders and archives."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from regbrowse.errors import ConfigError
from regbrowse.reference import Digest, Registry
from regbrowse.registry.local.archive import read_archive
from regbrowse.registry.local.byte_range import ByteRange, MemorySource, UnreadableFile
from regbrowse.registry.local.docker_archive import DockerArchive
from regbrowse.registry.local.layout import Layout
from regbrowse.settings.auth_file import AuthFileLocation, parse_auth_file
from regbrowse.settings.daemon_json import DaemonJson
from regbrowse.settings.files import Notices, read_json
from regbrowse.settings.login import Login
from regbrowse.settings.proxies import Proxy, parse_no_proxy, parse_proxy
from regbrowse.settings.registries_conf import read_registries_conf
from regbrowse.settings.settings_file import read_settings_file
from regbrowse.text import visible

HOSTS = tuple(Registry.parse(name) for name in ("docker.io", "a.example.com", "localhost:5000"))
FOLDER = tempfile.TemporaryDirectory(prefix="regbrowse-fuzz-")
"""Kept until the process ends."""


def shown(*texts: str) -> None:
    """What reaches a screen has nothing in it that a terminal would obey."""
    for text in texts:
        assert visible(text, 70_000, multiline=True) == text, ascii(text)[:300]


@dataclass(frozen=True)
class OneFile:
    """A folder in which every file has the same content."""

    raw: bytes

    def find(self, name: str) -> ByteRange | None:  # noqa: ARG002 - the same whatever it is called
        return ByteRange.of_bytes(self.raw)


def auth_file(raw: bytes) -> None:
    for flat in (False, True):
        found = parse_auth_file(raw, AuthFileLocation("auth.json", Path("/x/auth.json"), flat=flat), 0o644)
        shown(*found.notices)
        for registry in HOSTS:
            login = found.login(registry, "acme/app")
            assert login is None or isinstance(login, Login)
            suffix, keys = found.helper(registry)
            shown(suffix)
            assert all(isinstance(key, str) for key in keys)


def layout(raw: bytes) -> None:
    store = Layout(OneFile(raw))
    shown(*store.names.notices)
    for tags in store.names.tags.values():
        for number in tags.values():
            digest = store.entry_digest(number)
            assert digest is None or store.manifest(digest) is not None
    store.referrers(Digest.of(raw))


def docker_archive(raw: bytes) -> None:
    store = DockerArchive(OneFile(raw))
    shown(*store.names.notices)
    for tags in store.names.tags.values():
        for number in tags.values():
            store.entry_digest(number)


def archive(raw: bytes) -> None:
    try:
        files = read_archive(io.BytesIO(raw), len(raw), MemorySource(raw))
    except ConfigError as error:
        shown(error.why)
        return
    shown(files.note)
    for name in files.entries:
        try:
            found = files.find(name)
        except UnreadableFile as error:
            shown(str(error))
            continue
        assert found is None or 0 <= found.offset <= found.offset + found.size <= len(raw)


def json_settings(raw: bytes) -> None:
    notices = Notices()
    read_json(_file("daemon.json", raw), notices)
    shown(*notices.all)


def toml_settings(text: str) -> None:
    notices = Notices()
    file = _file("settings.toml", text.encode("utf-8", "surrogatepass"))
    ours = read_settings_file(file, file.parent, notices)
    assert ours.cache_size is None or ours.cache_size >= 0
    merged = read_registries_conf({"CONTAINERS_REGISTRIES_CONF": str(file)}, file.parent, file.parent / "etc", notices)
    for registry in HOSTS:
        merged.find(f"{registry.key}/acme/app")
        shown(merged.insecure_by(registry.key))
    shown(*notices.all)


def entries(text: str) -> None:
    daemon = DaemonJson()
    shown(daemon.add_insecure(text), daemon.add_mirror(text), daemon.add_mirror(f"https://{text}"))
    for registry in HOSTS:
        daemon.is_insecure(registry)
    proxy, no_proxy = parse_proxy(text, "HTTPS_PROXY"), parse_no_proxy(text)
    if isinstance(proxy, Proxy):
        assert "canary" not in proxy.url or "canary@" not in text
    for said in (proxy, no_proxy):
        if isinstance(said, str):
            shown(said)


def _file(name: str, content: bytes) -> Path:
    path = Path(FOLDER.name, name)
    path.write_bytes(content)
    return path


DOCUMENTS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (auth_file, layout, docker_archive, archive, json_settings)
}
TEXTS: dict[str, Callable[[str], None]] = {each.__name__: each for each in (toml_settings, entries)}
