from __future__ import annotations

import base64

import pytest

from regbrowse.registry.secret_echo import repeats

BASIC = "Basic " + base64.b64encode(b"ann:s3cr3t-canary:1 and more").decode()
FORM = b"grant_type=password&username=ann&password=s3cr3t-canary%26%20two&scope=a"


@pytest.mark.parametrize(
    ("text", "authorization", "body", "is_repeated"),
    [
        ("no such user: ann", BASIC, b"", False),
        ("Authorization: " + BASIC, BASIC, b"", True),
        ("Authorization: " + BASIC[:24] + "…", BASIC, b"", True),
        ("wrong password s3cr3t-canary:1 and more", BASIC, b"", True),
        ("wrong password s3cr3t-canary:1 a…", BASIC, b"", True),
        ("bad token eyJhbGciOiJub25lIn0.e30.", "Bearer eyJhbGciOiJub25lIn0.e30.", b"", True),
        ("bad token", "Bearer eyJhbGciOiJub25lIn0.e30.", b"", False),
        ("it is s3cr3t-canary& two!", "", FORM, True),
        ("it is ann", "", FORM, False),
        ("anything", "", b"", False),
        ("anything a", "Bearer a", b"", False),
        ("anything", "Basic \xff", b"", False),
        ("anything", "Basic abc", b"", False),
        ("anything", "Basic //79", b"\xff", False),
    ],
)
def test_what_was_sent_is_recognised(text: str, authorization: str, body: bytes, is_repeated: bool) -> None:
    assert repeats(text, authorization, body) is is_repeated
