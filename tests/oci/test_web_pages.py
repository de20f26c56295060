"""Pages in the web that belong to an image."""

from __future__ import annotations

import pytest

from regbrowse.oci.web_pages import is_web_address, web_pages
from regbrowse.reference import parse_reference

SOURCE, REVISION = "org.opencontainers.image.source", "org.opencontainers.image.revision"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("alpine:3.20", "https://hub.docker.com/_/alpine"),
        ("grafana/grafana:11", "https://hub.docker.com/r/grafana/grafana"),
        ("ghcr.io/acme/app:1", "https://ghcr.io/acme/app"),
        ("quay.io/prometheus/prometheus", "https://quay.io/repository/prometheus/prometheus?tab=tags"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "https://mcr.microsoft.com/artifact/mar/dotnet/sdk"),
        ("public.ecr.aws/nginx/nginx", "https://gallery.ecr.aws/nginx/nginx"),
        ("europe-docker.pkg.dev/project/images/app", "https://europe-docker.pkg.dev/project/images/app"),
    ],
)
def test_where_a_registry_shows_a_repository(name: str, url: str) -> None:
    assert [page.url for page in web_pages(parse_reference(name), {})] == [url]


@pytest.mark.parametrize("name", ["localhost:5000/acme/app", "registry.example.com/acme/app:1"])
def test_other_registries_have_no_page(name: str) -> None:
    assert web_pages(parse_reference(name), {}) == []


@pytest.mark.parametrize(
    ("source", "revision", "url"),
    [
        ("https://github.com/acme/shop", "90edacff", "https://github.com/acme/shop/tree/90edacff"),
        ("https://github.com/acme/shop.git", "v1.2", "https://github.com/acme/shop/tree/v1.2"),
        ("https://gitlab.com/acme/shop/", "main", "https://gitlab.com/acme/shop/-/tree/main"),
        ("https://github.com/acme/shop/tree/main", "90edacff", ""),
        ("https://git.example.com/acme/shop", "90edacff", ""),
        ("https://github.com/acme/shop", "90ed acff", ""),
        ("https://github.com/acme/shop", "../../evil?", ""),
    ],
)
def test_the_source_at_its_revision(source: str, revision: str, url: str) -> None:
    pages = web_pages(parse_reference("localhost:5000/a"), {SOURCE: source, REVISION: revision})
    assert [page.url for page in pages] == [*([url] if url else []), source]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "file:///etc/passwd", "https://", "http://[::1", "https://user:secret@example.com/",
        "https://example.com/\x1b]52;c;aGk=\x07", "https://example.com/ a", "https://exämple.com", "-oProxyCommand=x",
        "https://example.com/" + "a" * 3000, "",
    ],
)  # fmt: skip
def test_what_no_browser_is_given(text: str) -> None:
    assert not is_web_address(text)
    assert web_pages(parse_reference("localhost:5000/a"), {SOURCE: text}) == []
