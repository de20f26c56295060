from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.reference import Registry
from regbrowse.registry.client import Settings
from regbrowse.registry.transport.pool import Pools
from regbrowse.registry.transport.tls_errors import Certificate, certificate_of, read_certificate
from regbrowse.registry.transport.url_policy import origin_of
from support.tls_world import Paper, issue, listening, secure

CA = issue("Example CA", organisation="Example Inc.", authority=True)


async def shown(tmp_path: Path, paper: Paper) -> Certificate | None:
    """What a look at a server with this certificate tells."""
    pools = Pools(Settings())
    async with secure(tmp_path, paper) as server:
        found = await certificate_of(pools, origin_of(f"https://{Registry.parse(server.name).authority}"))
        assert server.heads == []
    await pools.aclose()
    return found


async def test_what_users_want_to_know(tmp_path: Path) -> None:
    paper = issue("host", CA, names=["a.example", "*.b.example", "127.0.0.1", "::1"], days=(-3, 5))
    found = await shown(tmp_path, paper)
    assert found is not None
    assert found.issuer == "Example CA (Example Inc.)"
    assert found.names == ("a.example", "*.b.example", "127.0.0.1", "0:0:0:0:0:0:0:1")
    assert found.begins == paper.certificate.not_valid_before_utc
    assert found.ends == paper.certificate.not_valid_after_utc


@pytest.mark.parametrize("days", [(-9, -1), (1, 9), (-1, 36_500)])
async def test_dates_of_certificates_that_are_not_valid_now(tmp_path: Path, days: tuple[float, float]) -> None:
    paper = issue("host", CA, days=days)
    found = await shown(tmp_path, paper)
    assert found is not None
    assert found.ends == paper.certificate.not_valid_after_utc


async def test_without_alternative_names_the_common_name_counts(tmp_path: Path) -> None:
    found = await shown(tmp_path, issue("only.example", names=()))
    assert found is not None
    assert (found.issuer, found.names) == ("only.example", ("only.example",))


async def test_names_that_could_move_the_cursor_are_made_visible(tmp_path: Path) -> None:
    found = await shown(tmp_path, issue("evil\x1b[2J\u202e"))
    assert found is not None
    assert found.issuer == "evil\\x1b[2J\\u202e"


async def test_a_server_that_speaks_no_tls_shows_nothing() -> None:
    async def plain(_: object, writer: object) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")  # type: ignore[attr-defined]

    async with listening(plain) as port:
        pools = Pools(Settings())
        assert await certificate_of(pools, ("https", "127.0.0.1", port)) is None
        await pools.aclose()


@pytest.mark.parametrize("parsed", [{}, {"notAfter": "tomorrow", "issuer": (), "subject": ()}])
def test_what_cannot_be_read_is_not_known(parsed: dict[str, object]) -> None:
    assert read_certificate(parsed) == Certificate()
