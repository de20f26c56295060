"""Texts of the files in the demo's layers."""

from __future__ import annotations

import base64
import hashlib
import json

from regbrowse.demo.layout import filling

PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
app:x:1000:1000:shop web application:/srv/webapp:/usr/sbin/nologin
"""
GROUP = """root:x:0:
daemon:x:1:
www-data:x:33:
nogroup:x:65534:
app:x:1000:
"""
README = """This image belongs to the demo of regbrowse.

Its texts are real, its programs are not: they are bytes that fill the space
a program would take, so that the sizes are those of a usual image.
"""
HEALTHCHECK = """#!/usr/bin/env node
const http = require("node:http");

const request = http.get("http://127.0.0.1:8080/healthz", (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
});
request.setTimeout(2000, () => process.exit(1));
request.on("error", () => process.exit(1));
"""
SERVER = """// shop webapp, build BUILD
const http = require("node:http");
const path = require("node:path");
const { readFile } = require("node:fs/promises");
const config = require("./config/default.json");

const PUBLIC = path.join(__dirname, "public");
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };

async function handle(request, response) {
  if (request.url === "/healthz") {
    response.end("ok\\n");
    return;
  }
  const name = request.url === "/" ? "index.html" : path.basename(request.url);
  try {
    const body = await readFile(path.join(PUBLIC, name));
    response.setHeader("Content-Type", TYPES[path.extname(name)] ?? "application/octet-stream");
    response.end(body);
  } catch {
    response.statusCode = 404;
    response.end("not found\\n");
  }
}

const server = http.createServer(handle);
server.listen(config.port, () => console.log(`webapp BUILD listens on ${config.port}`));
process.on("SIGTERM", () => server.close());
"""
INDEX_HTML = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Shop</title>
    <meta name="generator" content="webapp BUILD">
    <link rel="stylesheet" href="styles.css">
    <script type="module" src="app.js"></script>
  </head>
  <body><main id="shop">The shop needs JavaScript.</main></body>
</html>
"""
STYLES = """:root { --ink: #1d2433; --paper: #fbfaf7; --accent: #0b6bcb; }
body { margin: 0 auto; max-width: 60rem; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
.basket { display: grid; grid-template-columns: 1fr auto; gap: 0.5rem 1rem; }
"""
_WORDS_TEXT = (
    "agent array async basket buffer cache canvas catalog chunk client color cookie crypto csv date debounce deep diff"
    " emitter escape event fetch file format glob graph hash header html http image index inflate json key lazy level"
    " list locale lock logger lru match merge mime money native object once ordered parse path pick pipe pool promise"
    " query queue range ready regex retry ring router safe schema search semver session set shape sort split stream"
    " string tar template text throttle time token tree trim tuple type url utf util uuid value vary walk watch wrap"
    " xml yaml zip"
)
_WORDS = _WORDS_TEXT.split()


def _certificate(number: int) -> str:
    body = base64.encodebytes(hashlib.shake_256(f"demo certificate {number}".encode()).digest(810)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


CERTIFICATES = "".join(map(_certificate, range(3)))


def package_name(number: int) -> str:
    """The name of the nth dependency; no two are the same."""
    first, second = divmod(number, len(_WORDS))
    return f"{_WORDS[second]}-{_WORDS[(second * 7 + first * 13 + 5) % len(_WORDS)]}" + (f"-{first}" if first else "")


def package_version(number: int) -> str:
    """The version of the nth dependency."""
    return f"{1 + number % 7}.{number * 5 % 23}.{number * 3 % 11}"


def os_release(kind: str, release: str) -> str:
    """/etc/os-release of Debian 12 or Alpine."""
    if kind == "alpine":
        return f'NAME="Alpine Linux"\nID=alpine\nVERSION_ID={release}\nPRETTY_NAME="Alpine Linux v{release[:4]}"\n'
    return (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
    )


def package_json(build: str) -> str:
    """package.json of the web application; old builds carry the placeholder of their release tool."""
    version = build if build[0].isdigit() else "0.0.0-development"
    return (
        json.dumps(
            {
                "name": "@acme/webapp",
                "version": version,
                "private": True,
                "license": "Apache-2.0",
                "main": "server.js",
                "scripts": {"start": "node server.js", "test": "node --test"},
                "dependencies": {package_name(n): f"^{package_version(n)}" for n in range(18)},
            },
            indent=2,
        )
        + "\n"
    )


def lockfile(build: str, count: int) -> str:
    """package-lock.json with so many dependencies."""
    packages = {
        f"node_modules/{package_name(n)}": {
            "version": package_version(n),
            "resolved": f"https://npm.registry.demo/{package_name(n)}-{package_version(n)}.tgz",
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(f"{build} {n}".encode()).digest()).decode(),
        }
        for n in range(count)
    }
    return json.dumps({"name": "@acme/webapp", "lockfileVersion": 3, "packages": packages}, indent=2) + "\n"


def markup_note() -> str:
    """A text that looks like the markup of terminal libraries."""
    return "[bold red]not bold[/bold red] [/] [link=file:///etc/passwd]no link[/link]\n"


def program(size: int) -> str:
    """What stands for a program in a layer that is compressed: only its first part is as hard to compress as one."""
    return base64.b64encode(filling("program")[:48_000]).decode().ljust(size, "\0")
