"""The system's certificates, read ahead: the same as read in time, and nobody's twice."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from regbrowse.registry.transport.system_certificates import default_context, read_ahead


def test_what_was_read_ahead_is_given_once() -> None:
    read_ahead()
    first, second = default_context(), default_context()
    assert first is not second, "one may be given further certificates"
    assert first.verify_mode == second.verify_mode == ssl.CERT_REQUIRED
    assert first.cert_store_stats() == second.cert_store_stats()


def test_another_environment_reads_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nothing = tmp_path / "none.pem"
    nothing.write_text("")
    (tmp_path / "folder").mkdir()
    read_ahead()
    monkeypatch.setenv("SSL_CERT_FILE", str(nothing))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "folder"))
    assert default_context().cert_store_stats()["x509_ca"] == 0


def test_what_fails_ahead_fails_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> ssl.SSLContext:
        raise ssl.SSLError("no certificates")

    monkeypatch.setattr(ssl, "create_default_context", broken)
    read_ahead()
    with pytest.raises(ssl.SSLError, match="no certificates"):
        default_context()
