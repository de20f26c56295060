"""Our settings file: what each line does, and that a wrong one is named by its number and costs nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from real.certificates import authority
from regbrowse.settings import preferences
from regbrowse.settings.preferences import Preferences, Wishes, read_preferences
from regbrowse.settings.reading import Notices

SIGNER = authority()
REST = '\n[registry."rest.example"]\ninsecure = true\n'


class File:
    """A settings file in a folder of its own, with certificates beside it and at home."""

    def __init__(self, root: Path) -> None:
        self.home, self.folder = root / "home", root / "config"
        self.notices: tuple[str, ...] = ()

    def read(self, text: str | bytes) -> Preferences:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / "settings.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        notices = Notices()
        read = read_preferences(path, self.home, notices)
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
    assert read_preferences(tmp_path / "settings.toml", tmp_path, notices) == Preferences()
    assert notices.all == ()


def test_the_documented_example_means_what_it_says(file: File) -> None:
    file.write_certificates()
    (file.folder / "ca.pem").write_bytes((file.folder / "me.pem").read_bytes())
    # The source, because Python 3.13 takes the indentation out of what `__doc__` holds.
    source = Path(preferences.__file__).read_text(encoding="utf-8")
    example = re.search(r"\n\n((?:    .*\n)+)", source[: source.index('"""', 3)])
    assert example is not None
    read = file.read(re.sub(r"^    ", "", example[1], flags=re.MULTILINE))
    assert file.notices == ()
    wishes = Wishes(
        plain_http=True,
        insecure=True,
        ca=file.folder / "ca.pem",
        client_cert=file.folder / "me.pem",
        client_key=file.folder / "me.key",
        mirror="mirror.example.com/hub",
        connections=4,
    )
    assert read == Preferences("settings.toml", "linux/arm64", 256 * 2**20, {"registry.example.com:5000": wishes})


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
    assert file.read(f'platform = "{platform}"').platform == platform.strip()


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
    assert file.read(f'[registry."{name}"]\nplain_http = true').registries == {key: Wishes(plain_http=True)}


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
        assert file.read(f'[registry."a.example"]\nca = \'{written}\'').of("a.example").ca == path
    assert file.notices == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("theme = 5", 'there is no setting "theme"; the line is not used'),
        ("cache = 5", 'there is no setting "cache"; the line is not used'),
        ("platform = 5", '"platform" must be a text, not a number; the line is not used'),
        ('platform = "arm"', '"arm" is not a platform; write for example "linux/arm64"; the line is not used'),
        ("cache.other = 5", '"other" is not a setting of the cache; the line is not used'),
        ("cache.size = true", '"size" must be a text or a whole number, not true or false; the line is not used'),
        ("cache.size = 1.5", '"size" must be a text or a whole number, not a number; the line is not used'),
        ('cache.size = "big"', '"big" is not a size; write for example "256 MiB"; the line is not used'),
        ('cache.size = "5 XB"', '"5 XB" is not a size; write for example "256 MiB"; the line is not used'),
        ("cache.size = -1", "the size must be from 0 to 1 TiB; the line is not used"),
        ('cache.size = "2 TiB"', "the size must be from 0 to 1 TiB; the line is not used"),
        ("registry.x = 5", 'settings of a registry stand below [registry."HOST"]; the line is not used'),
        ("registry.ghcr.io.insecure = true",
         'a name with dots needs quotation marks, as in [registry."ghcr.io"]; nothing in it is used'),
        ("[registry.ghcr.io]\ninsecure = true",
         'a name with dots needs quotation marks, as in [registry."ghcr.io"]; nothing in it is used'),
        ('[registry."https://x"]\ninsecure = true',
         '"https://x" is no registry; write its host and perhaps its port; nothing in it is used'),
        ("[theme]\nname = 1\nother = 2", "there is no table [theme]; nothing in it is used"),
        ("theme = {name = 1, other = 2}", "there is no table [theme]; nothing in it is used"),
        ("[cache.deep]\nsize = 5", "there is no table [cache.deep]; nothing in it is used"),
        ('[[registry]]\n"x".insecure = true', "tables are written in single brackets; nothing below it is used"),
        ("[cache\nsize = 5", "a bracket is missing; nothing below it is used"),
        ("platform = linux", "the value is none of TOML; texts need quotation marks"),
        ("platform", "an equals sign is missing behind the key"),
        ('platform = "x', "a text has no end, or a control character in it"),
        ("platform = 1 2", "there is something behind the value"),
        ("platform = [", "the value is none of TOML; texts need quotation marks"),
        ("pla\x00tform = 1", "an equals sign is missing behind the key"),
        ("x = '" + "a" * 5000 + "'", "the line has more than 4,096 characters"),
        ("x = " + "[" * 3000 + "]" * 1000, "a number or nesting is too large"),
        ('\x1b[31m = "canary"', "this is not TOML"),
        ('"\\u001b[31m" = 5', 'there is no setting "\\x1b[31m"; the line is not used'),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_and_the_rest_is_used(file: File, line: str, reason: str) -> None:
    read = file.read(f"# first\n{line}{REST}")
    assert file.notices == (f"settings.toml line 2: {reason}.",)
    assert read == Preferences("settings.toml", registries={"rest.example": Wishes(insecure=True)})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('plain_http = "yes"', '"plain_http" must be true or false, not a text; the line is not used'),
        ("insecure = 1", '"insecure" must be true or false, not a number; the line is not used'),
        ("ca = 5", '"ca" must be the name of a file; the line is not used'),
        ('ca = ""', '"ca" must be the name of a file; the line is not used'),
        ('ca = "a\\u0000b"', '"ca" must be the name of a file; the line is not used'),
        ('ca = "gone.pem"', "{folder}/gone.pem does not exist; the line is not used"),
        ('ca = "me.key"', "{folder}/me.key holds no certificate in PEM form; the line is not used"),
        ('ca = "."', "{folder} is not a file; the line is not used"),
        ("client_key = []", '"client_key" must be the name of a file; the line is not used'),
        ('client_cert = "me.pem"', '"client_cert" without "client_key"; not using a client certificate'),
        ('client_key = "me.key"', '"client_key" without "client_cert"; not using a client certificate'),
        ('client_cert = "me.pem"\nclient_key = "gone.key"',
         "{folder}/gone.key does not exist; not using a client certificate"),
        ('client_cert = "me.key"\nclient_key = "me.key"',
         "{folder}/me.key are no PEM certificate and its key without a password; not using a client certificate"),
        ("mirror = 5", '"mirror" must be a text, not a number; the line is not used'),
        ('mirror = "https://m.example"', '"mirror" is written without "https://"; the line is not used'),
        ('mirror = "_"', '"_" is no mirror; write "host" or "host/path"; the line is not used'),
        ('mirror = "m.example/UP"', '"m.example/UP" is no mirror; write "host" or "host/path"; the line is not used'),
        ("connections = 0", '"connections" must be a whole number from 1 to 16; the line is not used'),
        ("connections = 17", '"connections" must be a whole number from 1 to 16; the line is not used'),
        ("connections = true", '"connections" must be a whole number from 1 to 16; the line is not used'),
        ("connections = 1979-05-27", '"connections" must be a whole number from 1 to 16; the line is not used'),
        ("colour = 5", '"colour" is not a setting of a registry; the line is not used'),
    ],
)  # fmt: skip
def test_a_wrong_line_about_a_registry(file: File, line: str, reason: str) -> None:
    file.write_certificates()
    read = file.read(f'[registry."a.example"]\n{line}\n{REST}')
    assert file.notices == (f"settings.toml line 2: {reason.format(folder=file.folder)}.",)
    assert read.of("a.example") == Wishes()
    assert read.of("rest.example").insecure


def test_what_stands_below_a_broken_heading_belongs_to_nobody(file: File) -> None:
    read = file.read(f'[registry."a.example"]\nconnections = 2\n[registry."b.example"\ninsecure = true{REST}')
    assert read.registries == {"a.example": Wishes(connections=2), "rest.example": Wishes(insecure=True)}


def test_the_first_of_two_counts(file: File) -> None:
    text = '[registry."a.example"]\nconnections = 2\n[registry."A.example:443"]\nconnections = 3\n'
    assert file.read(text).of("a.example").connections == 2
    assert file.notices == ('settings.toml line 4: "connections" was set in line 2 already; the line is not used.',)


def test_statements_of_several_lines(file: File) -> None:
    read = file.read('x = [\n 1,\n # [cache]\n]\nplatform = """\nlinux/arm64"""\ny = """\n[cache]\nsize = 5\n"""\n')
    assert (read.platform, read.cache_size) == ("linux/arm64", None)
    assert [notice[:21] for notice in file.notices] == ["settings.toml line 1:", "settings.toml line 7:"]


def test_a_text_without_end_costs_its_line(file: File) -> None:
    read = file.read('x = """\n[cache]\nsize = 5\n')
    assert read.cache_size == 5
    assert file.notices == ("settings.toml line 1: it has no end.",)


def test_after_many_broken_lines_the_file_is_left_alone(file: File) -> None:
    read = file.read("broken\n" * 30 + "[cache]\nsize = 5\n")
    assert read.cache_size is None
    assert len(file.notices) == 21
    assert file.notices[-1] == (
        "settings.toml line 20: this is the 20th line that cannot be read; the rest of the file is not used."
    )


def test_there_is_an_end_to_registries(file: File) -> None:
    text = "".join(f'registry."r{number}.example".insecure = true\n' for number in range(1001))
    assert len(file.read(text).registries) == 1000
    assert file.notices == ("settings.toml line 1001: there are too many registries; nothing in it is used.",)


def test_unreadable_files(file: File) -> None:
    assert file.read(b"# " + b"x" * 2**20) == Preferences()
    assert file.notices == (f"{file.folder}/settings.toml is larger than 1 MiB; it is not used.",)
    assert file.read(b"[cache]\nsize = 5\n# \xff") == Preferences()
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
