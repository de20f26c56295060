from __future__ import annotations

import json
import time

import httpx
import pytest

from regbrowse.errors import AuthError
from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.auth.token_request import (
    TokenKey,
    basic_authorization,
    bearer_authorization,
    grant_types,
    parse_token,
    token_request,
    token_url,
)
from regbrowse.registry.requests import Request, Response
from regbrowse.settings.login import Login

REQUEST = Request(Registry("registry.example"), "token", "https://login.example/token", "Logging in", "acme/app")
ANN = Login("ann", Secret("s3cr3t-canary"))


def response(body: bytes, kind: str = "application/json") -> Response:
    headers = httpx.Headers({"Content-Type": kind})
    return Response(REQUEST, 200, headers, body, "https://login.example/token?account=ann", 0.1)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 60), (0, 60), ("300", 300), (-1, 60), (1e9, 86_400), (300.5, 300.5), ("soon", 60), (True, 60), ([], 60),
     ("1e400", 86_400), ("nan", 60)],
)  # fmt: skip
def test_a_token_is_used_until_shortly_before_it_expires(expires_in: object, seconds: float) -> None:
    fields = {"token": "t"} if expires_in is None else {"token": "t", "expires_in": expires_in}
    before = time.monotonic()
    token = parse_token(response(json.dumps(fields).encode()))
    assert token.valid_until - before == pytest.approx(seconds - max(5, seconds / 10), abs=1)


@pytest.mark.parametrize("issued", ["1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "yesterday", 5])
def test_the_clock_of_the_token_service_does_not_matter(issued: object) -> None:
    before = time.monotonic()
    token = parse_token(response(json.dumps({"token": "t", "expires_in": 300, "issued_at": issued}).encode()))
    assert token.valid_until - before == pytest.approx(270, abs=1)


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"token": "a"}, "a"),
        ({"access_token": "b"}, "b"),
        ({"token": "a", "access_token": "b"}, "b"),
        ({"token": "a", "access_token": ""}, "a"),
        ({"token": "a", "access_token": 5}, "a"),
    ],
)
def test_either_name_of_the_token_is_read(fields: dict[str, object], value: str) -> None:
    assert parse_token(response(json.dumps(fields).encode())).value == Secret(value)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"<html>", b'{"token":""}', b'{"token":"s3cr3t-canary\\r\\nX: y"}', b'{"token":"a b"}',
     b'{"token":"\xc3\xa4"}', b'{"token":5}', b'{"token":"' + b"s3cr3t-canary" * 6000 + b'"}'],
)  # fmt: skip
def test_what_is_no_token_is_not_shown(body: bytes) -> None:
    with pytest.raises(AuthError) as caught:
        parse_token(response(body, kind="text/html; charset=utf-8"))
    assert caught.value.why == (
        "The login service login.example of registry.example did not return a token"
        " (status 200, text/html; charset=utf-8)."
    )
    assert "canary" not in str(caught.value) + repr(caught.value.evidence)
    assert caught.value.evidence.said == ""


def test_the_query_of_a_token_request() -> None:
    url = token_url("https://h/t?a=1", "my service", ("repository:a/b:pull", "x&y"), "ann")
    assert url == (
        "https://h/t?a=1&service=my%20service&scope=repository:a/b:pull&scope=x%26y&account=ann&client_id=regbrowse"
    )
    assert token_url("https://h/t", "", (), "") == "https://h/t?client_id=regbrowse"


def test_a_posted_login_is_nowhere_but_in_the_body() -> None:
    identity = Login("", Secret("s3cr3t-canary"), "docker config", "identity")
    key = TokenKey("https://r", "https://h/t", "s", ("a", "b"), identity)
    built, authorization = token_request(key, "refresh_token", REQUEST)
    assert authorization == ""
    assert built.path == "https://h/t"
    assert b"scope=a+b" in built.body
    assert "canary" not in repr(built)
    assert b"canary" in built.body


def test_which_grant_types_are_tried() -> None:
    assert grant_types(None) == ("get",)
    assert grant_types(ANN) == ("get", "password")
    assert grant_types(Login("", Secret("x"), kind="identity")) == ("refresh_token",)
    assert grant_types(Login("ann", Secret("x"), kind="identity")) == ("refresh_token", "get")


def test_names_and_passwords_in_any_script() -> None:
    assert basic_authorization(Login("ä", Secret("p:w"))) == "Basic w6Q6cDp3"
    assert basic_authorization(Login("", Secret("x"))) == ""
    assert bearer_authorization(Login("", Secret("abc"), kind="bearer")) == "Bearer abc"
    assert bearer_authorization(Login("", Secret("a\r\nb"), kind="bearer")) == ""


def test_no_secret_is_printed() -> None:
    key = TokenKey("https://r", "https://h/t", "s", ("a",), ANN)
    assert "canary" not in repr(key) + repr(parse_token(response(b'{"token":"s3cr3t-canary"}')))
