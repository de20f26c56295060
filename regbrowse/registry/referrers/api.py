"""The referrers API: what a registry itself lists as attached (distribution-spec, Listing Referrers)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from regbrowse.errors import (
    AuthError,
    ConfigError,
    NetError,
    Offline,
    PolicyError,
    RateLimited,
    RegbrowseError,
    TlsError,
)
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import Reader, parse_json
from regbrowse.oci.mediatype import OCI_INDEX, essence
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.verify import BIG
from regbrowse.registry.error_mapping import server_words, status_error
from regbrowse.registry.listing.link import next_page
from regbrowse.registry.request_builders import referrers_request
from regbrowse.registry.requests import Response
from regbrowse.text import plural

MOST = 20_000
MOST_PAGES = 1_000
MOST_BARREN = 3
_NOT_OFFERED = frozenset({400, 403, 404, 405, 406, 410, 501})
_ABOUT_THE_REGISTRY = frozenset({405, 406, 501})
_HOPELESS = (ConfigError, NetError, TlsError, RateLimited, Offline)


class Answer(NamedTuple):
    """What the API said, or that there is none."""

    descriptors: tuple[Descriptor, ...] = ()
    offered: bool = True
    everywhere: bool = False
    """Whether "not offered" holds for the whole registry, and not just for this repository."""
    note: str = ""
    hopeless: bool = False
    """Whether asking the same registry something else would fail in the same way."""


async def ask_api(desk: Authenticator, repository: Repository, subject: Digest, artifact_type: str = "") -> Answer:
    """Every page of the API's answer, bounded. Never raises RegbrowseError.

    404 means that there is no such API (the specification's words); 400, 403, 405, 406, 501, web pages and
    redirects to another host come from registries and proxies that do not know it either.
    """
    question = referrers_request(repository, subject, artifact_type)
    try:
        reply = await desk.ask(question)
        descriptors = await _read(reply) if reply.status == 200 else None
        if descriptors is None:
            return _without(reply, desk)
    except AuthError as error:
        return Answer(offered=False) if error.evidence.status == 403 else _failed(error)
    except PolicyError as error:
        # A login host that changed is a matter of its own; everything else is a redirect that leads away.
        return Answer(offered=False, everywhere=True) if error.slug == "policy" else _failed(error)
    except RegbrowseError as error:
        return _failed(error)
    base = (await desk.door(repository.registry)).base
    path = question.path.partition("?")[0]
    found = _Found(artifact_type)
    found.add(descriptors, reply)
    url, note, visited = base + question.path, "", set[str]()
    while not note:
        visited.add(url)
        after = next_page(reply.headers.get_list("link"), url, path, question.host, reply.headers)
        if after.url is None:
            note = after.note
            break
        url = after.url
        note = found.reason_to_stop(url in visited, len(visited), question.host)
        if note:
            break
        try:
            reply = await desk.ask(replace(question, path=url.removeprefix(base)))
            if reply.status != 200:
                raise status_error(reply, desk.state(repository.registry))
        except RegbrowseError as error:
            note = f"Showing {plural(len(found.kept), 'entry')}; the rest could not be loaded: {error.why}"
            break
        more = await _read(reply)
        if more is None:
            note = f"Showing {plural(len(found.kept), 'entry')}; the rest is not a list of attachments."
            break
        found.add(more, reply)
    return Answer(tuple(found.kept.values()), note=note or found.left_out)


@dataclass(slots=True)
class _Found:
    """What the pages brought so far."""

    artifact_type: str
    kept: dict[Digest, Descriptor] = field(default_factory=dict)
    hidden: int = 0
    barren: int = 0
    """Pages in a row without anything new."""
    full: bool = False

    def add(self, descriptors: Iterable[Descriptor], reply: Response) -> None:
        before = len(self.kept)
        filters = reply.headers.get("oci-filters-applied", "").lower().replace(",", " ").split()
        wanted = "" if "artifacttype" in filters else essence(self.artifact_type)
        for descriptor in descriptors:
            if descriptor.digest is None:
                self.hidden += 1
            elif wanted and essence(descriptor.artifact_type) != wanted:
                continue
            elif len(self.kept) >= MOST and descriptor.digest not in self.kept:
                self.full = True
            else:
                self.kept.setdefault(descriptor.digest, descriptor)
        self.barren = 0 if len(self.kept) > before else self.barren + 1

    def reason_to_stop(self, again: bool, pages: int, host: str) -> str:
        count = plural(len(self.kept), "entry")
        if again:
            return f"{host} sent the same page again; stopped after {count}."
        if self.barren >= MOST_BARREN:
            return f"{host} sent {MOST_BARREN} pages without anything new; stopped after {count}."
        if len(self.kept) >= MOST or pages >= MOST_PAGES:
            return f"{host} lists more than {count}; the rest was not asked for."
        return ""

    @property
    def left_out(self) -> str:
        if self.full:
            return f"Only the first {MOST:,} entries are shown."
        return f"{plural(self.hidden, 'invalid entry')} left out." if self.hidden else ""


async def _read(reply: Response) -> list[Descriptor] | None:
    """The descriptors of one page; None when it is not the index that the API answers with."""
    body = reply.decoded()
    return await asyncio.to_thread(read_page, body) if len(body) > BIG else read_page(body)


def read_page(body: bytes) -> list[Descriptor] | None:
    """The entries of one page as they came, at most one more than are ever shown."""
    try:
        value = parse_json(body).value
    except RegbrowseError:
        return None
    if not isinstance(value, dict):
        return None
    entries = value.get("manifests")
    # Servers written in Go send null for a list without entries.
    empty = entries is None and (value.get("mediaType") == OCI_INDEX or value.get("schemaVersion") == 2)
    if empty and not value.keys() & {"config", "layers", "errors"}:
        return []
    if not isinstance(entries, list):
        return None
    anomalies: list[str] = []
    return [Descriptor.read(Reader(entry, "manifests", anomalies)) for entry in entries[: MOST + 1]]


def _without(reply: Response, desk: Authenticator) -> Answer:
    """For an answer that is no index."""
    if reply.status not in _NOT_OFFERED and not 200 <= reply.status < 300:
        return _failed(status_error(reply, desk.state(reply.question.registry)))
    codes, _ = server_words(reply.body)
    unsaid = not codes or "UNSUPPORTED" in codes
    everywhere = reply.status in _ABOUT_THE_REGISTRY or reply.looks_like_html or (unsaid and reply.status != 403)
    return Answer(offered=False, everywhere=everywhere)


def _failed(error: RegbrowseError) -> Answer:
    return Answer(offered=False, note=could_not(error), hopeless=isinstance(error, _HOPELESS))


def could_not(error: RegbrowseError) -> str:
    """The sentence for a place that could not be looked at."""
    return f"Could not look for signatures: {error.why}"
