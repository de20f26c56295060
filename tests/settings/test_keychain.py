"""Saved logins: which place counts, what each place is called, and what is said of those that fail."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from pathlib import Path

import pytest

from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.settings.keychain import Keychain, locations
from regbrowse.settings.login import Login, Source
from regbrowse.settings.registries_conf import NameList

HOST = "registry.example.com"
HERE = Registry(HOST)


def entry(user: str, password: str = "canary") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


class Machine:
    """A home folder, an environment and helpers on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.runtime = folder / "run"
        for made in (self.home, self.bin, self.runtime):
            made.mkdir()
        self.environ = {
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "XDG_RUNTIME_DIR": str(self.runtime),
            "RUNS": str(folder / "runs"),
        }
        self.authfile: Path | None = None
        self.helpers: NameList | None = None
        """What registries.conf names."""

    def write(self, path: str | Path, value: object) -> Path:
        """A file below the home folder, readable by its owner only."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value if isinstance(value, str) else json.dumps(value))
        file.chmod(0o600)
        return file

    def logins(self, path: str | Path, user: str, host: str = HOST) -> Path:
        return self.write(path, {"auths": {host: entry(user)}})

    def docker(self, **value: object) -> Path:
        return self.write(".docker/config.json", value)

    def helper(self, suffix: str, body: str) -> None:
        program = self.bin / f"docker-credential-{suffix}"
        program.write_text(f'#!/bin/sh\nkey="$(cat)"\necho "$key" >>"$RUNS"\n{body}\n')
        program.chmod(0o755)

    def knows(self, suffix: str, user: str, key: str = HOST) -> None:
        """A helper with one login."""
        has = f"""[ "$key" = "{key}" ] && echo '{{"Username":"{user}","Secret":"canary"}}' && exit 0"""
        self.helper(suffix, f"{has}\necho credentials not found in native keychain\nexit 1")

    @property
    def asked(self) -> list[str]:
        """The keys that helpers were asked for, in order."""
        runs = Path(self.environ["RUNS"])
        return runs.read_text().splitlines() if runs.exists() else []

    def keychain(self, limit: float = 30, platform: str = "linux") -> Keychain:
        return Keychain(
            self.environ,
            self.home,
            authfile=self.authfile,
            uid=4711,
            platform=platform,
            limit=limit,
            helpers=self.helpers,
        )

    async def who(self, host: str = HOST, path: str = "org/app") -> tuple[str, str]:
        """User and source of the login that is found."""
        login = await self.keychain().find(Registry.parse(host), path)
        return (login.user, login.source) if login else ("", "")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def test_no_files_means_nobody_and_nothing_to_say(machine: Machine) -> None:
    keychain = machine.keychain()
    assert await keychain.find(HERE) is None
    assert list(keychain.notices) == []
    assert keychain.helper_for(HERE) is None
    assert await keychain.in_foreground(HERE) is None


async def test_the_places_count_in_their_order(machine: Machine) -> None:
    machine.logins(".docker/config.json", "docker")
    machine.logins(".config/containers/auth.json", "config")
    machine.logins(machine.runtime / "containers" / "auth.json", "runtime")
    machine.write(".dockercfg", {f"https://{HOST}/v1/": entry("old")})
    elsewhere = machine.logins("elsewhere.json", "alone")
    named = machine.logins("named.json", "named")

    machine.environ["REGISTRY_AUTH_FILE"] = str(elsewhere)
    machine.environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {HOST: entry("environment")}})
    machine.authfile = named
    assert await machine.who() == ("named", "--authfile")
    machine.authfile = None
    assert await machine.who() == ("environment", "DOCKER_AUTH_CONFIG")
    machine.environ["DOCKER_AUTH_CONFIG"] = ""
    assert await machine.who() == ("alone", "auth.json")
    elsewhere.unlink()
    assert await machine.who() == ("docker", "docker config")
    (machine.home / ".docker" / "config.json").unlink()
    assert await machine.who() == ("old", ".dockercfg")
    del machine.environ["REGISTRY_AUTH_FILE"]
    assert await machine.who() == ("runtime", "auth.json")
    (machine.runtime / "containers" / "auth.json").unlink()
    assert await machine.who() == ("config", "auth.json")


async def test_helpers_that_registries_conf_names(machine: Machine) -> None:
    """Before or behind podman's files, as they stand there around the word for these."""
    file = machine.write(".config/containers/registries.conf", "")
    machine.knows("vault", "vault")
    for names, winner in (
        (("vault",), ("vault", "credential helper docker-credential-vault")),
        (("vault", "containers-auth.json"), ("vault", "credential helper docker-credential-vault")),
        (("containers-auth.json", "vault"), ("podman", "auth.json")),
        (("containers-auth.json",), ("podman", "auth.json")),
    ):
        machine.helpers = NameList(names, file)
        kept = machine.logins(machine.runtime / "containers" / "auth.json", "podman")
        assert await machine.who() == winner
        kept.unlink()
        assert (await machine.who())[0] == ("vault" if "vault" in names else "")
    docker = machine.logins(".docker/config.json", "docker")
    machine.helpers = NameList(("vault",), file)
    assert (await machine.who())[0] == "docker"
    docker.unlink()
    sources = await machine.keychain().sources(HERE)
    assert (
        Source(
            "credential helper docker-credential-vault",
            "vault",
            "named in ~/.config/containers/registries.conf",
            wins=True,
        )
        in sources
    )


async def test_a_helper_of_registries_conf_that_is_missing(machine: Machine) -> None:
    file = machine.write(".config/containers/registries.conf", "")
    machine.helpers = NameList(("gone",), file)
    keychain = machine.keychain()
    assert await keychain.find(HERE) is None
    assert list(keychain.notices) == [
        f'{file} names the credential helper "docker-credential-gone", which is not on PATH.'
        f" Continuing without credentials for {HOST}."
    ]


async def test_variables_move_the_files(machine: Machine) -> None:
    machine.logins("d/config.json", "moved")
    machine.logins("x/containers/auth.json", "xdg", "other.example")
    machine.environ |= {"DOCKER_CONFIG": str(machine.home / "d"), "XDG_CONFIG_HOME": str(machine.home / "x")}
    assert await machine.who() == ("moved", "docker config")
    assert await machine.who("other.example") == ("xdg", "auth.json")


LAST = "/h/.config/containers/auth.json"


@pytest.mark.parametrize(
    ("environ", "platform", "paths"),
    [
        ({}, "linux", ["/run/containers/4711/auth.json", LAST]),
        ({"XDG_RUNTIME_DIR": "relative"}, "linux", ["/run/containers/4711/auth.json", LAST]),
        ({"XDG_RUNTIME_DIR": "/r"}, "linux", ["/r/containers/auth.json", LAST]),
        ({"XDG_CONFIG_HOME": "/c"}, "linux", ["/run/containers/4711/auth.json", "/c/containers/auth.json"]),
        ({"XDG_RUNTIME_DIR": "/r"}, "darwin", [LAST]),
        ({"REGISTRY_AUTH_FILE": "/only", "XDG_RUNTIME_DIR": "/r"}, "linux", ["/only"]),
    ],
)
def test_where_podman_keeps_logins(environ: dict[str, str], platform: str, paths: list[str]) -> None:
    found = locations(environ, Path("/h"), None, 4711, platform)
    assert [str(location.path) for location in found if location.source == "auth.json"] == paths


async def test_podmans_namespaces_are_looked_up_by_path(machine: Machine) -> None:
    auths = {"quay.io": entry("host"), "quay.io/org": entry("org"), "quay.io/org/app": entry("app")}
    machine.write(".config/containers/auth.json", {"auths": auths})
    assert (await machine.who("quay.io", "org/app"))[0] == "app"
    assert (await machine.who("quay.io", "org/other"))[0] == "org"
    assert (await machine.who("quay.io", "else"))[0] == "host"
    assert (await machine.who("quay.io", ""))[0] == "host"


@pytest.mark.parametrize("host", [HOST, "REGISTRY.example.com", f"{HOST}.", f"{HOST}:443", f"{HOST}:80"])
async def test_a_login_is_found_for_every_spelling_of_its_host(machine: Machine, host: str) -> None:
    machine.logins(".docker/config.json", "ann")
    assert (await machine.who(host))[0] == "ann"


@pytest.mark.parametrize(
    "host", [f"{HOST}.attacker.test", "docker.io.attacker.test", "evil-azurecr.io.attacker.test", f"x{HOST}", "a.test"]
)
async def test_a_lookalike_gets_no_login(machine: Machine, host: str) -> None:
    auths = {key: entry("ann") for key in (HOST, "https://index.docker.io/v1/", "evil.azurecr.io")}
    machine.docker(auths=auths, credHelpers={HOST: "x"})
    machine.write(".config/containers/auth.json", {"auths": auths})
    machine.helper("x", "exit 1")
    assert await machine.who(host) == ("", "")
    assert machine.asked == []


# Helpers


async def test_a_helper_for_the_host_counts_before_the_store_and_both_before_the_file(machine: Machine) -> None:
    machine.knows("own", "by helper")
    machine.knows("store", "by store")
    machine.docker(auths={HOST: entry("by file")}, credsStore="store", credHelpers={HOST: "own"})
    assert await machine.who() == ("by helper", "credential helper docker-credential-own")
    machine.docker(auths={HOST: entry("by file")}, credsStore="store")
    assert await machine.who() == ("by store", "credential helper docker-credential-store")
    machine.docker(auths={HOST: entry("by file")})
    assert await machine.who() == ("by file", "docker config")


async def test_what_the_store_does_not_know_the_file_may(machine: Machine) -> None:
    machine.knows("store", "ann", "other.example")
    machine.docker(auths={HOST: entry("by file")}, credsStore="store")
    keychain = machine.keychain()
    login = await keychain.find(HERE)
    assert login == Login("by file", Secret("canary"), "docker config")
    assert machine.asked == [HOST]
    assert list(keychain.notices) == []


async def test_an_empty_entry_asks_the_store_by_the_key_of_the_entry(machine: Machine) -> None:
    machine.knows("desktop", "ann", f"https://{HOST}/")
    machine.docker(auths={f"https://{HOST}/": {}}, credsStore="desktop")
    assert (await machine.who())[0] == "ann"
    assert machine.asked == [f"https://{HOST}/"]


async def test_docker_hub_is_asked_for_by_its_url(machine: Machine) -> None:
    machine.knows("desktop", "ann", "https://index.docker.io/v1/")
    machine.docker(credsStore="desktop")
    assert (await machine.who("docker.io"))[0] == "ann"
    assert machine.asked == ["https://index.docker.io/v1/"]


async def test_an_identity_token_is_told_from_a_password(machine: Machine) -> None:
    machine.knows("acr", "<token>")
    machine.docker(credHelpers={HOST: "acr"})
    login = await machine.keychain().find(HERE)
    assert login == Login("", Secret("canary"), "credential helper docker-credential-acr", "identity")


async def test_a_missing_helper_costs_its_own_logins_only(machine: Machine) -> None:
    machine.docker(credHelpers={HOST: "ecr-login", "gone.example": "ecr-login"})
    machine.logins(".config/containers/auth.json", "ann")
    keychain = machine.keychain()
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "ann"
    assert await keychain.find(Registry("gone.example")) is None
    head = 'Your docker config names the credential helper "docker-credential-ecr-login", which is not on PATH.'
    assert list(keychain.notices) == [
        f"{head} Continuing with the credentials from auth.json for {HOST}.",
        f"{head} Continuing without credentials for gone.example.",
    ]
    await keychain.find(HERE)
    assert len(keychain.notices) == 2


async def test_a_missing_helper_of_another_file_names_that_file(machine: Machine) -> None:
    file = machine.write(".config/containers/auth.json", {"credHelpers": {HOST: "gone"}})
    keychain = machine.keychain()
    await keychain.find(HERE)
    assert list(keychain.notices) == [
        f'{file} names the credential helper "docker-credential-gone", which is not on PATH.'
        f" Continuing without credentials for {HOST}."
    ]


async def test_a_helpers_name_cannot_be_a_path(machine: Machine) -> None:
    trap = machine.bin.parent / "x"
    trap.write_text('#!/bin/sh\necho ran >>"$RUNS"')
    trap.chmod(0o755)
    machine.docker(credsStore="../../x", credHelpers={HOST: "/../../x"})
    keychain = machine.keychain()
    for host in (HOST, "docker.io"):
        assert await keychain.find(Registry(host)) is None
    assert machine.asked == []
    assert keychain.notices[0].startswith("A credential helper has an impossible name and was not run.")
    assert keychain.helper_for(HERE) is None
    assert (await keychain.sources(HERE))[0].name == "credential helper with an impossible name"


async def test_a_slow_helper_is_told_and_remembered(machine: Machine) -> None:
    machine.helper("pass", "sleep 600")
    machine.docker(credsStore="pass")
    keychain = machine.keychain(limit=0.3)
    assert await keychain.find(HERE) is None
    assert keychain.slow == {HOST}
    assert keychain.helper_for(HERE) == "docker-credential-pass"
    assert list(keychain.notices) == [
        "docker-credential-pass did not answer within 0.3 s (it may be waiting for a passphrase)."
        f" Continuing without credentials for {HOST}."
    ]


async def test_a_helper_that_needs_the_terminal_gets_it_when_asked_to(machine: Machine) -> None:
    machine.helper("pass", "echo 'gpg: cannot open /dev/tty' >&2; exit 2")
    machine.docker(credsStore="pass")
    keychain = machine.keychain()
    assert await keychain.find(HERE) is None
    assert keychain.slow == {HOST}
    machine.knows("pass", "ann")
    login = await keychain.in_foreground(HERE)
    assert login == Login("ann", Secret("canary"), "credential helper docker-credential-pass")
    assert keychain.slow == set()
    machine.helper("pass", "exit 1")
    assert await keychain.find(HERE) == login


async def test_a_failure_in_the_foreground_is_told(machine: Machine) -> None:
    machine.helper("pass", "exit 2")
    machine.docker(credsStore="pass")
    keychain = machine.keychain()
    assert await keychain.in_foreground(HERE) is None
    assert list(keychain.notices) == ["docker-credential-pass failed (exit 2)."]


async def test_fifty_questions_run_one_helper(machine: Machine) -> None:
    machine.knows("store", "ann")
    machine.docker(credsStore="store")
    keychain = machine.keychain()
    logins = await asyncio.gather(*(keychain.find(HERE, f"org/app{number}") for number in range(50)))
    assert {login.user for login in logins if login} == {"ann"}
    assert machine.asked == [HOST]


async def test_the_helper_that_is_waited_for_has_a_name(machine: Machine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    machine.helper("ecr-login", f"""cat <"{gate}"; echo '{{"Username":"AWS","Secret":"canary"}}'""")
    machine.docker(credHelpers={HOST: "ecr-login"})
    keychain = machine.keychain()
    assert keychain.asking == ""
    question = asyncio.create_task(keychain.find(HERE))
    async with asyncio.timeout(10):
        while not machine.asked:
            await asyncio.sleep(0.01)
    assert keychain.asking == "docker-credential-ecr-login"
    await asyncio.to_thread(gate.write_text, "")
    login = await question
    assert login is not None
    assert login.user == "AWS"
    assert keychain.asking == ""


async def test_a_refused_login_of_a_helper_can_be_forgotten(machine: Machine) -> None:
    machine.knows("store", "old")
    machine.docker(credsStore="store")
    keychain = machine.keychain()
    await keychain.find(HERE)
    machine.knows("store", "new")
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "old"
    keychain.forget(HERE)
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "new"


async def test_docker_has_a_default_store_when_its_file_names_none(machine: Machine) -> None:
    machine.knows("secretservice", "ann")
    assert await machine.who() == ("ann", "credential helper docker-credential-secretservice")
    machine.docker(currentContext="x")
    assert (await machine.who())[0] == "ann"
    machine.docker(auths={"other.example": entry("x")})
    assert await machine.who() == ("", "")
    machine.write(".docker/config.json", "{broken")
    assert await machine.who() == ("", "")


async def test_the_default_store_is_silent_when_it_does_not_work(machine: Machine) -> None:
    machine.helper("pass", "echo no password store >&2; exit 1")
    (machine.bin / "pass").symlink_to("/bin/true")
    keychain = machine.keychain()
    assert await keychain.find(HERE) is None
    assert machine.asked == [HOST]
    assert list(keychain.notices) == []
    assert await machine.keychain(platform="darwin").find(HERE) is None
    assert machine.asked == [HOST]


# Files


async def test_what_is_wrong_with_a_file_is_told_once_and_the_rest_is_used(machine: Machine) -> None:
    broken = machine.write(".docker/config.json", '{\n  "auths": canary\n}')
    machine.logins(".config/containers/auth.json", "ann")
    keychain = machine.keychain()
    for _ in range(3):
        login = await keychain.find(HERE)
        assert login is not None
        assert login.user == "ann"
    assert list(keychain.notices) == [f"Ignoring {broken}: the document is not JSON at line 2, column 12."]


async def test_a_file_that_others_can_read_is_told_once(machine: Machine) -> None:
    file = machine.logins(".docker/config.json", "ann")
    file.chmod(0o644)
    keychain = machine.keychain()
    await keychain.find(HERE)
    await keychain.find(Registry("other.example"))
    assert list(keychain.notices) == [f"{file} holds passwords and other users of this machine may read it."]


async def test_a_login_made_meanwhile_is_found(machine: Machine) -> None:
    keychain = machine.keychain()
    assert await keychain.find(HERE) is None
    file = machine.logins(".docker/config.json", "first")
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "first"
    machine.write("next.json", {"auths": {HOST: entry("other")}}).replace(file)
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "other"
    file.unlink()
    assert await keychain.find(HERE) is None


async def test_a_login_that_a_helper_got_meanwhile_is_found_once_dockers_file_tells(machine: Machine) -> None:
    machine.knows("store", "ann", "other.example")
    machine.docker(credsStore="store")
    keychain = machine.keychain()
    for _ in range(3):
        assert await keychain.find(HERE) is None
    assert machine.asked == [HOST]
    machine.knows("store", "ann")
    machine.docker(credsStore="store", auths={HOST: {}})
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "ann"


async def test_nothing_is_ever_written(machine: Machine) -> None:
    file = machine.logins(".docker/config.json", "ann")
    file.chmod(0o400)
    file.parent.chmod(0o500)
    before = sorted(machine.home.rglob("*"))
    await machine.keychain().find(HERE)
    assert sorted(machine.home.rglob("*")) == before
    file.parent.chmod(0o700)


# What people are shown


async def test_every_place_is_listed_with_its_winner(machine: Machine) -> None:
    machine.knows("store", "ann", "other.example")
    machine.docker(auths={HOST: entry("bob\x1b")}, credsStore="store")
    machine.logins(".config/containers/auth.json", "eve")
    machine.write(".dockercfg", "")
    machine.environ["DOCKER_AUTH_CONFIG"] = "{}"
    keychain = machine.keychain()
    runtime = machine.runtime / "containers" / "auth.json"
    assert await keychain.sources(HERE) == (
        Source("DOCKER_AUTH_CONFIG", note="environment: nothing for this registry"),
        Source(
            "credential helper docker-credential-store",
            note="named in ~/.docker/config.json: nothing for this registry",
        ),
        Source("docker config", "bob\\x1b", "~/.docker/config.json", wins=True),
        Source("auth.json", note=f"{runtime}: no such file"),
        Source("auth.json", "eve", "~/.config/containers/auth.json"),
        Source(".dockercfg", note="~/.dockercfg: cannot be used"),
    )
    assert "canary" not in str(keychain.notices)


async def test_helpers_behind_the_winner_are_listed_and_not_run(machine: Machine) -> None:
    machine.environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {HOST: entry("ann")}})
    machine.docker(credsStore="store")
    machine.knows("store", "bob")
    sources = await machine.keychain().sources(HERE)
    assert sources[1] == Source(
        "credential helper docker-credential-store", note="named in ~/.docker/config.json: not asked"
    )
    assert machine.asked == []


async def test_a_failing_helper_is_listed_with_its_reason(machine: Machine) -> None:
    machine.helper("store", "echo no bus >&2; exit 1")
    machine.docker(credsStore="store")
    first = (await machine.keychain().sources(HERE))[0]
    assert first.note == "named in ~/.docker/config.json: docker-credential-store failed (exit 1): no bus"
    assert not first.wins


async def test_a_cancelled_question_leaves_the_keychain_usable(machine: Machine) -> None:
    machine.helper("store", "sleep 600")
    machine.docker(credsStore="store")
    keychain = machine.keychain()
    question = asyncio.create_task(keychain.find(HERE))
    async with asyncio.timeout(10):
        while not machine.asked:
            await asyncio.sleep(0.01)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    machine.knows("store", "ann")
    login = await keychain.find(HERE)
    assert login is not None
    assert login.user == "ann"
