"""HSTS, and the redirect from plain HTTP to TLS, with real names."""
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from conftest import make_leaf
from harness import Node, free_port, router_config, tcp, wait_for, write_config

NAME = "www.example.test"
# An address of loopback for this file alone, so that its port 443 is free.
ADDRESS = "127.0.44.3"


@pytest.fixture(scope="module")
def named(pki):
    """Certificates for NAME and *.other.test, and for moved.test."""
    make_leaf(pki, "named", pki / "intermediate", "ecdsa", f"DNS:{NAME},DNS:*.other.test,DNS:localhost,IP:127.0.0.1,IP:{ADDRESS}")
    make_leaf(pki, "moved", pki / "intermediate", "ecdsa", "DNS:moved.test")
    for name in ("named", "moved"):
        (pki / f"{name}_chain.pem").write_text((pki / f"{name}.pem").read_text() + (pki / "intermediate.pem").read_text())
    return pki


def pair(pki):
    return {"key": str(pki / "named.key"), "certificate": str(pki / "named_chain.pem")}


def web(endpoint, **more):
    return {"type": "web", "endpoint": endpoint, "paths": {"/": {"type": "json", "value": "page"}, "ws": {"type": "websocket"}},
            **more}


def curl(pki, url, *arguments, connect=None):
    """Status, header fields (lower case) and body; `connect` is where every name leads to."""
    command = ["curl", "-sS", "-i", "--max-time", "10", "--cacert", str(pki / "root.pem"), *arguments, url]
    if connect:
        command[1:1] = ["--connect-to", f"::{connect[0]}:{connect[1]}"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    return int(lines[0].split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}, body


def hsts(pki, url, **more):
    return curl(pki, url, **more)[1].get("strict-transport-security")


def upgrade_head(pki, address, name):
    """The head of the answer to a WebSocket handshake over TLS."""
    context = ssl.create_default_context(cafile=str(pki / "root.pem"))
    with context.wrap_socket(socket.create_connection(address, timeout=10), server_hostname=name) as stream:
        stream.sendall((f"GET /ws HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = stream.recv(4096)
            assert piece, head
            head += piece
        return head.decode()


def needs_port_443():
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((ADDRESS, 443))
    except OSError as problem:
        pytest.skip(f"port 443 of {ADDRESS} cannot be had: {problem.strerror}; run as root")


@pytest.mark.parametrize("options,expected", [({}, "max-age=63072000"), ({"hsts_max_age": 300}, "max-age=300"),
                                              ({"hsts": False}, None)], ids=["default", "max_age", "off"])
def test_hsts_on_port_443(tmp_path, named, options, expected):
    needs_port_443()
    endpoint = {**tcp(443, pair(named)), "interface": ADDRESS}
    cbdir = write_config(tmp_path, router_config([web(endpoint, options=options)]))
    at = {"connect": (ADDRESS, 443)}
    with Node(["--cbdir", cbdir], tmp_path, [(ADDRESS, 443)]):
        assert hsts(named, f"https://{NAME}/", **at) == expected
        assert hsts(named, f"https://{NAME}/missing", **at) == expected, "errors say it too"
        head = upgrade_head(named, (ADDRESS, 443), NAME)
        assert head.startswith("HTTP/1.1 101 ")
        assert (f"Strict-Transport-Security: {expected}\r\n" in head) == bool(expected)
        assert hsts(named, "https://localhost/", **at) is None
        assert hsts(named, f"https://{ADDRESS}/", **at) is None


def test_hsts_elsewhere_has_to_be_asked_for(tmp_path, named):
    default, asked, plain = free_port(), free_port(), free_port()
    cbdir = write_config(tmp_path, router_config([
        web(tcp(default, pair(named))), web(tcp(asked, pair(named)), options={"hsts": True}),
        web(tcp(plain), options={"hsts": True})]))
    with Node(["--cbdir", cbdir], tmp_path, [default, asked, plain]):
        assert hsts(named, f"https://{NAME}:{default}/", connect=("127.0.0.1", default)) is None
        assert hsts(named, f"https://{NAME}:{asked}/", connect=("127.0.0.1", asked)) == "max-age=63072000"
        assert hsts(named, f"http://{NAME}:{plain}/", connect=("127.0.0.1", plain)) is None


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory, named):
    base = tmp_path_factory.mktemp("redirect")
    challenge = base / "acme" / ".well-known" / "acme-challenge"
    challenge.mkdir(parents=True)
    (challenge / "token").write_text("token.thumbprint")
    (base / "acme" / "index.html").write_text("never shown")
    plain, secure = free_port(), free_port()
    for suffix in ("key", "pem"):
        shutil.copy(named / ("named.key" if suffix == "key" else "named_chain.pem"), base / f"served.{suffix}")
    cbdir = write_config(base, router_config([
        {"type": "web", "endpoint": tcp(plain), "redirect": "https", "redirect_hosts": ["alias.test"],
         "paths": {"/": {"type": "static", "directory": "../acme"}}},
        web(tcp(secure, {"key": str(base / "served.key"), "certificate": str(base / "served.pem")}))]))
    with Node(["--cbdir", cbdir], base, [plain, secure]) as node:
        yield base, node, plain, secure


def test_redirect_leads_to_the_same_address_over_tls(named, redirecting):
    _, _, plain, secure = redirecting

    def ask(url, *arguments):
        return curl(named, url, *arguments, connect=("127.0.0.1", plain))

    status, fields, _ = ask(f"http://{NAME}/a%20b?x=1")
    assert (status, fields["location"]) == (308, f"https://{NAME}:{secure}/a%20b?x=1")
    assert "strict-transport-security" not in fields
    assert ask(f"http://{NAME}:{plain}/")[1]["location"] == f"https://{NAME}:{secure}/"
    assert ask("http://sub.other.test/")[1]["location"] == f"https://sub.other.test:{secure}/"
    assert ask("http://alias.test/")[1]["location"] == f"https://alias.test:{secure}/"
    assert ask(f"http://127.0.0.1:{plain}/")[1]["location"] == f"https://127.0.0.1:{secure}/"
    assert ask(f"http://{NAME}/form", "-d", "a=1")[0] == 308
    done = subprocess.run(["curl", "-sS", "-L", "--cacert", str(named / "root.pem"), "--resolve", f"{NAME}:{plain}:127.0.0.1",
                           "--resolve", f"{NAME}:{secure}:127.0.0.1", f"http://{NAME}:{plain}/"], capture_output=True, text=True,
                          check=True)
    assert done.stdout == '"page"'


def test_redirect_of_a_websocket_is_a_clear_refusal(named, redirecting):
    _, _, plain, secure = redirecting
    status, fields, _ = curl(named, f"http://{NAME}/ws", "-H", "Upgrade: websocket", "-H", "Connection: Upgrade", "-H",
                             "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                             connect=("127.0.0.1", plain))
    assert (status, fields["location"]) == (308, f"https://{NAME}:{secure}/ws")


def test_redirect_leads_nowhere_else(named, redirecting):
    _, node, plain, _ = redirecting
    for host in ("evil.example", "a.b.other.test", "other.test", f"{NAME}.evil.example"):
        since = len(node.log())
        status, fields, body = curl(named, f"http://{host}/", connect=("127.0.0.1", plain))
        assert status == 421 and "location" not in fields and "does not answer for the host" in body
        node.wait_log(f"421 no redirect: Host '{host}'", since=since)
        assert node.log()[since:].count("\n") == 1


def test_redirect_lets_certification_authorities_pass(named, redirecting):
    _, _, plain, _ = redirecting
    at = {"connect": ("127.0.0.1", plain)}
    status, _, body = curl(named, f"http://{NAME}/.well-known/acme-challenge/token", **at)
    assert (status, body) == (200, "token.thumbprint")
    assert curl(named, f"http://{NAME}/.well-known/acme-challenge/none", **at)[0] == 404
    assert curl(named, f"http://{NAME}/index.html", **at)[0] == 308


def test_redirect_follows_the_certificates(named, redirecting):
    base, node, plain, secure = redirecting

    def location(host):
        return curl(named, f"http://{host}/", connect=("127.0.0.1", plain))[1].get("location")

    assert location("moved.test") is None
    shutil.copy(named / "moved.key", base / "served.key")
    shutil.copy(named / "moved_chain.pem", base / "served.pem")
    os.kill(node.pid, signal.SIGHUP)
    wait_for(lambda: location("moved.test") == f"https://moved.test:{secure}/", "the redirect to the new name")
    assert location(NAME) is None


def test_redirect_without_a_tls_transport_is_an_error(tmp_path):
    cbdir = write_config(tmp_path, router_config([{"type": "web", "endpoint": tcp(free_port()), "redirect": "https"}]))
    node = Node(["--cbdir", cbdir], tmp_path, [])
    node.may_fail = True
    with node:
        assert node.process.wait(10) == 1
    assert "no web transport with \"tls\" to redirect to" in node.log()
