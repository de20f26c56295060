from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.errors import ConfigError
from regbrowse.registry.transport.tls import TlsTrust, build_context


@pytest.mark.parametrize(
    ("kind", "says"),
    [("missing", "does not exist"), ("folder", "is not a file"), ("garbage", "holds no certificate in PEM form")],
)
def test_a_variable_that_names_no_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, says: str
) -> None:
    place = tmp_path / "own-ca.pem"
    if kind == "folder":
        place.mkdir()
    elif kind == "garbage":
        place.write_bytes(b"none")
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    with pytest.raises(ConfigError) as caught:
        build_context(TlsTrust())
    assert caught.value.why == f"SSL_CERT_FILE: {place} {says}."
