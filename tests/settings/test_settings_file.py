"""Our settings file: what each setting does, and that a wrong one is named by its key and costs nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from real.certificates import authority
from regbrowse.oci.platform import Platform
from regbrowse.settings import settings_file
from regbrowse.settings.files import Notices
from regbrowse.settings.settings_file import RegistryOptions, SettingsFile, read_settings_file

SIGNER = authority()
REST = '\n[registry."rest.example"]\ninsecure = true\n'


class File:
    """A settings file in a folder of its own, with certificates beside it and at home."""

    def __init__(self, root: Path) -> None:
        self.home, self.folder = root / "home", root / "config"
        self.notices: tuple[str, ...] = ()

    def read(self, text: str | bytes) -> SettingsFile:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "settings.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        notices = Notices()
        read = read_settings_file(path, self.home, notices)
        self.notices = notices.all
        return read

    def write_certificates(self) -> None:
        for folder in (self.home, self.folder):
            folder.mkdir(exist_ok=True)
            (folder / "me.pem").write_bytes(SIGNER.certificate.public_bytes(serialization.Encoding.PEM))
            key = SIGNER.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (folder / "me.key").write_bytes(key)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    notices = Notices()
    assert read_settings_file(tmp_path / "settings.toml", tmp_path, notices) == SettingsFile()
    assert notices.all == ()


def test_the_documented_example_means_what_it_says(file: File) -> None:
    file.write_certificates()
    (file.folder / "ca.pem").write_bytes((file.folder / "me.pem").read_bytes())
    # The source, because Python 3.13 takes the indentation out of what `__doc__` holds.
    source = Path(settings_file.__file__).read_text(encoding="utf-8")
    example = re.search(r"\n\n((?:    .*\n)+)", source[: source.index('"""', 3)])
    assert example is not None
    read = file.read(re.sub(r"^    ", "", example[1], flags=re.MULTILINE))
    assert file.notices == ()
    options = RegistryOptions(
        plain_http=True,
        insecure=True,
        ca=file.folder / "ca.pem",
        pair=(file.folder / "me.pem", file.folder / "me.key"),
        mirror="mirror.example.com/hub",
        connections=4,
    )
    assert read == SettingsFile(
        "settings.toml", Platform("linux", "arm64"), 256 * 2**20, {"registry.example.com:5000": options}
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("0", 0), ("1048576", 2**20), ('"0"', 0), ('"512"', 512), ('"256 MiB"', 2**28), ('"256MiB"', 2**28),
        ('"1.5 GiB"', 3 * 2**29), ('"1 GB"', 10**9), ('" 10 k "', 10240), ('"1 TiB"', 2**40), ('"0.125 KiB"', 128),
    ],
)  # fmt: skip
def test_sizes(file: File, size: str, expected: int) -> None:
    assert file.read(f"[cache]\nsize = {size}\n").cache_size == expected
    assert file.notices == ()


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm/v7", "windows/amd64:10.0.17763.1", " linux/amd64 "])
def test_platforms(file: File, platform: str) -> None:
    assert file.read(f'platform = "{platform}"').platform == Platform.parse(platform)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Registry.Example.COM", "registry.example.com"),
        ("registry.example.com:443", "registry.example.com"),
        ("index.docker.io", "docker.io"),
        ("[::1]:5000", "[::1]:5000"),
        ("localhost", "localhost"),
    ],
)
def test_names_of_registries(file: File, name: str, key: str) -> None:
    assert file.read(f'[registry."{name}"]\nplain_http = true').registries == {key: RegistryOptions(plain_http=True)}


@pytest.mark.parametrize(
    "text",
    [
        '[registry."a.example"]\nconnections = 2\n[cache]\nsize = 5',
        'registry."a.example".connections = 2\ncache.size = 5',
        'registry = {"a.example" = {connections = 2}}\ncache = {size = 5}',
        '\ufeff[registry]\n"a.example".connections = 2\r\n[cache]\r\nsize = 5\r\n',
        '# a = \n[registry."a.example"] # x\n  connections = 2 # y\n[registry."b.example"]\n[cache]\nsize = 5',
    ],
)
def test_every_way_of_writing_it(file: File, text: str) -> None:
    read = file.read(text)
    assert (read.of("a.example").connections, read.cache_size, file.notices) == (2, 5, ())


def test_where_files_are(file: File, tmp_path: Path) -> None:
    file.write_certificates()
    places = {
        "me.pem": file.folder / "me.pem",
        "~/me.pem": file.home / "me.pem",
        "../home/me.pem": file.folder / ".." / "home" / "me.pem",
        str(tmp_path / "home" / "me.pem"): file.home / "me.pem",
    }
    for written, path in places.items():
        assert file.read(f"[registry.\"a.example\"]\nca = '{written}'").of("a.example").ca == path
    assert file.notices == ()


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("theme = 5", ': there is no setting "theme"; it is not used'),
        ("cache = 5", ': "cache" must be a table, not a number; it is not used'),
        ("platform = 5", ': "platform" must be a text, not a number; it is not used'),
        ('platform = "arn"', ': "arn" is not a platform; write for example "linux/arm64"; it is not used'),
        ('platform = ""', ': "" is not a platform; write for example "linux/arm64"; it is not used'),
        ("cache.other = 5", ' [cache]: "other" is not a setting of the cache; it is not used'),
        ("cache.size = true", ' [cache]: "size" must be a text or a whole number, not true or false; it is not used'),
        ("cache.size = 1.5", ' [cache]: "size" must be a text or a whole number, not a number; it is not used'),
        ('cache.size = "big"', ' [cache]: "big" is not a size; write for example "256 MiB"; it is not used'),
        ('cache.size = "5 XB"', ' [cache]: "5 XB" is not a size; write for example "256 MiB"; it is not used'),
        ("cache.size = -1", " [cache]: the size must be from 0 to 1 TiB; it is not used"),
        ('cache.size = "2 TiB"', " [cache]: the size must be from 0 to 1 TiB; it is not used"),
        ("registry.x = 5", ': "x" is no table; settings of a registry stand below [registry."HOST"]'),
        ("registry.ghcr.io.insecure = true",
         ': a name with dots needs quotation marks, as in [registry."ghcr.io"]; nothing in it is used'),
        ("[registry.quay.io.deep]\ninsecure = true\nca = 5",
         ': a name with dots needs quotation marks, as in [registry."quay.io.deep"]; nothing in it is used'),
        ('[registry."https://x"]\ninsecure = true',
         ': "https://x" is no registry; write its host and perhaps its port; nothing in it is used'),
        ("[theme]\nname = 1\nother = 2", ": there is no table [theme]; nothing in it is used"),
        ("theme = {name = 1, other = 2}", ": there is no table [theme]; nothing in it is used"),
        ("[cache.deep]\nsize = 5", ' [cache]: "deep" is not a setting of the cache; it is not used'),
        ('"\\u001b[31m" = 5', ': there is no setting "\\x1b[31m"; it is not used'),
        ('["\\u001b[31m"]', ": there is no table [\\x1b[31m]; nothing in it is used"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_and_the_rest_is_used(file: File, text: str, notice: str) -> None:
    read = file.read(f"{text}{REST}")
    assert file.notices == (f"settings.toml{notice}.",)
    assert read.of("rest.example") == RegistryOptions(insecure=True)
    assert (read.platform, read.cache_size) == (None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('plain_http = "yes"', '"plain_http" must be true or false, not a text; it is not used'),
        ("insecure = 1", '"insecure" must be true or false, not a number; it is not used'),
        ("ca = 5", '"ca" must be the name of a file; it is not used'),
        ('ca = ""', '"ca" must be the name of a file; it is not used'),
        ('ca = "a\\u0000b"', '"ca" must be the name of a file; it is not used'),
        ('ca = "gone.pem"', "{folder}/gone.pem does not exist; it is not used"),
        ('ca = "me.key"', "{folder}/me.key holds no certificate in PEM form; it is not used"),
        ('ca = "."', "{folder} is not a file; it is not used"),
        ("client_key = []", '"client_key" must be the name of a file; it is not used'),
        ('client_cert = "me.pem"', '"client_cert" without "client_key"; not using a client certificate'),
        ('client_key = "me.key"', '"client_key" without "client_cert"; not using a client certificate'),
        ('client_cert = "me.pem"\nclient_key = "gone.key"',
         "{folder}/gone.key does not exist; not using a client certificate"),
        ('client_cert = "me.key"\nclient_key = "me.key"',
         "{folder}/me.key are no PEM certificate and its key without a password; not using a client certificate"),
        ("mirror = 5", '"mirror" must be a text, not a number; it is not used'),
        ('mirror = "https://m.example"', '"mirror" is written without "https://"; it is not used'),
        ('mirror = ""', '"" is no mirror; write "host" or "host/path"; it is not used'),
        ('mirror = "_"', '"_" is no mirror; write "host" or "host/path"; it is not used'),
        ('mirror = "m.example/UP"', '"m.example/UP" is no mirror; write "host" or "host/path"; it is not used'),
        ("connections = 0", '"connections" must be a whole number from 1 to 16; it is not used'),
        ("connections = 17", '"connections" must be a whole number from 1 to 16; it is not used'),
        ("connections = true", '"connections" must be a whole number from 1 to 16; it is not used'),
        ("connections = 1979-05-27", '"connections" must be a whole number from 1 to 16; it is not used'),
        ("colour = 5", '"colour" is not a setting of a registry; it is not used'),
    ],
)  # fmt: skip
def test_a_wrong_value_about_a_registry(file: File, line: str, reason: str) -> None:
    file.write_certificates()
    read = file.read(f'[registry."a.example"]\n{line}\n{REST}')
    assert file.notices == (f'settings.toml [registry."a.example"]: {reason.format(folder=file.folder)}.',)
    assert read.of("a.example") == RegistryOptions()
    assert read.of("rest.example").insecure


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("[cache\nsize = 5", " line 2", "a bracket is missing"),
        ("platform = linux", " line 2", "the value is none of TOML; texts need quotation marks"),
        ("platform", " line 2", "an equals sign is missing behind the key"),
        ('platform = "x', " line 2", "a text has no end, or a control character in it"),
        ("platform = 1 2", " line 2", "there is something behind the value"),
        ("platform = [", " line 3", "the value is none of TOML; texts need quotation marks"),
        ("pla\x00tform = 1", " line 2", "an equals sign is missing behind the key"),
        ("platform = 1\nplatform = 2", " line 3", "the key is set twice"),
        ('x = """', "", "it has no end"),
        ("x = " + "[" * 3000 + "]" * 1000, "", "a number or nesting is too large"),
        ('\x1b[31m = "canary"', " line 2", "this is not TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_its_line_and_not_used(
    file: File, text: str, place: str, reason: str
) -> None:
    assert file.read(f"# first\n{text}{REST}") == SettingsFile()
    assert file.notices == (f"{file.folder}/settings.toml{place}: {reason}; the file is not used.",)


def test_an_array_of_tables_is_no_registry(file: File) -> None:
    assert file.read('[[registry]]\n"x".insecure = true').registries == {}
    assert file.notices == ('settings.toml: "registry" must be a table, not a list; it is not used.',)


def test_of_two_spellings_of_a_registry_the_first_counts(file: File) -> None:
    text = '[registry."a.example"]\nconnections = 2\n[registry."A.example:443"]\nconnections = 3\ninsecure = true\n'
    assert file.read(text).of("a.example") == RegistryOptions(connections=2, insecure=True)
    assert file.notices == (
        'settings.toml [registry."A.example:443"]: "connections" was set for this registry already; it is not used.',
    )


def test_unreadable_files(file: File) -> None:
    assert file.read(b"# " + b"x" * 2**20) == SettingsFile()
    assert file.notices == (f"{file.folder}/settings.toml is larger than 1 MiB; it is not used.",)
    assert file.read(b"[cache]\nsize = 5\n# \xff") == SettingsFile()
    assert file.notices == (f"{file.folder}/settings.toml line 3: this is not UTF-8; the file is not used.",)


_LINES = st.lists(
    st.text(max_size=30)
    | st.sampled_from(["[cache]", '[registry."a.example"]', "[registry", "[[x]]", '"""', "x = [", "]", "a.b.c = 1"])
    | st.builds(
        "{} = {}".format,
        st.sampled_from(
            ["platform", "size", "ca", "client_cert", "client_key", "mirror", "connections", "insecure", "cache.size"]
        ),
        st.sampled_from(["1", "-1", "1e400", "true", '"x"', '"a\\u0000"', '"/"', "{}", "[]", "07:32:00", "{a = {}}"])
        | st.text(max_size=10).map(lambda text: f'"{text}"'),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(_LINES)
def test_any_lines_are_survived(file: File, lines: list[str]) -> None:
    read = file.read("\n".join(lines))
    assert read.cache_size is None or 0 <= read.cache_size <= 2**40
    for notice in file.notices:
        assert notice.isprintable()
        assert len(notice) < 600
