"""The certificates and the shared node that most tests use. Missing tools fail the run; nothing is skipped for them."""
import pathlib
import shutil
import subprocess
import types

import pytest

import harness
from harness import Node, free_port, router_config, tcp, write_config

TOOLS = ["curl", "openssl", "chromium", "chromedriver", "firefox-esr", "certutil", "prlimit"]


def pytest_sessionstart():
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    missing += [str(path) for path in (harness.BINARY, harness.NODE_JS) if not path.exists()]
    if missing:
        pytest.exit(f"not here: {', '.join(missing)} (./test installs and builds them)", 3)


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **more)


def make_ca(base, name, signer=None):
    """A CA key and certificate; signed by `signer` (a path without suffix) or by itself."""
    path = base / name
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{path}.key")
    extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    if signer is None:
        openssl("req", "-x509", "-new", "-key", f"{path}.key", "-subj", f"/CN=Test {name}", "-days", "30", "-out",
                f"{path}.pem", *extensions)
    else:
        openssl("req", "-new", "-key", f"{path}.key", "-subj", f"/CN=Test {name}", "-out", f"{path}.csr", *extensions)
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", f"{signer}.pem", "-CAkey", f"{signer}.key",
                "-CAcreateserial", "-days", "30", "-copy_extensions", "copyall", "-out", f"{path}.pem")
    return path


def make_leaf(base, name, signer, key_type, names="DNS:localhost,IP:127.0.0.1,IP:::1"):
    path = base / name
    if key_type == "rsa":
        openssl("genrsa", "-out", f"{path}.key", "2048")
    else:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{path}.key")
    openssl("req", "-new", "-key", f"{path}.key", "-subj", "/CN=localhost", "-out", f"{path}.csr", "-addext",
            f"subjectAltName={names}", "-addext", "extendedKeyUsage=serverAuth")
    openssl("x509", "-req", "-in", f"{path}.csr", "-CA", f"{signer}.pem", "-CAkey", f"{signer}.key",
            "-CAcreateserial", "-days", "30", "-copy_extensions", "copyall", "-out", f"{path}.pem")
    return path


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """root -> intermediate -> rsa and ecdsa leafs; *_chain.pem hold leaf and intermediate."""
    base = tmp_path_factory.mktemp("pki")
    root = make_ca(base, "root")
    intermediate = make_ca(base, "intermediate", root)
    for kind in ("rsa", "ecdsa"):
        leaf = make_leaf(base, kind, intermediate, kind)
        chain = pathlib.Path(f"{leaf}.pem").read_text() + pathlib.Path(f"{intermediate}.pem").read_text()
        (base / f"{kind}_chain.pem").write_text(chain)
    return base


EVERYTHING = {"call": True, "register": True, "publish": True, "subscribe": True}
REALMS = [
    {"name": "realm1", "roles": [harness.ALLOW_ALL]},
    {"name": "realm2", "roles": [harness.ALLOW_ALL]},
    {"name": "guarded", "roles": [
        {"name": "anonymous", "permissions": []},
        {"name": "member", "permissions": [
            {"uri": "com.open.", "match": "prefix", "allow": EVERYTHING},
            # Longest prefix: narrower entries take rights away again.
            {"uri": "com.open.readonly.", "match": "prefix", "allow": {"subscribe": True, "call": True}},
            # Wildcard wins over prefix, exact over both.
            {"uri": "com.open..secret", "match": "wildcard", "allow": {}},
            {"uri": "com.open.public.secret", "match": "exact", "allow": EVERYTHING},
        ]}]},
]
TICKETS = {"ticket": {"type": "static", "principals": {
    "joe": {"ticket": "secret!!!", "role": "member"}, "ann": {"ticket": "another!", "role": "member"}}}}


def web_paths():
    websocket = {"type": "websocket"}
    return {
        "/": {"type": "static", "directory": "../web"},
        "ws": websocket,
        "ticket": {"type": "websocket", "auth": TICKETS},
        "both": {"type": "websocket", "auth": {**TICKETS, "anonymous": {"type": "static", "role": "anonymous"}}},
        "hurry": {"type": "websocket", "options": {
            "open_handshake_timeout": 1000, "auto_ping_interval": 1000, "auto_ping_timeout": 1000,
            "close_handshake_timeout": 1000}},
        "small": {"type": "websocket", "options": {"max_message_size": 65536, "max_frame_size": 32768}},
        "picky": {"type": "websocket", "options": {
            "allowed_origins": ["https://good.example", "https://*.friends.example:*"], "allow_null_origin": False}},
        "jsononly": {"type": "websocket", "serializers": ["json"]},
        "old": {"type": "redirect", "url": "https://example.net/new"},
        "value": {"type": "json", "value": {"a": [1, 2.5, "x"], "b": None}},
        "info": {"type": "nodeinfo"},
        "spa": {"type": "static", "directory": "../web", "options": {"default_file": "index.html"}},
        "files": {"type": "static", "directory": "../web/sub", "options": {"enable_directory_listing": True}},
        "deep": {"type": "path", "paths": {
            "/": {"type": "json", "value": "deep root"},
            "er": {"type": "path", "paths": {"ws": websocket, "value": {"type": "json", "value": 42}}}}},
    }


def fill_web(base):
    web = base / "web"
    (web / "sub").mkdir(parents=True)
    (web / ".well-known").mkdir()
    (web / "index.html").write_text("<!doctype html><title>front</title>\n")
    (web / "app.js").write_text("export const x = 1;\n")
    (web / "style.css").write_text("body {}\n")
    (web / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>\n")
    (web / "blob.unknownsuffix").write_bytes(bytes(range(256)))
    (web / "digits.txt").write_text("0123456789")
    (web / "empty.txt").write_text("")
    (web / "with space & ü.txt").write_text("odd name")
    (web / "sub" / "index.html").write_text("sub index\n")
    (web / "sub" / "more.txt").write_text("more\n")
    (web / ".hidden").write_text("hidden")
    (web / ".well-known" / "security.txt").write_text("Contact: mailto:x@example.net\n")
    (base / "outside.txt").write_text("outside secret")
    (web / "link-out").symlink_to(base / "outside.txt")
    (web / "link-in").symlink_to(web / "digits.txt")
    (web / "dir-out").symlink_to(base)
    with open(web / "large.bin", "wb") as large:
        large.truncate(300 * 1024 * 1024)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, pki):
    """One node with every transport that the tests share: .node, .base, .web/.tls/.ecdsa/.plain ports, .unix, .ca."""
    base = tmp_path_factory.mktemp("shared")
    fill_web(base)
    ports = [free_port() for _ in range(4)]
    web, tls, ecdsa, plain = ports
    rsa_tls = {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem")}
    ecdsa_tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa.pem"),
                 "chain_certificates": [str(pki / "intermediate.pem")]}
    secure = {"/": {"type": "static", "directory": "../web"}, "ws": {"type": "websocket"}}
    config = router_config([
        {"type": "web", "endpoint": tcp(web), "paths": web_paths()},
        {"type": "web", "endpoint": tcp(tls, rsa_tls), "paths": secure, "options": {"hsts": True}},
        {"type": "web", "endpoint": tcp(ecdsa, ecdsa_tls), "paths": secure},
        {"type": "websocket", "endpoint": tcp(plain), "url": f"ws://localhost:{plain}/ws"},
        {"type": "websocket", "endpoint": {"type": "unix", "path": "wamp.sock"}},
    ], REALMS)
    cbdir = write_config(base, config)
    node = Node(["--cbdir", cbdir, "--cores", "2"], base, [*ports, cbdir / "wamp.sock"])
    with node:
        yield types.SimpleNamespace(node=node, base=base, cbdir=cbdir, web=web, tls=tls, ecdsa=ecdsa, plain=plain,
                                    unix=cbdir / "wamp.sock", ca=pki / "root.pem", pki=pki)


@pytest.fixture(scope="session")
def default_home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def default_node(tmp_path_factory, default_home):
    """The node of a stranger who configured nothing, in an empty directory."""
    base = tmp_path_factory.mktemp("default")
    port = free_port()
    node = Node(["--port", port], base, [port], env=harness.clean_env(default_home))
    with node:
        yield types.SimpleNamespace(node=node, base=base, port=port, ca=base / ".transom" / "ca" / "root_cert.pem",
                                    home=default_home)
