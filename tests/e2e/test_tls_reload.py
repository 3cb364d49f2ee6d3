"""New certificates for a running node: by `transom reload`, by SIGHUP and by itself, under load, and when they are bad."""
import glob
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading

import pytest

import harness
from conftest import make_leaf, openssl
from harness import Node, free_port, router_config, tcp, transom, wait_for, write_config
from rawws import Wamp, connect, trusting

GENERATIONS = 4


@pytest.fixture(scope="module")
def generations(pki, tmp_path_factory):
    """Directories with pairs of one name, each with its own serial."""
    base = tmp_path_factory.mktemp("generations")
    made = []
    for i in range(GENERATIONS):
        leaf = make_leaf(base, f"leaf{i}", pki / "intermediate", "ecdsa")
        directory = base / f"{i}"
        directory.mkdir()
        shutil.copy(f"{leaf}.key", directory / "node.key")
        chain = pathlib.Path(f"{leaf}.pem").read_text() + (pki / "intermediate.pem").read_text()
        (directory / "node.pem").write_text(chain)
        made.append(directory)
    return made


def certificate_of(path):
    return ssl.PEM_cert_to_DER_cert((path / "node.pem").read_text().split("-----END")[0] + "-----END CERTIFICATE-----\n")


class Place:
    """A node whose pair stands behind a link, as Kubernetes and certbot have it: both files change at once."""

    def __init__(self, base, pki, generations):
        self.base, self.pki, self.generations = base, pki, generations
        self.live = base / "live"
        self.point_to(generations[0])
        self.port = free_port()
        tls = {"key": str(self.live / "node.key"), "certificate": str(self.live / "node.pem")}
        self.cbdir = write_config(base, router_config([{"type": "websocket", "endpoint": tcp(self.port, tls)}]))
        self.node = Node(["--cbdir", self.cbdir, "--cores", "2"], base, [self.port])
        self.trust = trusting(pki / "root.pem")

    def point_to(self, directory):
        link = self.base / "next"
        link.symlink_to(directory)
        os.replace(link, self.live)

    def served(self):
        with connect(self.port, self.trust) as sock:
            return sock.getpeercert(True)

    def reload(self, *arguments):
        return transom("reload", "--cbdir", self.cbdir, *arguments)

    def status(self):
        return json.loads(transom("status", "--json", "--cbdir", self.cbdir).stdout)

    def loads(self):
        return self.node.log().count("new certificate loaded")


@pytest.fixture
def place(tmp_path, pki, generations):
    made = Place(tmp_path, pki, generations)
    with made.node:
        yield made


class Load:
    """Clients that only shake hands, and sessions that talk, until told to stop; what fails is kept."""

    def __init__(self, place, clients, sessions):
        self.place, self.failures = place, []
        self.handshakes = self.messages = 0
        self.over = threading.Event()
        jobs = [self._shake_hands] * clients + [self._talk] * sessions
        self.threads = [threading.Thread(target=self._guard, args=(job,)) for job in jobs]

    def _guard(self, job):
        try:
            job()
        except Exception as problem:  # Whatever it is, it is what the test is about.
            self.failures.append(repr(problem))

    def _shake_hands(self):
        while not self.over.is_set():
            with connect(self.place.port, trusting(self.place.pki / "root.pem")) as sock:
                assert sock.getpeercert(True) in self.known
            self.handshakes += 1

    def _talk(self):
        with Wamp(self.place.port, tls=self.place.trust).join() as peer:
            while not self.over.is_set():
                peer.sync()
                self.messages += 1

    def __enter__(self):
        self.known = {certificate_of(path) for path in self.place.generations}
        for thread in self.threads:
            thread.start()
        wait_for(lambda: self.handshakes > 10 and self.messages > 10 or self.failures, "the load to begin")
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(harness.PATIENCE * 20)


def test_nobody_notices_a_reload(place):
    """0 failed handshakes, 0 dropped sessions; the next connection shows the new certificate."""
    def by_command():
        done = place.reload()
        assert done.returncode == 0 and "new certificate loaded" in done.stdout, done.stdout + done.stderr

    def by_signal():
        before = place.loads()
        os.kill(place.node.pid, signal.SIGHUP)
        wait_for(lambda: place.loads() > before, "SIGHUP to load")

    def by_itself():
        before = place.loads()
        wait_for(lambda: place.loads() > before, "the change to be noticed")

    with Load(place, clients=4, sessions=2) as load:
        for i, trigger in enumerate([by_command, by_signal] * 10 + [by_itself] * 2, start=1):
            directory = place.generations[i % GENERATIONS]
            place.point_to(directory)
            trigger()
            assert place.served() == certificate_of(directory)
            assert not load.failures
    assert load.failures == []
    assert load.handshakes > 100 and load.messages > 100, (load.handshakes, load.messages)


def test_a_handshake_in_flight_keeps_its_certificate(place):
    """A client that is slow with its hello ends its handshake with the context that it began with."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = place.trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with connect(place.port) as sock:
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        hello = outgoing.read()
        sock.sendall(hello[:100])
        # The node has these octets when it has served somebody who came later on each core.
        for _ in range(4):
            place.served()
        for i in (1, 2, 1):
            place.point_to(place.generations[i])
            assert place.reload().returncode == 0
        sock.sendall(hello[100:])
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(65536))
        assert client.getpeercert(True) == certificate_of(place.generations[0])
        assert place.served() == certificate_of(place.generations[1])


def broken(place, directory, how):
    """A copy of a pair in which something is wrong; returns the words by which the node says what."""
    shutil.copytree(place.generations[1], directory)
    key, certificate = directory / "node.key", directory / "node.pem"
    if how == "key of another":
        shutil.copy(place.generations[2] / "node.key", key)
        return "does not belong to the certificate"
    if how == "truncated":
        certificate.write_text(certificate.read_text()[:400])
        return "is damaged|holds no PEM certificate"
    if how == "empty":
        certificate.write_text("")
        return "holds no PEM certificate"
    key.unlink()
    return "cannot open the key file"


@pytest.mark.parametrize("how", ["key of another", "truncated", "empty", "missing"])
def test_a_broken_pair_keeps_the_old_one(place, tmp_path, how):
    words = broken(place, tmp_path / "broken", how)
    place.point_to(tmp_path / "broken")
    done = place.reload("--json")
    part, = json.loads(done.stdout)["parts"]
    assert done.returncode == 1 and part["result"] == "kept", done.stdout
    place.node.wait_log(f"the old one stays: .*({words})")
    assert place.served() == certificate_of(place.generations[0])
    warning, = place.status()["warnings"]
    assert warning == f"{part['part']}: the old one stays: {part['text']}"
    assert f"  warning: {warning}\n" in transom("status", "--cbdir", place.cbdir).stdout
    place.point_to(place.generations[1])
    part, = json.loads(place.reload("--json").stdout)["parts"]
    assert part["result"] == "loaded"
    assert place.served() == certificate_of(place.generations[1])
    assert place.status()["warnings"] == []


def test_a_half_written_pair_is_told_once_and_mends_itself(place, tmp_path):
    half = tmp_path / "half"
    broken(place, half, "truncated")
    place.point_to(half)
    place.node.wait_log("the old one stays")
    shutil.copy(place.generations[1] / "node.pem", half / "node.pem")
    place.node.wait_log("new certificate loaded")
    assert place.served() == certificate_of(place.generations[1])
    assert place.node.log().count("the old one stays") == 1


def test_a_fifo_instead_of_a_key_hangs_nobody(place, tmp_path):
    """Who opens one waits for a writer: whatever may name a file, the node must not."""
    fifo = tmp_path / "fifo"
    shutil.copytree(place.generations[1], fifo)
    (fifo / "node.key").unlink()
    os.mkfifo(fifo / "node.key")
    place.point_to(fifo)
    checked = transom("check", "--cbdir", place.cbdir)
    assert checked.returncode == 1 and "node.key: it is a FIFO, not a regular file" in checked.stdout + checked.stderr
    part, = json.loads(place.reload("--json").stdout)["parts"]
    assert part["result"] == "kept" and "FIFO" in part["text"]
    place.node.wait_log("the old one stays: cannot read the key file .*node.key: it is a FIFO, not a regular file")
    assert place.served() == certificate_of(place.generations[0])
    place.point_to(place.generations[1])
    assert place.reload().returncode == 0
    place.point_to(fifo)
    assert place.reload().returncode == 1
    stopped = transom("stop", "--cbdir", place.cbdir)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def test_a_chain_that_gets_lost(place, tmp_path):
    """Cut off within the next -----BEGIN it is refused; cut off exactly before it, nobody can know, but is warned."""
    cut = tmp_path / "cut"
    shutil.copytree(place.generations[0], cut)
    whole = (cut / "node.pem").read_text()
    leaf = whole[:whole.index("-----BEGIN", 10)]
    place.point_to(cut)

    def reload_with(text):
        (cut / "node.pem").write_text(text)
        part, = json.loads(place.reload("--json").stdout)["parts"]
        return part

    part = reload_with(whole[:len(leaf) + 20])
    assert part["result"] == "kept" and "node.pem is damaged" in part["text"]
    part = reload_with(leaf)
    assert part["result"] == "loaded" and part["text"] == "loaded again; the same certificate, with another chain"
    warning, = part["warnings"]
    assert "the certificate was sent with 1 of its chain until now, and is sent alone from now on" in warning
    place.node.wait_log("warn.*is sent alone from now on")
    part = reload_with(whole)
    assert (part["text"], part["warnings"]) == ("loaded again; the same certificate, with another chain", [])
    part = reload_with("# The same with a remark.\n" + whole)
    assert part["text"] == f"loaded again; these files have changed: {place.live / 'node.pem'}"
    part = reload_with("# The same with a remark.\n" + whole)
    assert (part["result"], part["text"]) == ("unchanged", "loaded again; the certificates are the same")


def test_reload_says_what_became_of_it(place):
    done = place.reload()
    assert done.returncode == 0
    assert done.stdout == f"tcp 127.0.0.1:{place.port} (TLS): loaded again; the certificates are the same\n"
    part, = json.loads(place.reload("--json").stdout)["parts"]
    assert part["result"] == "unchanged" and part["warnings"] == []


def test_reload_without_a_node(tmp_path):
    done = transom("reload", "--cbdir", write_config(tmp_path, router_config([])))
    assert done.returncode == 69 and "No Transom is currently running" in done.stderr


def test_reload_without_tls(tmp_path):
    with harness.websocket_node(tmp_path, free_port()):
        done = transom("reload", "--cbdir", tmp_path / ".crossbar")
        assert done.returncode == 0 and "nothing to reload" in done.stdout


def test_status_and_log_tell_of_certificates(tmp_path, pki):
    """One with five days to live: a warning at start, and in `status` as long as it is near."""
    openssl("x509", "-req", "-in", pki / "ecdsa.csr", "-CA", pki / "intermediate.pem", "-CAkey", pki / "intermediate.key",
            "-CAcreateserial", "-days", "5", "-copy_extensions", "copyall", "-out", tmp_path / "short.pem")
    port = free_port()
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(tmp_path / "short.pem"),
           "chain_certificates": [str(pki / "intermediate.pem")]}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port, tls)}]))
    # A short life is warned of in its last third, so the clock of this node stands four days ahead.
    env = harness.clean_env(LD_PRELOAD=faketime_library(), FAKETIME="+4d")
    with Node(["--cbdir", cbdir], tmp_path, [port], env=env) as node:
        node.wait_log(r"listening: tcp .*\(TLS\): TLS 1.2, 1.3; .*groups .*localhost")
        node.wait_log(r"short.pem: the certificate \"CN=localhost\" expires in 2[34] hours; renew it")
        status = json.loads(transom("status", "--cbdir", cbdir, "--json").stdout)
        listener, = status["listeners"]
        certificate, = listener["certificates"]
        assert certificate["days_left"] in (0, 1) and "localhost" in certificate["names"]
        assert "X25519" in listener["offers"]
        text = transom("status", "--cbdir", cbdir).stdout.splitlines()
        assert text[0] == "Status is RUNNING"
        assert f"127.0.0.1:{port} (TLS), 0 connections, certificate until " in text[1]
        assert text[2].startswith("  warning: ") and "short.pem" in text[2] and len(text) == 3


def faketime_library():
    if harness.SANITIZED:
        pytest.skip("libfaketime cannot be loaded into a sanitizer build")
    return glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0]


def local_certificate(base):
    return subprocess.run(["openssl", "x509", "-in", base / ".transom/tls/localhost_cert.pem", "-noout", "-serial"],
                          check=True, capture_output=True, text=True).stdout


def served_serial(port):
    pem = ssl.get_server_certificate(("127.0.0.1", port))
    return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, check=True, capture_output=True,
                          text=True).stdout


def test_the_default_node_renews_while_it_runs(tmp_path):
    """Days pass in a moment: the clock of the node is a file. At 59 of 90 days all is well, at 61 there is a new one."""
    clock = tmp_path / "clock"
    clock.write_text("+0d")
    env = harness.clean_env(tmp_path, LD_PRELOAD=faketime_library(), FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE="1")
    port = free_port()
    with Node(["--port", port], tmp_path, [port], env=env) as node:
        first = served_serial(port)
        clock.write_text("+59d")
        wait_for(lambda: transom("status", cwd=tmp_path).stdout.startswith("Status is RUNNING"), "an answer")
        assert local_certificate(tmp_path) == first == served_serial(port)
        clock.write_text("+61d")
        node.wait_log("new certificate loaded")
        assert served_serial(port) == local_certificate(tmp_path) != first
        assert "expires" not in node.log()
