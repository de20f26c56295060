"""Auth files: every oddity costs one entry and one warning, and no warning holds a value."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.settings.auth_file import (
    FILE_LIMIT,
    HUB_URL,
    AuthFile,
    AuthFileLocation,
    Style,
    parse_auth_file,
    read_auth_file,
)
from regbrowse.settings.keychain import Keychain
from regbrowse.settings.login import Login

PASSWORD = "canary!password"
HOST = "registry.example.com"
FILE = AuthFileLocation("docker config", Path("/home/ann/.docker/config.json"), "docker")


def auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ANN = auth(f"ann:{PASSWORD}")


def parse(value: object, style: Style = "docker", *, flat: bool = False, mode: int = 0o600) -> AuthFile:
    location = AuthFileLocation(FILE.source, FILE.path, style, flat)
    return parse_auth_file(json.dumps(value).encode(), location, mode)


def read(path: Path) -> AuthFile:
    return read_auth_file(AuthFileLocation("auth.json", path))


def found(file: AuthFile, host: str = HOST, path: str = "org/app") -> Login | None:
    return file.login(Registry.parse(host), path)


def user_at(keys: list[str], host: str, path: str = "org/app", style: Style = "docker") -> str:
    """Which of the keys, used as user names, opens a registry."""
    file = parse({"auths": {key: {"username": key.replace(":", "_"), "password": "p"} for key in keys}}, style)
    login = found(file, host, path)
    return login.user.replace("_", ":") if login else ""


@pytest.mark.parametrize(
    ("entry", "login"),
    [
        ({"auth": ANN}, ("ann", PASSWORD, "password")),
        ({"auth": ANN.rstrip("=")}, ("ann", PASSWORD, "password")),
        ({"auth": f" {ANN}\n"}, ("ann", PASSWORD, "password")),
        ({"auth": f"{ANN[:8]}\r\n{ANN[8:16]}\n{ANN[16:]}"}, ("ann", PASSWORD, "password")),
        ({"Auth": ANN}, ("ann", PASSWORD, "password")),
        ({"userName": "ann", "PASSWORD": PASSWORD}, ("ann", PASSWORD, "password")),
        ({"identityToken": "idt"}, ("", "idt", "identity")),
        ({"RegistryToken": "bt"}, ("", "bt", "bearer")),
        ({"auth": auth("ann:a:b:c")}, ("ann", "a:b:c", "password")),
        ({"auth": auth("ann:\0pw\0\0")}, ("ann", "pw", "password")),
        ({"auth": auth("änn:pässwörd")}, ("änn", "pässwörd", "password")),
        ({"auth": auth("robot$ci:pw")}, ("robot$ci", "pw", "password")),
        ({"username": "ann", "password": PASSWORD}, ("ann", PASSWORD, "password")),
        ({"username": "old", "password": "old", "auth": ANN}, ("ann", PASSWORD, "password")),
        ({"auth": ANN, "email": 5, "unknown": {"x": []}}, ("ann", PASSWORD, "password")),
        ({"auth": auth("<token>:idt")}, ("", "idt", "identity")),
        ({"username": "<token>", "password": "idt"}, ("", "idt", "identity")),
        ({"auth": auth("00000000-0000-0000-0000-000000000000:"), "identitytoken": "idt"}, None),
        ({"auth": "%%%", "identitytoken": "idt"}, ("", "idt", "identity")),
        ({"registrytoken": "bt", "identitytoken": "idt", "auth": ANN}, ("ann", "bt", "bearer")),
    ],
)
def test_an_entry_becomes_a_login(entry: dict[str, object], login: tuple[str, str, str] | None) -> None:
    if login is None:
        login = ("00000000-0000-0000-0000-000000000000", "idt", "identity")
    file = parse({"auths": {HOST: entry}})
    user, secret, kind = login
    assert found(file) == Login(user, Secret(secret), "docker config", kind)  # type: ignore[arg-type]
    assert not file.notices


@pytest.mark.parametrize("entry", [{}, None, {"auth": ""}, {"auth": None}, {"username": "ann"}, {"email": "a@b"}])
def test_an_entry_without_a_secret_is_no_login_and_no_fault(entry: object) -> None:
    file = parse({"auths": {HOST: entry}})
    assert found(file) is None
    assert not file.notices


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"auth": "canary-without-colon"}, "base64"),
        ({"auth": auth("canary-without-colon")}, "base64"),
        ({"auth": "canary!canary"}, "base64"),
        ({"auth": auth(":canary")}, "base64"),
        ({"auth": base64.b64encode(b"ann:canary\xff").decode()}, "base64"),
        ({"auth": 5}, '"auth"'),
        ({"auth": ["canary"]}, '"auth"'),
        ({"username": {"canary": 1}, "password": "canary"}, '"username"'),
        ({"password": "canary"}, "no user name"),
        ({"username": "ann", "password": "canary\ud800"}, '"password"'),
        ({"registrytoken": "canary\r\nX-Evil: 1"}, '"registrytoken"'),
        ({"identitytoken": 7}, '"identitytoken"'),
        (["canary"], "is no object"),
        ("canary", "is no object"),
    ],
)
def test_a_faulty_entry_is_skipped_alone_and_named_without_its_value(entry: object, word: str) -> None:
    file = parse({"auths": {HOST: entry, "other.example.com": {"auth": ANN}}})
    assert found(file) is None
    assert found(file, "other.example.com") is not None
    (notice,) = file.notices
    assert notice.startswith(f'/home/ann/.docker/config.json: the entry "{HOST}" ')
    assert word in notice
    assert "canary" not in notice


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"auths": {\n  "a" "canary"}}', "the document is not JSON at line 2, column 7."),
        (b"", "the document is empty."),
        (b"[]", "it holds no JSON object."),
        (b"\xff\xfe", "the document is not UTF-8 text."),
        (b"<html>canary", "this is a web page, not a JSON document."),
        (b'{"a":' * 1000, "this document is nested too deeply and was not read."),
        (b" " * (FILE_LIMIT + 1), "it is larger than 4.0 MiB."),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_where(content: bytes, reason: str) -> None:
    file = parse_auth_file(content, FILE)
    assert file.state == "unusable"
    assert file.notices == (f"Ignoring /home/ann/.docker/config.json: {reason}",)


@pytest.mark.parametrize("content", [
    '{{"Auths": {{"{host}": {{"auth": "{auth}"}}}}, "CREDHELPERS": {{"{host}": "x"}}, "credsstore": "y"}}',
    '{{"auths": {{"{host}": {{"auth": "{auth}"}}}}, "credHelpers": {{"{host}": "x"}}, "credsStore": "y"}}\n}}\n',
    '\n{{"auths": {{"{host}": {{"auth": "{auth}"}}}}, "credHelpers": {{"{host}": "x"}}, "credsStore": "y"}} {{}}',
    '{{"HttpHeaders": {{"X-Who": "\xe9"}},'
    ' "auths": {{"{host}": {{"auth": "{auth}"}}}}, "credHelpers": {{"{host}": "x"}}, "credsStore": "y"}}',
])  # fmt: skip
def test_what_go_reads_in_a_file_is_read(content: str) -> None:
    file = parse_auth_file(content.format(host=HOST, auth=ANN).encode("latin-1"), FILE)
    assert found(file) == Login("ann", Secret(PASSWORD), "docker config")
    assert (file.helpers, file.store, file.notices) == ({HOST: "x"}, "y", ())


@pytest.mark.parametrize("name", ["auths", "credHelpers"])
@pytest.mark.parametrize("value", [[], "canary", 5, True])
def test_a_table_of_the_wrong_form_is_ignored(name: str, value: object) -> None:
    file = parse({"auths": {HOST: {"auth": ANN}}, name: value})
    assert file.notices == (f'/home/ann/.docker/config.json: "{name}" is no object; it is ignored.',)
    assert (found(file) is None) == (name == "auths")


def test_helpers_of_the_wrong_form_are_ignored() -> None:
    file = parse({"credsStore": ["canary"], "credHelpers": {"a.example": 5, "b.example": "ok", "c.example": None}})
    assert (file.store, dict(file.helpers)) == ("", {"b.example": "ok"})
    assert len(file.notices) == 2
    assert "canary" not in str(file.notices)


def test_a_repeated_key_keeps_its_first_value_and_is_told() -> None:
    entries = f'"{HOST}": {{"auth": "{ANN}"}}, "{HOST}": {{"auth": "{auth("eve:x")}"}}'
    file = parse_auth_file(f'{{"auths": {{{entries}}}}}'.encode(), FILE)
    login = found(file)
    assert login is not None
    assert login.user == "ann"
    assert file.notices == ("/home/ann/.docker/config.json has the same key twice; the first one counts.",)


def test_warnings_are_bounded() -> None:
    file = parse({"auths": {f"h{number}.example": 5 for number in range(10_000)}})
    assert len(file.notices) == 21
    assert file.notices[-1] == "/home/ann/.docker/config.json has more faulty entries; all of them are skipped."


def test_a_key_with_a_password_in_it_is_shown_without() -> None:
    file = parse({"auths": {"https://ann:canary@h.example/v1/?token=canary": 5}})
    assert file.notices == (f'{FILE.path}: the entry "https://h.example/v1/" is no object; it is skipped.',)


def test_others_who_may_read_passwords_are_told_of() -> None:
    entries = {"auths": {HOST: {"auth": ANN}}}
    sentence = "/home/ann/.docker/config.json holds passwords and other users of this machine may read it."
    assert parse(entries, mode=0o644).notices == (sentence,)
    assert parse(entries, mode=0o640).notices == (sentence,)
    assert not parse(entries, mode=0o600).notices
    assert not parse({"auths": {HOST: {}}, "credsStore": "pass"}, mode=0o644).notices


# Keys


@pytest.mark.parametrize(
    "key",
    [
        HOST,
        "https://registry.example.com",
        "http://registry.example.com/",
        "HTTPS://Registry.Example.COM/v2/",
        "https://registry.example.com/some/path?x",
        "registry.example.com/v1/",
        "registry.example.com.",
        "Registry.Example.Com",
    ],
)
@pytest.mark.parametrize("host", [HOST, "REGISTRY.example.com", "registry.example.com."])
def test_spellings_of_a_host_are_one_host(key: str, host: str) -> None:
    assert user_at([key], host) == key


@pytest.mark.parametrize(
    "key",
    [
        HUB_URL,
        "https://index.docker.io/v1",
        "index.docker.io",
        "docker.io",
        "registry-1.docker.io",
        "http://docker.io/",
    ],
)
@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"])
@pytest.mark.parametrize("style", ["docker", "containers"])
def test_docker_hub_has_many_names(key: str, host: str, style: Style) -> None:
    assert user_at([key], host, "library/alpine", style) == key


def test_docker_prefers_its_own_key_for_the_hub() -> None:
    keys = ["docker.io", "registry-1.docker.io", "index.docker.io", HUB_URL]
    assert user_at(keys, "docker.io") == HUB_URL
    assert user_at(keys[:3], "docker.io") == "docker.io"
    assert user_at(keys[1:3], "docker.io") == "index.docker.io"
    assert user_at(keys, "docker.io", style="containers") == "docker.io"


@pytest.mark.parametrize("key", [f"{HUB_URL}access-token", f"{HUB_URL}refresh-token"])
def test_what_dockers_own_login_keeps_is_no_login(key: str) -> None:
    assert user_at([key], "docker.io") == ""


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("docker.io", "docker.io.attacker.test"),
        (HUB_URL, "index.docker.io.attacker.test"),
        (HUB_URL, "xindex.docker.io"),
        (HOST, "registry.example.com.attacker.test"),
        (HOST, "example.com"),
        (HOST, "evil-registry.example.com"),
        ("example.com", HOST),
        (HOST, "registry.example.com:5000"),
        ("registry.example.com:5000", HOST),
        ("registry.example.com:443", HOST),
        ("my.azurecr.io", "my-azurecr.io.attacker.test"),
        ("https://attacker.test/registry.example.com", HOST),
        ("https://registry.example.com@attacker.test/", HOST),
        ("https://attacker.test@registry.example.com/", HOST),
        ("registry.example.com\n", HOST),
        (" registry.example.com", HOST),
        ("", HOST),
        ("https://", HOST),
        ("*.example.com", HOST),
        ("doc\u212aer.io", "docker.io"),
        ("localhost", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("style", ["docker", "containers"])
def test_a_lookalike_opens_nothing(key: str, host: str, style: Style) -> None:
    assert user_at([key], host, "org/app", style) == ""


def test_default_ports_are_tried_as_typed_and_then_without() -> None:
    assert user_at([HOST, f"{HOST}:443"], f"{HOST}:443") == f"{HOST}:443"
    assert user_at([HOST], f"{HOST}:443") == HOST
    assert user_at([HOST], f"{HOST}:80") == HOST
    assert user_at([f"{HOST}:443"], f"{HOST}:80") == ""
    assert user_at(["[::1]:5000"], "[::1]:5000") == "[::1]:5000"


def test_the_exact_spelling_counts_before_a_similar_one() -> None:
    assert user_at([f"https://{HOST}", HOST], HOST) == HOST


def test_podman_takes_the_namespace_nearest_to_the_repository() -> None:
    keys = ["quay.io", "quay.io/org", "quay.io/org/app", "quay.io/organ", "quay.io/other"]
    for path, key in [
        ("org/app", "quay.io/org/app"),
        ("org/app/sub", "quay.io/org/app"),
        ("org/apple", "quay.io/org"),
        ("org", "quay.io/org"),
        ("organ/x", "quay.io/organ"),
        ("", "quay.io"),
        ("else/x", "quay.io"),
    ]:
        assert user_at(keys, "quay.io", path, "containers") == key
    assert user_at(["docker.io/library"], "docker.io", "library/alpine", "containers") == "docker.io/library"


def test_a_namespace_opens_only_itself_for_podman_and_the_host_for_docker() -> None:
    assert user_at(["quay.io/org"], "quay.io", "other/app", "containers") == ""
    assert user_at(["quay.io/org"], "quay.io", "other/app", "docker") == "quay.io/org"
    assert user_at(["quay.io/org", "https://quay.io"], "quay.io", "other/app", "docker") == "https://quay.io"


def test_an_empty_entry_of_docker_does_not_hide_that_of_podman() -> None:
    file = parse({"auths": {HUB_URL: {}, "docker.io": {"auth": ANN}}})
    assert found(file, "docker.io") is not None


@pytest.mark.parametrize("style", ["docker", "containers"])
@pytest.mark.parametrize("entry", [{}, None, {"auth": 5}])
@pytest.mark.parametrize(
    ("exact", "other"),
    [
        (HOST, f"{HOST}/other"),
        (HOST, f"https://{HOST}"),
        (f"{HOST}/org/app", HOST),
        (f"{HOST}/org", HOST),
        ("docker.io", "docker.io/other"),
        (HUB_URL, "https://docker.io"),
    ],
)
def test_beside_an_exact_key_no_other_counts_also_when_it_has_no_login(
    exact: str, other: str, entry: object, style: Style
) -> None:
    host = "docker.io" if "docker" in exact else HOST
    assert found(parse({"auths": {other: {"auth": ANN}, exact: entry}}, style), host) is None


def test_the_old_file_has_its_logins_at_the_top() -> None:
    file = parse({f"https://{HOST}/v1/": {"auth": ANN, "email": "a@b"}, "x": 5}, flat=True)
    assert found(file) is not None
    assert len(file.notices) == 1


# Helpers in a file


@pytest.mark.parametrize(
    ("style", "value", "host", "suffix", "keys"),
    [
        ("docker", {"credsStore": "pass"}, HOST, "pass", [HOST]),
        ("docker", {"credsStore": "pass"}, "docker.io", "pass", [HUB_URL]),
        ("docker", {"credsStore": "pass"}, "R.example:443", "pass", ["R.example:443", "r.example:443", "r.example"]),
        ("docker", {"credsStore": "s", "auths": {f"https://{HOST}": {}}}, HOST, "s", [f"https://{HOST}", HOST]),
        ("docker", {"credsStore": "pass", "credHelpers": {"gcr.io": "gcloud"}}, "gcr.io", "gcloud", ["gcr.io"]),
        ("docker", {"credsStore": "pass", "credHelpers": {"gcr.io": "gcloud"}}, "eu.gcr.io", "pass", ["eu.gcr.io"]),
        ("docker", {"credsStore": "pass", "credHelpers": {"gcr.io": ""}}, "gcr.io", "", ["gcr.io"]),
        ("docker", {"credHelpers": {"docker.io": "a", HUB_URL: "b"}}, "docker.io", "b", [HUB_URL]),
        ("docker", {"credHelpers": {"index.docker.io": "a"}}, "docker.io", "a", [HUB_URL]),
        ("docker", {"credHelpers": {"registry-1.docker.io": "a"}}, "docker.io", "", [HUB_URL]),
        ("containers", {"credHelpers": {"docker.io": "a"}}, "docker.io", "a", ["docker.io"]),
        ("docker", {"credHelpers": {"https://gcr.io": "a", "gcr.io/org": "b"}}, "gcr.io", "", ["gcr.io"]),
        ("docker", {"credHelpers": {"gcr.io": "a"}}, "gcr.io.attacker.test", "", ["gcr.io.attacker.test"]),
        ("docker", {"credHelpers": {"GCR.io": "a"}}, "gcr.IO.", "a", ["GCR.io"]),
    ],
)  # fmt: skip
def test_which_helper_is_asked_for_what(
    style: Style, value: dict[str, object], host: str, suffix: str, keys: list[str]
) -> None:
    assert parse(value, style).helper(Registry.parse(host)) == (suffix, keys)


# Files


def test_missing_files_are_silent_unless_somebody_named_them(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    assert read(path) == AuthFile("missing")
    assert read(tmp_path / "x" / "auth.json").notices == ()
    named = read_auth_file(AuthFileLocation("--authfile", path, named=True))
    assert named.notices == (f"Ignoring {path}: there is no such file.",)
    path.write_text("{}")
    assert read(path / "below").state == "missing"
    assert read(Path("/dev/null")) == AuthFile("missing")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    assert read(tmp_path).notices == (f"Ignoring {tmp_path}: it is a directory.",)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert read(fifo).notices == (f"Ignoring {fifo}: it cannot be read.",)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert read(loop).state == "unusable"
    assert read(Path("a\0b")).state == "unusable"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text("{}")
    path.chmod(0)
    assert read(path).notices == (f"Ignoring {path}: this user may not read it.",)


def test_a_huge_file_is_not_swallowed(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert read(path).notices == (f"Ignoring {path}: it is larger than 4.0 MiB.",)


def test_the_environment_holds_a_file_too() -> None:
    text = Secret(json.dumps({"auths": {HOST: {"auth": ANN}}}))
    location = AuthFileLocation("DOCKER_AUTH_CONFIG", None, "docker", text=text)
    file = read_auth_file(location)
    assert found(file) == Login("ann", Secret(PASSWORD), "DOCKER_AUTH_CONFIG")
    assert "canary" not in repr(location) + repr(file)
    broken = read_auth_file(AuthFileLocation("DOCKER_AUTH_CONFIG", None, text=Secret("canary {\udcff")))
    assert broken.notices == ("Ignoring DOCKER_AUTH_CONFIG: the document is not UTF-8 text.",)


# Everything else

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "canary!", "ann:canary!", auth("canary!"), auth("ann:canary!"), "<token>", "a\ud800canary!"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([HOST, HUB_URL, "auths", "auth", "username", "password", "identitytoken", "registrytoken"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
TOP = st.fixed_dictionaries(
    {},
    optional={
        "auths": st.dictionaries(st.sampled_from([HOST, HUB_URL, f"{HOST}/org", "", "x" * 300]), JSON, max_size=4)
        | JSON,
        "credHelpers": st.dictionaries(st.sampled_from([HOST, "docker.io", ""]), JSON, max_size=3) | JSON,
        "credsStore": JSON,
        "HttpHeaders": JSON,
    },
)


@given(value=TOP | JSON, flat=st.booleans(), style=st.sampled_from(["docker", "containers"]))
def test_no_value_anywhere_breaks_the_reading_or_shows_up(value: object, flat: bool, style: Style) -> None:
    file = parse(value, style, flat=flat, mode=0o644)
    assert "canary" not in "".join(file.notices)
    for host in (HOST, "docker.io"):
        login = found(file, host)
        if login:
            f"{login.user}:{login.password.reveal()}".encode()
            assert login.user or login.kind != "password"
        suffix, keys = file.helper(Registry.parse(host))
        assert isinstance(suffix, str)
        assert keys


@given(value=TOP | JSON)
def test_no_value_anywhere_breaks_a_keychain_or_shows_up(value: object) -> None:
    keychain = Keychain({"DOCKER_AUTH_CONFIG": json.dumps(value)}, Path("/nowhere"), uid=4711)

    async def look() -> str:
        logins = [await keychain.find(Registry(host), "org/app") for host in (HOST, "docker.io")]
        sources = await keychain.sources(Registry(HOST), "org/app")
        return f"{[login.password for login in logins if login]} {[(source.name, source.note) for source in sources]}"

    assert "canary" not in asyncio.run(look()) + "".join(keychain.notices)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    assert parse_auth_file(content, FILE).state in ("read", "unusable")
