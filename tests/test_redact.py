from __future__ import annotations

import pytest

from regbrowse.redact import Secret, redact, redact_header
from regbrowse.settings.login import Login


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://u:p@s3.example/x?X-Amz-Signature=AAA&n=5&scope=r",
            "https://s3.example/x?X-Amz-Signature=REDACTED&n=5&scope=r",
        ),
        ("https://h/v2/", "https://h/v2/"),
        ("https://h/x?artifactType=a%2Bb&sig=z#frag", "https://h/x?artifactType=a%2Bb&sig=REDACTED"),
        ("https://h/x?flag", "https://h/x?flag"),
        ("/v2/a?next_page=secret", "/v2/a?next_page=REDACTED"),
        ("https://u:p@[bad/x?k=v", "https://[bad/x"),
        ("https://h/\x1b[31m", "https://h/\\x1b[31m"),
    ],
)
def test_urls_lose_what_signs_them(url: str, shown: str) -> None:
    assert redact(url) == shown


def test_headers_that_carry_secrets_are_not_shown() -> None:
    assert redact_header("Authorization", "Bearer abc") == "<redacted>"
    assert redact_header("set-cookie", "a=b") == "<redacted>"
    assert redact_header("Location", "https://h/x?sig=z") == "https://h/x?sig=REDACTED"
    assert redact_header("Server", "nginx\x1b") == "nginx\\x1b"


def test_a_password_prints_as_stars() -> None:
    login = Login("ann", Secret("s3cr3t-canary"))
    assert "canary" not in f"{login} {login!r} {login.password} {[login.password]}"
    assert login.password.reveal() == "s3cr3t-canary"
