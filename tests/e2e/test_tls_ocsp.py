"""OCSP stapling, against openssl's responder and against wrong ones."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

import harness
from conftest import make_ca, openssl
from harness import Node, free_port, router_config, tcp, transom, wait_for, write_config

RESPONSE = b"HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n"


# Certificates ---------------------------------------------------------------------------------------------------------

class Authority:
    """An intermediate CA with openssl's index of what it issued, and its responder."""

    def __init__(self, base):
        self.base = base
        self.root = make_ca(base, "root")
        self.path = make_ca(base, "intermediate", self.root)
        self.index = base / "index.txt"
        self.port = free_port()
        self.lines = {}

    def issue(self, name, port=None, more=()):
        """A leaf NAME.key and NAME.pem (with the intermediate) that names the responder."""
        path = self.base / name
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{path}.key")
        extensions = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth", *more]
        if port != 0:
            extensions.append(f"authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port or self.port}")
        added = [word for extension in extensions for word in ("-addext", extension)]
        openssl("req", "-new", "-key", f"{path}.key", "-subj", f"/CN={name}", "-out", f"{path}.csr", *added)
        serial = f"{0x1000 + len(self.lines):X}"
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", f"{self.path}.pem", "-CAkey", f"{self.path}.key",
                "-set_serial", f"0x{serial}", "-days", "60", "-copy_extensions", "copyall", "-out", f"{path}.pem")
        with open(f"{path}.pem", "a", encoding="ascii") as chain:
            chain.write(pathlib.Path(f"{self.path}.pem").read_text())
        self.lines[name] = f"V\t371231235959Z\t\t{serial}\tunknown\t/CN={name}\n"
        self.write_index()
        return {"key": f"{path}.key", "certificate": f"{path}.pem"}

    def revoke(self, name):
        self.lines[name] = self.lines[name].replace("V\t371231235959Z\t", "R\t371231235959Z\t260101000000Z,keyCompromise")
        self.write_index()

    def write_index(self):
        self.index.write_text("".join(self.lines.values()))

    def response_file(self, name, path, days=2):
        """A signed response about NAME as a DER file."""
        openssl("ocsp", "-index", self.index, "-CA", f"{self.path}.pem", "-rsigner", f"{self.path}.pem", "-rkey",
                f"{self.path}.key", "-issuer", f"{self.path}.pem", "-cert", self.base / f"{name}.pem", "-ndays", days,
                "-respout", path)
        return path

    @contextlib.contextmanager
    def responder(self, *validity):
        """openssl's responder while the block lasts."""
        said = self.base / "responder.log"
        log = open(said, "wb")
        process = subprocess.Popen(
            ["openssl", "ocsp", "-index", self.index, "-port", str(self.port), "-CA", f"{self.path}.pem", "-rsigner",
             f"{self.path}.pem", "-rkey", f"{self.path}.key", "-ignore_err", *(validity or ("-ndays", "2"))],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            # No connection to see whether it listens: it would wait for a request on it for ever.
            wait_for(lambda: "waiting for OCSP client" in said.read_text(), "the responder to listen")
            yield
        finally:
            process.kill()
            process.wait()
            log.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ocsp"))
    made.good = made.issue("good")
    made.other = made.issue("other")
    made.insists = made.issue("insists", more=["tlsfeature=status_request"])
    return made


@contextlib.contextmanager
def answering(port, answer):
    """A responder of our own: sends `answer` (bytes) to everybody, or nothing if it is None."""
    with socket.create_server(("127.0.0.1", port)) as server:
        open_sockets = []

        def serve():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                open_sockets.append(client)
                if answer is not None:
                    client.recv(65536)
                    client.sendall(answer)
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for client in open_sockets:
                client.close()


# The node -------------------------------------------------------------------------------------------------------------

def shifted(offset):
    """The environment in which the clock is wrong by `offset`."""
    shown = subprocess.run(["faketime", "-f", offset, "env"], check=True, capture_output=True, text=True).stdout
    preload = re.search("^LD_PRELOAD=(.*)$", shown, re.M).group(1)
    asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
    return harness.clean_env(LD_PRELOAD=preload, FAKETIME=offset, ASAN_OPTIONS=asan)


def node_with(tmp_path, tls, env=None):
    port = free_port()
    cbdir = write_config(tmp_path, router_config([
        {"type": "web", "endpoint": tcp(port, tls), "paths": {"/": {"type": "json", "value": 1}}}]))
    return port, Node(["--cbdir", cbdir], tmp_path, [port], env=env)


def stapled(authority, port):
    """"good" or another status of a verified staple; None without one."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-status", "-CAfile",
                           f"{authority.root}.pem"], capture_output=True, text=True, input="", timeout=20, check=False)
    if "OCSP response: no response sent" in done.stdout:
        return None
    return re.search(r"Cert Status: (\w+)", done.stdout).group(1)


def status_of(tmp_path):
    return json.loads(transom("status", "--json", "--cbdir", tmp_path / ".crossbar").stdout)


def curl_with_status(authority, port):
    return subprocess.run(["curl", "-s", "--cert-status", "--cacert", f"{authority.root}.pem", f"https://127.0.0.1:{port}/"],
                          capture_output=True, text=True, timeout=20, check=False)


def cached(tmp_path):
    return sorted((tmp_path / ".crossbar" / "ocsp-cache").glob("*.der"))


def install(pair, target):
    for key, path in target.items():
        shutil.copy(pair[key], path)


def test_the_first_handshake_after_start_reload_and_restart_is_stapled(tmp_path, authority):
    target = {"key": str(tmp_path / "node.key"), "certificate": str(tmp_path / "node.pem")}
    install(authority.good, target)
    port, node = node_with(tmp_path, target)
    with authority.responder():
        with node:
            assert stapled(authority, port) == "good"
            assert curl_with_status(authority, port).stdout == "1"
            node.wait_log("an OCSP response is stapled, good until 20")
            install(authority.other, target)
            os.kill(node.pid, signal.SIGHUP)
            node.wait_log("new certificate loaded")
            assert stapled(authority, port) == "good"
    assert len(cached(tmp_path)) == 2
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in cached(tmp_path))
    assert stat.S_IMODE((tmp_path / ".crossbar" / "ocsp-cache").stat().st_mode) == 0o700
    with node:  # the responder is down now
        assert stapled(authority, port) == "good"
    for path in cached(tmp_path):
        path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    with authority.responder(), node:  # damaged files are fetched anew
        assert stapled(authority, port) == "good"
    with node:
        assert stapled(authority, port) == "good"


def test_status_shows_the_staples(tmp_path, authority):
    port, node = node_with(tmp_path, authority.good)
    with authority.responder(), node:
        assert stapled(authority, port) == "good"
        status = status_of(tmp_path)
        [shown] = status["staples"]
        assert status["warnings"] == []
        assert shown["state"] == "good" and shown["subject"] == "CN=good" and not shown["must_staple"]
        assert 1.9 * 86400 < shown["good_until"] - time.time() < 2.1 * 86400
        assert 0.8 * 86400 < shown["next_check"] - time.time() < 1.2 * 86400


def test_without_responder_it_serves_soon_and_unstapled(tmp_path, authority):
    port, node = node_with(tmp_path, authority.good)
    began = time.monotonic()
    with node:
        assert time.monotonic() - began < 2.5 * harness.PATIENCE
        assert stapled(authority, port) is None
        node.wait_log("warn.*no OCSP response to staple.*did not answer: Connection refused")
        assert node.log().count("no OCSP response to staple") == 1


WRONG_ANSWERS = {
    "a page": b"HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>",
    "a redirection": b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
    "the wrong type": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n0\x03\n\x01\x03",
    "tryLater": RESPONSE + b"\r\n0\x03\n\x01\x03",
    "too long": RESPONSE + b"\r\n0\x83\x01\x00\x01" + b"x" * 65537,
    "cut": RESPONSE + b"\r\n0\x82\x03\x00x",
    "endless head": b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 50000,
    "garbage": b"\x16\x03\x01\x00\x02\x02\x28",
}


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_wrong_answers_harm_nobody(tmp_path, authority, name):
    port, node = node_with(tmp_path, authority.good)
    with answering(authority.port, WRONG_ANSWERS[name]), node:
        assert stapled(authority, port) is None
        line = node.wait_log("no OCSP response to staple.*").group()
        assert f"http://127.0.0.1:{authority.port}" in line or "OCSP response" in line


def test_a_response_for_another_certificate_is_refused(tmp_path, authority):
    der = authority.response_file("other", tmp_path / "other.der").read_bytes()
    port, node = node_with(tmp_path, authority.good)
    with answering(authority.port, RESPONSE + b"\r\n" + der), node:
        assert stapled(authority, port) is None
        node.wait_log("speaks of another certificate")
    assert not cached(tmp_path)


def test_a_silent_responder_delays_the_start_by_the_bound_only(tmp_path, authority):
    port, node = node_with(tmp_path, authority.good)
    with answering(authority.port, None):
        began = time.monotonic()
        with node:
            assert stapled(authority, port) is None
            assert 2.5 < time.monotonic() - began < 5 * harness.PATIENCE
            began = time.monotonic()
        assert time.monotonic() - began < 2 * harness.PATIENCE, "a fetch that runs does not hold up the end"


def test_a_revoked_certificate_is_never_stapled(tmp_path, authority):
    pair = authority.issue("lost")
    port, node = node_with(tmp_path, pair)
    with authority.responder(), node:
        assert stapled(authority, port) == "good"
    authority.revoke("lost")
    for path in cached(tmp_path):
        path.unlink()
    with authority.responder():
        with node:
            assert stapled(authority, port) is None
            node.wait_log("error.*THE CERTIFICATE IS REVOKED since 2026-01-01 00:00:00 UTC, reason keyCompromise.*new key")
            warning, = status_of(tmp_path)["warnings"]
            assert "lost.pem" in warning and "THE CERTIFICATE IS REVOKED since 2026-01-01" in warning
        assert not cached(tmp_path)


def test_must_staple(tmp_path, authority):
    port, node = node_with(tmp_path, authority.insists)
    with authority.responder(), node:
        assert stapled(authority, port) == "good"
        assert curl_with_status(authority, port).stdout == "1"
    shutil.rmtree(tmp_path / ".crossbar" / "ocsp-cache")
    late = threading.Event()
    with contextlib.ExitStack() as stack:
        def come_late():
            wait_for(lambda: "no OCSP response to staple" in node.log()[since:], "the first try to fail")
            stack.enter_context(authority.responder())
            late.set()

        since = len(node.log())
        thread = threading.Thread(target=come_late)
        thread.start()
        with node:  # is not served before the responder is there
            thread.join()
            assert late.is_set() and stapled(authority, port) == "good"
            node.wait_log("error.*no OCSP response to staple.*must-staple.*see whether this machine reaches http://127")
            assert status_of(tmp_path)["warnings"] == []


def test_a_must_staple_certificate_without_staple_is_told_of(tmp_path, authority):
    staple = tmp_path / "staple.der"
    staple.write_bytes(b"garbage")
    port, node = node_with(tmp_path, {**authority.insists, "ocsp_staple": str(staple)})
    with node:
        assert stapled(authority, port) is None
        assert curl_with_status(authority, port).returncode == 91
        node.wait_log("error.*no OCSP response to staple.*must-staple.*put a fresh response into .*staple.der")
        warning, = status_of(tmp_path)["warnings"]
        assert "insists.pem" in warning and "must-staple" in warning
        assert f"  warning: {warning}\n" in transom("status", "--cbdir", tmp_path / ".crossbar").stdout


def test_an_expired_response_is_not_taken_from_the_cache(tmp_path, authority):
    port, node = node_with(tmp_path, authority.good)
    with authority.responder("-nmin", "5"), node:
        assert stapled(authority, port) == "good"
    assert len(cached(tmp_path)) == 1
    port, later = node_with(tmp_path, authority.good, env=shifted("+6m"))
    with later:
        assert stapled(authority, port) is None


def test_a_wrong_clock_is_named(tmp_path, authority):
    port, node = node_with(tmp_path, authority.good, env=shifted("-1h"))
    with authority.responder(), node:
        assert stapled(authority, port) is None
        node.wait_log("from the future.*set the clock")


def test_a_response_from_a_file(tmp_path, authority):
    silent = authority.issue("silent", port=0)
    staple = authority.response_file("silent", tmp_path / "staple.der")
    port, node = node_with(tmp_path, {**silent, "ocsp_staple": str(staple)})
    with node:
        assert stapled(authority, port) == "good"
        authority.response_file("other", staple)
        os.kill(node.pid, signal.SIGHUP)
        node.wait_log("staple.der: the OCSP response speaks of another certificate")


def test_check_judges_the_file(tmp_path, authority):
    gone = authority.issue("gone")
    good = authority.response_file("good", tmp_path / "good.der")
    other = authority.response_file("other", tmp_path / "other.der")
    old = tmp_path / "old.der"
    subprocess.run(["faketime", "-f", "-9d", "openssl", "ocsp", "-index", authority.index, "-CA", f"{authority.path}.pem",
                    "-rsigner", f"{authority.path}.pem", "-rkey", f"{authority.path}.key", "-issuer",
                    f"{authority.path}.pem", "-cert", authority.good["certificate"], "-ndays", "2", "-respout", old],
                   check=True, capture_output=True)
    authority.revoke("gone")
    revoked = authority.response_file("gone", tmp_path / "revoked.der")
    (tmp_path / "empty.der").touch()
    (tmp_path / "garbage.der").write_bytes(b"garbage")
    cases = [(authority.good, good, None), (authority.good, other, "speaks of another certificate"),
             (authority.good, old, "has expired"), (gone, revoked, "THE CERTIFICATE IS REVOKED"),
             (authority.good, tmp_path / "empty.der", "empty.der"), (authority.good, tmp_path / "garbage.der", "garbage.der")]
    tls = [{**pair, "ocsp_staple": str(path)} for pair, path, _ in cases]
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port(), one)} for one in tls]))
    done = transom("check", "--cbdir", cbdir)
    assert done.returncode == 0, done.stdout
    for number, (_, path, reason) in enumerate(cases):
        found = [line for line in done.stdout.splitlines() if f"transports[{number}].endpoint.tls" in line]
        assert len(found) == (0 if reason is None else 1), done.stdout
        assert reason is None or reason in found[0] and "warning" in found[0], found


def test_nothing_to_staple_is_said_once_and_is_no_fault(tmp_path, authority):
    port, node = node_with(tmp_path, authority.issue("mute", port=0))
    with node:
        assert stapled(authority, port) is None
        node.wait_log("info.*names no OCSP responder, so there is nothing to staple")
        os.kill(node.pid, signal.SIGHUP)
        node.wait_log("loaded again; the certificates are the same")
        assert node.log().count("nothing to staple") == 1


def test_the_default_node_does_not_speak_of_staples(default_node):
    assert "OCSP" not in default_node.node.log()
