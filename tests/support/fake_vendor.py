"""The registries' own APIs for tests: what each of them answers, inside this process and by name of the host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.listing.pagination import Paginator
from regbrowse.registry.models import Settings, TagFact, TagFacts, TagPage
from regbrowse.registry.requests import tags_request
from regbrowse.registry.responder import Answer
from regbrowse.registry.transport.transport import Transport
from regbrowse.registry.vendor.vendor_apis import VendorApis
from regbrowse.settings.login import Login

Json = dict[str, object]
JSON = {"content-type": "application/json"}
D = str(Digest.of(b"x"))
DIGEST = Digest.parse(D)
THEN = datetime(2024, 6, 18, 9, 41, tzinfo=UTC)
ANN = Login("ann", Secret("s3cr3t-canary-vendor"))
ANN_BASIC = "Basic YW5uOnMzY3IzdC1jYW5hcnktdmVuZG9y"


def said(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {**JSON, **(headers or {})}, json.dumps(value).encode())


HTML = Answer(200, {"content-type": "text/html"}, b"<!doctype html><title>Maintenance</title>")


@dataclass
class FakeApi:
    """One host. Answers by path, in order, and the last one for ever."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Targets exactly as they came over the wire."""
    logins: list[str] = field(default_factory=list)
    """The Authorization of each request, or nothing."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    """Requests wait here."""

    def on(self, path: str, *answers: Answer) -> FakeApi:
        self.answers[path] = list(answers)
        return self

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        if method == "HEAD":
            return Answer(404, {}, b"")
        assert method == "GET"
        self.asked.append(target)
        self.logins.append(headers.get("authorization", ""))
        self.arrived.set()
        path = target.partition("?")[0]
        if self.gate is not None and path != "/v2/":
            await self.gate.wait()
        queue = self.answers.get(path, [Answer(404, {}, b"404 page not found")])
        return queue.pop(0) if len(queue) > 1 else queue[0]

    @property
    def paths(self) -> list[str]:
        """What was asked besides the ping."""
        return [target for target in self.asked if target != "/v2/"]


def hub_row(name: str = "latest", **more: object) -> Json:
    return {
        "name": name,
        "full_size": 3_000_000,
        "last_updated": "2024-06-18T09:41:00.123456Z",
        "tag_status": "active",
        "tag_last_pushed": "2024-06-18T09:40:00Z",
        "digest": D,
        "images": [
            {"architecture": "arm64", "variant": "v8", "os": "linux", "digest": D, "size": 2_900_000},
            {"architecture": "amd64", "variant": None, "os": "linux", "digest": D, "size": 3_000_000},
        ],
        **more,
    }


def hub_page(*rows: object, next: object = None) -> Json:
    return {"count": 1, "next": next, "previous": None, "results": list(rows)}


def quay_page(*rows: object, more: bool = False) -> Json:
    return {"tags": list(rows), "page": 1, "has_additional": more}


def quay_row(name: str = "latest", **more: object) -> Json:
    return {
        "name": name,
        "manifest_digest": D,
        "is_manifest_list": False,
        "size": 123,
        "last_modified": "Tue, 18 Jun 2024 09:41:00 -0000",
        "start_ts": 1_718_703_660,
        **more,
    }


def harbor_row(*tags: str, **more: object) -> Json:
    row: Json = {
        "digest": D,
        "size": 4096,
        "push_time": "2024-06-18T09:41:00.000Z",
        "pull_time": "0001-01-01T00:00:00.000Z",
        "tags": [{"name": tag, "push_time": "2024-06-18T09:42:00.000Z", "immutable": False} for tag in tags],
        "accessories": None,
        **more,
    }
    return row


def google_list(**more: object) -> Json:
    row: Json = {
        "imageSizeBytes": "5432",
        "layerId": "",
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "tag": ["1.0", "latest"],
        "timeCreatedMs": "0",
        "timeUploadedMs": "1718703660000",
        **more,
    }
    return {"name": "p/app", "tags": ["1.0", "latest"], "child": ["sub"], "manifest": {D: row}}


def zot_page(*rows: object, **more: object) -> Json:
    return {"data": {"ImageList": {"Results": list(rows)}}, **more}


def zot_row(name: str = "latest", **more: object) -> Json:
    return {"Tag": name, "Digest": D, "LastUpdated": "2024-06-18T09:41:00.5Z", "Size": "777", **more}


DISCOVERED: Json = {
    "extensions": [
        {"name": "_zot", "url": "https://example.com", "description": "", "endpoints": ["/v2/_zot/ext/search"]}
    ]
}
HARBOR_PING = Answer(
    401,
    {"www-authenticate": 'Bearer realm="https://harbor.example/service/token",service="harbor-registry"'},
    b"",
)
OPEN_PING = said({})


class ApiClient:
    """As much of a client as vendor APIs need; of registries in this process the whole client has no facts."""

    def __init__(self, settings: Settings) -> None:
        self._transport = Transport(settings)
        self.auth = Authenticator(self._transport, settings)
        self.log = self._transport.log

    async def __aenter__(self) -> ApiClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.auth.pings.aclose()
        await self._transport.aclose()

    def apis(self, seconds: float = 3.0) -> VendorApis:
        """Make vendor APIs that know nothing yet."""
        return VendorApis(self.auth, self._transport, seconds)

    async def tags(self, repository: Repository) -> list[str]:
        """List the tags of a repository at the registry itself."""
        pages = Paginator(self.auth).pages(tags_request(repository), TagPage)
        return [tag async for page in pages for tag in page.tags]


def client_of(hosts: Mapping[str, FakeApi], login: Login | None = None) -> ApiClient:
    """Make a client for which these hosts are in this process."""
    return ApiClient(Settings(login, local=dict(hosts), pause=0))


async def heard(client: ApiClient, name: str, seconds: float = 3.0) -> list[TagFacts]:
    """Collect everything that is told of the tags of a repository such as `quay.io/acme/app`."""
    return [part async for part in client.apis(seconds).tag_facts(place(name))]


def place(name: str) -> Repository:
    registry, _, path = name.partition("/")
    return Repository.parse(Registry.parse(registry), path)


def facts(parts: list[TagFacts]) -> list[TagFact]:
    return [fact for part in parts for fact in part.facts]


def notes(parts: list[TagFacts]) -> list[str]:
    return [part.note for part in parts if part.note]
