"""TLS as openssl and curl see it."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

import harness
from harness import Node, free_port, router_config, tcp, write_config
from rawws import Wamp, connect, trusting


def s_client(port, *arguments, text=""):
    done = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{port}", "-servername", "localhost", *map(str, arguments)],
                          capture_output=True, text=True, input=text, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["tls", "ecdsa"])
@pytest.mark.parametrize("version,name", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_good_versions(shared, kind, version, name):
    code, out = s_client(getattr(shared, kind), version, "-CAfile", shared.ca, "-verify_return_error", "-verify_hostname", "localhost")
    assert code == 0 and "Verify return code: 0 (ok)" in out
    assert re.search(rf"(Protocol\s*:\s*|New, ){name}", out), out
    assert "Compression: NONE" in out
    if name == "TLSv1.2":
        assert "ECDHE" in out and "Secure Renegotiation IS supported" in out


@pytest.mark.parametrize("version", ["-tls1_1", "-tls1"])
def test_old_versions_are_refused(shared, version):
    code, out = s_client(shared.tls, version, "-cipher", "DEFAULT:@SECLEVEL=0")
    assert code != 0 and "Cipher is (NONE)" in out
    assert re.search("alert protocol version|unsupported protocol", out), "refused by the server, not by this client"


@pytest.mark.parametrize("kind", ["tls", "ecdsa"])
def test_the_whole_chain_is_sent(shared, kind):
    """From one file (`certificate`) and from two (`chain_certificates`); the root stays out."""
    _, out = s_client(getattr(shared, kind), "-showcerts")
    assert out.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256",
                                    "AES128-GCM-SHA256", "NULL", "ADH", "3DES", "RC4"])
def test_weak_suites_are_refused(shared, cipher):
    code, out = s_client(shared.tls, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert code != 0 or "Cipher is (NONE)" in out


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"])
def test_modern_suites(shared, cipher):
    code, out = s_client(shared.tls, "-tls1_2", "-cipher", cipher)
    assert code == 0 and f"Cipher is {cipher}" in out


@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
def test_groups(shared, group):
    assert s_client(shared.tls, "-tls1_3", "-groups", group)[0] == 0


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_resumption(shared, version, tmp_path):
    ticket = tmp_path / "session"
    # A request makes TLS 1.3 read the ticket that follows the handshake.
    request = "GET /digits.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    s_client(shared.tls, version, "-sess_out", ticket, "-ign_eof", text=request)
    _, out = s_client(shared.tls, version, "-sess_in", ticket, "-ign_eof", text=request)
    assert "Reused, TLS" in out


def test_no_renegotiation(shared):
    _, out = s_client(shared.tls, "-tls1_2", text="R\n")
    assert re.search("no renegotiation|handshake failure|unexpected message|ssl handshake failure", out, re.I), out[-600:]
    with Wamp(shared.tls, tls=trusting(shared.ca)).join() as peer:
        peer.sync()


def test_http_on_the_tls_port_gets_no_secrets(shared):
    with connect(shared.tls) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            data = sock.recv(65536)
        except ConnectionError:
            data = b""
        assert b"front" not in data


def test_garbage_and_half_handshakes_hurt_nobody(shared):
    for octets in (b"\x16\x03\x01\xff\xff" + b"x" * 70000, b"\0" * 1000, b"\x16\x03\x01\x00\x05\x01\0\0\x01\0", b"\x80\x2e\x01"):
        with connect(shared.tls) as sock:
            try:
                sock.sendall(octets)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except ConnectionError:
                pass
    with Wamp(shared.tls, tls=trusting(shared.ca)).join() as peer:
        peer.sync()


# Configurations that people bring ------------------------------------------------------------------------------------

def start_with(tmp_path, tls, log=None):
    port = free_port()
    cbdir = write_config(tmp_path, router_config([
        {"type": "web", "endpoint": tcp(port, tls), "paths": {"/": {"type": "json", "value": 1}, "ws": {"type": "websocket"}}}]))
    return port, Node(["--cbdir", cbdir], tmp_path, [port])


NOTE_CIPHERS = ("ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:"
                "ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA")


def test_the_note_s_dictionary(tmp_path, pki):
    """Key, certificate, a 1024-bit DH file and the six ciphers of 2014: starts, warns of the DH file, is safe."""
    dh = tmp_path / "dhparam.pem"
    subprocess.run(["openssl", "dhparam", "-dsaparam", "-out", dh, "1024"], check=True, capture_output=True)
    port, node = start_with(tmp_path, {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem"), "dhparam": str(dh),
                                       "ciphers": NOTE_CIPHERS})
    with node:
        assert re.search(r"(?i)warn.*dhparam|dhparam.*1024", node.log())
        assert s_client(port, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[0] == 0
        assert s_client(port, "-tls1_3")[0] == 0
        code, out = s_client(port, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256")
        assert code != 0 or "1024 bits" not in out


def test_a_good_dh_file_brings_dhe(tmp_path, pki):
    dh = tmp_path / "dhparam.pem"
    subprocess.run(["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", dh], check=True,
                   capture_output=True)
    port, node = start_with(tmp_path, {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem"), "dhparam": str(dh),
                                       "ciphers": "DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"})
    with node:
        code, out = s_client(port, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256")
        assert code == 0 and re.search("Server Temp Key: DH, 2048 bits", out)


def test_unavailable_cipher_names_are_skipped_with_a_warning(tmp_path, pki):
    port, node = start_with(tmp_path, {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem"),
                                       "ciphers": "NOT-A-CIPHER:ECDHE-RSA-AES256-GCM-SHA384"})
    with node:
        assert "NOT-A-CIPHER" in node.log()
        assert s_client(port, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384")[0] == 0
        assert s_client(port, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[0] != 0


@pytest.mark.parametrize("change,words", [
    ({"ciphers": "NOT-A-CIPHER"}, "ciphers"),
    ({"key": "missing.pem"}, "missing.pem"),
    ({"certificate": "missing.pem"}, "missing.pem"),
    ({"key": "{pki}/ecdsa.key"}, "does not belong to the certificate"),
    ({"key": "{pki}/rsa_chain.pem"}, "key"),
    ({"certificate": "{pki}/rsa.key"}, "certificate"),
    ({"chain_certificates": ["missing.pem"]}, "missing.pem"),
    ({"dhparam": "missing.pem"}, "missing.pem"),
], ids=repr)
def test_broken_tls_never_half_starts(tmp_path, pki, change, words):
    tls = {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem")}
    tls.update({key: value.format(pki=pki) if isinstance(value, str) else value for key, value in change.items()})
    good, bad = free_port(), free_port()
    cbdir = write_config(tmp_path, router_config([
        {"type": "websocket", "endpoint": tcp(good)}, {"type": "websocket", "endpoint": tcp(bad, tls)}]))
    done = harness.transom("start", "--cbdir", cbdir)
    assert done.returncode == 1
    assert words in done.stdout + done.stderr and "config.json:" in done.stdout + done.stderr
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 1 and words in checked.stdout + checked.stderr, "check finds what start finds"


def test_sighup_loads_the_new_certificate_and_drops_nobody(tmp_path, pki):
    port = free_port()
    pair = {"key": tmp_path / "node.key", "certificate": tmp_path / "node.pem"}

    def install(key, certificate):
        shutil.copy(pki / key, pair["key"])
        shutil.copy(pki / certificate, pair["certificate"])

    def served():
        return ssl.get_server_certificate(("127.0.0.1", port))

    install("rsa.key", "rsa_chain.pem")
    cbdir = write_config(tmp_path, router_config([
        {"type": "websocket", "endpoint": tcp(port, {name: str(path) for name, path in pair.items()})}]))
    with Node(["--cbdir", cbdir], tmp_path, [port]) as node:
        before = served()
        with Wamp(port, tls=trusting(pki / "root.pem")).join() as peer:
            install("ecdsa.key", "ecdsa.pem")
            os.kill(node.pid, signal.SIGHUP)
            node.wait_log("new certificate loaded")
            assert served() != before
            install("ecdsa.key", "rsa_chain.pem")  # a pair that does not fit leaves the good one in place
            after = served()
            os.kill(node.pid, signal.SIGHUP)
            node.wait_log("the old one stays")
            assert served() == after
            peer.sync()
