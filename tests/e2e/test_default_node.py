"""What a stranger gets who configured nothing."""
import os
import pathlib
import re
import socket
import stat
import subprocess

import pytest

import harness
from conftest import openssl
from harness import Node, clean_env, free_port, has_ipv6_loopback, transom, wait_for, write_config
from rawws import Wamp, http, trusting, upgrade_lines
from test_http import fetch


def curl(node, *arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_files(default_node):
    directory = default_node.base / ".transom"
    assert default_node.ca.is_file()
    assert (directory / ".gitignore").is_file() and (directory / ".gitignore").read_text().strip().startswith("*")
    assert stat.S_IMODE(directory.stat().st_mode) & 0o077 == 0
    keys = [path for path in directory.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert keys, "the server key lies somewhere"
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    sockets = [path for path in directory.rglob("*") if path.is_socket()]
    assert sockets and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in sockets)


def test_the_root_s_key_is_nowhere(default_node):
    root = openssl("x509", "-in", default_node.ca, "-noout", "-pubkey").stdout
    for path in (default_node.base / ".transom").rglob("*"):
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            assert openssl("pkey", "-in", path, "-pubout").stdout != root, path


def test_the_root_is_constrained(default_node):
    text = openssl("x509", "-in", default_node.ca, "-noout", "-text").stdout.decode()
    constraints = re.search(r"X509v3 Name Constraints: critical\s+Permitted:(.*?)\n\s+(?:X509v3|Signature)", text, re.S)
    assert constraints and "DNS:localhost" in constraints.group(1) and "IP:127" in constraints.group(1)
    assert "TLS Web Server Authentication" in text and "TLS Web Client Authentication" not in text
    assert re.search(r"Basic Constraints: critical\s+CA:TRUE", text)


def test_the_server_certificate(default_node, tmp_path):
    out = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{default_node.port}", "-CAfile", default_node.ca,
                          "-verify_return_error", "-showcerts"], input="", capture_output=True, text=True, timeout=20, check=True).stdout
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(out[out.index("-----BEGIN"):out.index("-----END CERTIFICATE-----") + 25] + "\n")
    text = openssl("x509", "-in", leaf, "-noout", "-text", "-ext", "subjectAltName").stdout.decode()
    for name in ("DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"):
        assert name in text
    assert openssl("x509", "-in", leaf, "-noout", "-checkend", 80 * 86400).returncode == 0
    assert subprocess.run(["openssl", "x509", "-in", leaf, "-noout", "-checkend", str(91 * 86400)], capture_output=True,
                          check=False).returncode == 1, "90 days, not more"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_curl(default_node, host):
    if host == "[::1]" and not has_ipv6_loopback():
        pytest.skip("no IPv6 loopback here")
    url = f"https://{host}:{default_node.port}/"
    good = curl(default_node, "--cacert", default_node.ca, url)
    assert good.returncode == 0 and "<html" in good.stdout.lower()
    assert curl(default_node, url).returncode == 60, "not trusted without its CA"


def test_the_page_loads_nothing_from_elsewhere(default_node):
    status, fields, body = fetch(f"https://localhost:{default_node.port}/", "--cacert", default_node.ca)
    assert status == 200
    text = body.decode()
    for link in re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']+)""", text) + re.findall(r"url\(([^)]+)\)|@import\s+(\S+)", text):
        link = link if isinstance(link, str) else "".join(link)
        assert not re.match(r"(?i)(https?:)?//", link.strip("'\"")), f"the page loads {link}"


def test_only_loopback_is_listened_on(default_node):
    listening = subprocess.run(["ss", "-Hltn", f"sport = :{default_node.port}"], capture_output=True, text=True, check=True).stdout
    addresses = {line.split()[3].rsplit(":", 1)[0] for line in listening.splitlines()}
    assert addresses and addresses <= {"127.0.0.1", "[::1]"}
    assert "127.0.0.1" in addresses and (not has_ipv6_loopback() or "[::1]" in addresses)


@pytest.mark.parametrize("host,wanted", [
    ("localhost:{port}", 200), ("127.0.0.1:{port}", 200), ("[::1]:{port}", 200), ("localhost", 200), ("LOCALHOST:{port}", 200),
    ("evil.example:{port}", 421), ("evil.example", 421), ("localhost.evil.example", 421), ("10.0.0.1:{port}", 421),
    ("127.0.0.1.evil.example", 421), ("0.0.0.0:{port}", 421), ("[::]:{port}", 421),
])
def test_dns_rebinding(default_node, host, wanted):
    request = f"GET / HTTP/1.1\r\nHost: {host.format(port=default_node.port)}\r\nConnection: close\r\n\r\n"
    assert http(default_node.port, request, trusting(default_node.ca))[0] == wanted


@pytest.mark.parametrize("origin,wanted", [
    (None, 101), ("https://localhost:{port}", 101), ("http://localhost:3000", 101), ("http://127.0.0.1:5173", 101),
    ("https://[::1]:{port}", 101), ("https://evil.example", 403), ("null", 403), ("https://localhost.evil.example", 403),
    ("file://", 403), ("https://10.0.0.1", 403), ("", 403),
])
def test_origin(default_node, origin, wanted):
    before = len(default_node.node.log())
    line, fields = upgrade_lines(host=f"localhost:{default_node.port}")
    if origin is not None:
        fields["Origin"] = origin.format(port=default_node.port)
    request = "\r\n".join([line, *(f"{k}: {v}" for k, v in fields.items()), "", ""])
    assert http(default_node.port, request, trusting(default_node.ca), close=False)[0] == wanted
    if wanted == 403:
        default_node.node.wait_log("allowed_origins", since=before)


def test_host_is_checked_on_upgrades_too(default_node):
    line, fields = upgrade_lines(host="evil.example")
    request = "\r\n".join([line, *(f"{k}: {v}" for k, v in fields.items()), "", ""])
    assert http(default_node.port, request, trusting(default_node.ca), close=False)[0] == 421


def test_realm1_is_open(default_node):
    with Wamp(default_node.port, tls=trusting(default_node.ca)).join() as peer:
        peer.subscribe("com.example.topic")
        peer.publish("com.example.topic", 1, options={"exclude_me": False})
        assert peer.recv_until(36)[4] == [1]


def test_the_banner_tells_what_works(default_node):
    """Every command of the banner is run; paths are absolute; the fingerprint is the certificate's."""
    log = default_node.node.wait_log(r"(?s).*") and default_node.node.log()
    assert f"https://localhost:{default_node.port}/" in log
    fingerprint = openssl("x509", "-in", default_node.ca, "-noout", "-fingerprint", "-sha256").stdout.decode().split("=")[1].strip()
    assert fingerprint.lower().replace(":", "") in log.lower().replace(":", "")
    line = re.search(r"curl --cacert \S+ \S+", log)
    assert line and str(default_node.ca) in line.group()
    assert subprocess.run(line.group(), shell=True, cwd="/", capture_output=True, check=False).returncode == 0
    assert "ca trust" in log
    named = re.search(r"NODE_EXTRA_CA_CERTS=(\S+)", log)
    assert named is None or pathlib.Path(named.group(1).strip("'\"")).samefile(default_node.ca)


# The CA cannot be used for anything else ---------------------------------------------------------------------------

@pytest.fixture(scope="module")
def stolen(default_node, tmp_path_factory):
    """What a thief of the node directory can sign: a leaf for example.com, and one for localhost to show that he can."""
    base = tmp_path_factory.mktemp("stolen")
    directory = default_node.base / ".transom"
    certificates = [path for path in directory.rglob("*.pem") if b"BEGIN CERTIFICATE" in path.read_bytes()]
    keys = {openssl("pkey", "-in", path, "-pubout").stdout: path for path in directory.rglob("*")
            if path.is_file() and b"PRIVATE KEY" in path.read_bytes()}
    signer = next((certificate, keys[public]) for certificate in certificates
                  if (public := openssl("x509", "-in", certificate, "-noout", "-pubkey").stdout) in keys
                  and b"CA:TRUE" in openssl("x509", "-in", certificate, "-noout", "-text").stdout)
    openssl("x509", "-in", signer[0], "-out", base / "signer.pem")
    made = {}
    for name in ("localhost", "example.com"):
        key, request, leaf = (base / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", "/O=thief", "-out", request, "-addext", f"subjectAltName=DNS:{name}",
                "-addext", "extendedKeyUsage=serverAuth", "-addext", "basicConstraints=critical,CA:FALSE")
        openssl("x509", "-req", "-in", request, "-CA", base / "signer.pem", "-CAkey", signer[1], "-set_serial", "4711", "-days", "30",
                "-copy_extensions", "copyall", "-out", leaf)
        made[name] = (leaf, key)
    return base / "signer.pem", made


class Impostor:
    """openssl s_server with a stolen leaf."""

    def __init__(self, stolen, name):
        signer, made = stolen
        leaf, key = made[name]
        self.port = free_port()
        self.process = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", leaf, "-key", key,
                                         "-cert_chain", signer, "-www", "-quiet"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: harness.accepts(self.port), "openssl s_server")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("name,good", [("localhost", True), ("example.com", False)])
def test_openssl_and_curl_refuse_other_names(default_node, stolen, name, good):
    signer, made = stolen
    verified = subprocess.run(["openssl", "verify", "-CAfile", default_node.ca, "-untrusted", signer, made[name][0]],
                              capture_output=True, text=True, check=False)
    assert (verified.returncode == 0) == good, verified.stdout + verified.stderr
    if not good:
        assert "permitted subtree violation" in verified.stdout + verified.stderr
    with Impostor(stolen, name) as impostor:
        done = curl(default_node, "--cacert", default_node.ca, "--resolve", f"{name}:{impostor.port}:127.0.0.1",
                    f"https://{name}:{impostor.port}/")
        assert done.returncode == (0 if good else 60), done.stderr


# Starting ------------------------------------------------------------------------------------------------------------

def test_a_second_start_keeps_ca_and_certificate(tmp_path):
    port = free_port()
    with Node(["--port", port], tmp_path, [port]):
        first = (tmp_path / ".transom" / "ca" / "root_cert.pem").read_bytes()
    with Node(["--port", port], tmp_path, [port]):
        assert (tmp_path / ".transom" / "ca" / "root_cert.pem").read_bytes() == first
        assert curl(None, "--cacert", tmp_path / ".transom/ca/root_cert.pem", f"https://localhost:{port}/").returncode == 0


def test_a_busy_port_is_named_with_its_holder(tmp_path, default_node):
    done = transom("start", "--port", default_node.port, cwd=tmp_path)
    out = done.stdout + done.stderr
    assert done.returncode == 1 and str(default_node.port) in out and "in use" in out
    assert str(default_node.node.pid) in out or "transom" in out.lower()


@pytest.mark.parametrize("way", ["--cbdir", "--config", "$CROSSBAR_DIR", ".crossbar"])
def test_a_named_place_without_a_config_is_an_error(tmp_path, way):
    """Never an open node where somebody meant a configured one."""
    arguments, env = ["start", "--port", str(free_port())], clean_env()
    if way == "--cbdir":
        (tmp_path / "empty").mkdir()
        arguments += ["--cbdir", str(tmp_path / "empty")]
    elif way == "--config":
        arguments += ["--config", str(tmp_path / "missing.json")]
    elif way == "$CROSSBAR_DIR":
        env["CROSSBAR_DIR"] = str(tmp_path)
    else:
        (tmp_path / ".crossbar").mkdir()
    done = transom(*arguments, cwd=tmp_path, env=env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (tmp_path / ".transom").exists()


def test_a_config_in_the_current_directory_is_found(tmp_path):
    """./.crossbar is looked for as Crossbar does; no default node then."""
    port = free_port()
    write_config(tmp_path, harness.router_config([{"type": "websocket", "endpoint": harness.tcp(port)}]))
    with Node([], tmp_path, [port]):
        with Wamp(port).join() as peer:
            peer.sync()
    assert not (tmp_path / ".transom").exists()


def test_an_unwritable_directory_is_said(tmp_path):
    if os.geteuid() == 0:
        (tmp_path / ".transom").write_text("a file where the directory should be")
    else:
        tmp_path.chmod(0o500)
    done = transom("start", "--port", free_port(), cwd=tmp_path)
    assert done.returncode == 1 and ".transom" in done.stdout + done.stderr


def test_ipv6_port_taken_alone_is_noticed(tmp_path):
    """The port must be free on both loopbacks, or the browser meets a stranger on one of them."""
    if not has_ipv6_loopback():
        pytest.skip("no IPv6 loopback here")
    with socket.socket(socket.AF_INET6) as taken:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(("::1", 0))
        taken.listen()
        done = transom("start", "--port", taken.getsockname()[1], cwd=tmp_path)
        assert done.returncode == 1 and "in use" in done.stdout + done.stderr
