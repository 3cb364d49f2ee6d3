"""Certificates by ACME, from pebble, which rejects good nonces now and then."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess
import urllib.request

import pytest

from conftest import make_ca, make_leaf
from harness import Node, accepts, clean_env, free_port, router_config, tcp, transom, wait_for, write_config

PEBBLE = "/usr/bin/pebble"
pytestmark = pytest.mark.skipif(not os.path.exists(PEBBLE), reason="pebble is not installed")


@contextlib.contextmanager
def running(command, log, env=None):
    with open(log, "ab") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


class Dns:
    """Answers 127.0.0.1 for every name, unless told otherwise."""

    def __init__(self, port, management, process):
        self.port, self.management, self.process = port, management, process

    @contextlib.contextmanager
    def silent(self):
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def ask(self, what, **body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.management}/{what}", json.dumps(body).encode())
        urllib.request.urlopen(request, timeout=5).close()

    def lead(self, name, address):
        self.ask("clear-a", host=f"{name}.")
        self.ask("add-a", host=f"{name}.", addresses=[address])


@pytest.fixture(scope="module")
def dns(tmp_path_factory):
    base, port, management = tmp_path_factory.mktemp("dns"), free_port(), free_port()
    command = ["pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "",
               "-tlsalpn01", "", "-dns01", f"127.0.0.1:{port}", "-management", f"127.0.0.1:{management}"]
    with running(command, base / "dns.log") as process:
        wait_for(lambda: accepts(management), "pebble-challtestsrv")
        yield Dns(port, management, process)


@pytest.fixture(scope="module")
def web_ca(tmp_path_factory):
    """Who vouches for pebble's own address, which has nothing to do with what it issues."""
    base = tmp_path_factory.mktemp("web_ca")
    ca = make_ca(base, "web")
    leaf = make_leaf(base, "pebble", ca, "ecdsa")
    return {"ca": f"{ca}.pem", "key": f"{leaf}.key", "certificate": f"{leaf}.pem"}


class Pebble:
    def __init__(self, base, dns, web_ca, lifetime_s=None, **env):
        self.base, self.dns, self.ca_file = base, dns, web_ca["ca"]
        self.port, self.management, self.http, self.tls = (free_port() for _ in range(4))
        self.log = base / "pebble.log"
        config = {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
                  "certificate": web_ca["certificate"], "privateKey": web_ca["key"],
                  "httpPort": self.http, "tlsPort": self.tls}
        if lifetime_s:
            config["certificateValidityPeriod"] = lifetime_s
        (base / "pebble.json").write_text(json.dumps({"pebble": config}))
        self.env = clean_env(**{"PEBBLE_VA_NOSLEEP": 1, "PEBBLE_WFE_NONCEREJECT": 20, "PEBBLE_AUTHZREUSE": 0, **env})
        self.directory = f"https://localhost:{self.port}/dir"

    @contextlib.contextmanager
    def run(self):
        command = [PEBBLE, "-config", self.base / "pebble.json", "-dnsserver", f"127.0.0.1:{self.dns.port}"]
        with running([str(word) for word in command], self.log, self.env):
            wait_for(lambda: accepts(self.port) and accepts(self.management), "pebble to listen", 20)
            yield self

    def root(self):
        """What clients of our certificates trust."""
        url = f"https://localhost:{self.management}/roots/0"
        context = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(url, context=context, timeout=5) as answer:
            return answer.read().decode()

    def count(self, text):
        return len(re.findall(text, self.log.read_text()))


class AcmeNode:
    """A node with a plain web transport where pebble looks for http-01 and a TLS one where it looks for tls-alpn-01."""

    def __init__(self, base, pebble, domains, challenge=None):
        acme = {"domains": domains, "contact": "admin@example.com", "directory": pebble.directory, "ca": pebble.ca_file}
        if challenge:
            acme["challenge"] = challenge
        web = {"type": "web", "endpoint": tcp(pebble.http), "paths": {"/": {"type": "redirect", "url": "/x"}}}
        secure = {"type": "web", "endpoint": tcp(pebble.tls, {"acme": acme}),
                  "paths": {"/": {"type": "json", "value": "hello"}, "ws": {"type": "websocket"}}}
        self.pebble, self.domains = pebble, domains
        self.cbdir = write_config(base, router_config([web, secure]))
        self.node = Node(["--cbdir", self.cbdir], base, [pebble.http, pebble.tls])

    def served(self, trusted=None):
        """The certificate as a client sees it that trusts `trusted`, or anybody."""
        context = ssl.create_default_context(cadata=trusted) if trusted else ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", self.pebble.tls), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname=self.domains[0]) as secure:
                return secure.getpeercert(binary_form=True)

    def wait_trusted(self, other_than=None, seconds=15):
        root = self.pebble.root()

        def look():
            with contextlib.suppress(ssl.SSLError):
                der = self.served(root)
                return der if der != other_than else None

        return wait_for(look, f"a certificate of pebble:\n{self.node.log()[-3000:]}", seconds)

    def status(self):
        answer = transom("status", "--cbdir", self.cbdir, "--json")
        return json.loads(answer.stdout)["acme"][0]

    def order_on_disk(self):
        for name, path in self.files().items():
            if name.startswith(self.domains[0]) and name.endswith(".json"):
                return json.loads(path.read_text())["order"]
        return None

    def files(self):
        return {path.relative_to(self.cbdir / "acme").as_posix(): path for path in (self.cbdir / "acme").rglob("*")}


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_first_certificate(tmp_path, dns, web_ca, challenge):
    with Pebble(tmp_path, dns, web_ca, PEBBLE_WFE_NONCEREJECT=50).run() as pebble:
        acme = AcmeNode(tmp_path, pebble, ["one.test", "two.test"], challenge)
        with acme.node as node:
            der = acme.wait_trusted()
            node.wait_log(r"a certificate for one\.test and 1 more until 20")
            assert not re.search(r"Z error |\+00:00 error ", node.log()), node.log()
            status = acme.status()
            assert status["state"] == "valid" and status["domains"] == ["one.test", "two.test"], status
            assert "last_error" not in status and status["not_after"] > status["next_order"]
            text = transom("status", "--cbdir", acme.cbdir).stdout
            assert re.search(r"ACME one\.test and 1 more: valid until 20", text), text
            chain = next(path for name, path in acme.files().items() if name.endswith("chain.pem"))
            shown = subprocess.run(["openssl", "x509", "-in", chain, "-noout", "-ext", "subjectAltName"],
                                   capture_output=True, text=True, check=True).stdout
            assert "DNS:one.test, DNS:two.test" in shown
            for name, path in acme.files().items():
                mode = stat.S_IMODE(path.stat().st_mode)
                assert mode == (0o700 if path.is_dir() else 0o644 if name.endswith("chain.pem") else 0o600), (name, mode)
            assert not [name for name in acme.files() if "pending" in name]
        since = len(node.log())
        with acme.node:  # what is on disk serves from the first connection on
            assert acme.served(pebble.root()) == der
            wait_for(lambda: acme.status()["state"] == "valid", "the state to be known")
            assert "ordering" not in node.log()[since:]


def test_renewal_failure_and_recovery(tmp_path, dns, web_ca):
    with Pebble(tmp_path, dns, web_ca, lifetime_s=6).run() as pebble:
        acme = AcmeNode(tmp_path, pebble, ["renew.test"], "http-01")
        with acme.node as node:
            first = acme.wait_trusted()
            second = acme.wait_trusted(other_than=first)
            assert re.search("two thirds of the present one's life are over", node.log())
            dns.lead("renew.test", "127.0.0.9")  # where nobody listens
            node.wait_log("no certificate for renew.test")
            assert acme.served() == second, "the old one goes on serving"
            line = re.search("no certificate for renew.test.*", node.log()).group()
            assert "its check of renew.test by http-01 failed" in line and "refused" in line, line
            assert "check that port 80 of renew.test reaches" in line, line
            assert re.search(r"The next attempt is at 20.* \(in \d+ min\); the present one serves until", line), line
            status = acme.status()
            assert status["state"] == "valid, renewal failing" and status["failures"] == 1, status
            assert "by http-01 failed" in status["last_error"]
            assert "valid, renewal failing" in transom("status", "--cbdir", acme.cbdir).stdout
            dns.lead("renew.test", "127.0.0.1")
            assert transom("reload", "--cbdir", acme.cbdir).returncode == 0
            acme.wait_trusted(other_than=second)
            wait_for(lambda: acme.status()["state"] == "valid", "the failure to be forgotten")
            assert node.log().count("a new account") == 1
            assert pebble.count("There are now 2 accounts") == 0


def test_killed_in_the_middle_of_an_order(tmp_path, dns, web_ca):
    with Pebble(tmp_path, dns, web_ca, PEBBLE_WFE_NONCEREJECT=0).run() as pebble:
        acme = AcmeNode(tmp_path, pebble, ["middle.test"])
        with dns.silent():  # pebble cannot look before the node is back
            node = acme.node.start()
            wait_for(acme.order_on_disk, "the order to be under way")
            assert node.stop(signal.SIGKILL) == -signal.SIGKILL
            looked = pebble.count("POST /authZ/")
            node.start()
            wait_for(lambda: pebble.count("POST /authZ/") >= looked + 2, "the node to have its answer ready again")
        acme.wait_trusted(seconds=25)
        assert node.stop() == 0
        assert "the order for middle.test of before is gone on with" in node.log()
        assert node.log().count("a new account") == 1
        assert pebble.count("There are now 1 orders") == 1 and pebble.count("There are now 2 orders") == 0
        assert not [name for name in acme.files() if "pending" in name]


def test_authority_that_is_down_at_first(tmp_path, dns, web_ca):
    pebble = Pebble(tmp_path, dns, web_ca)
    acme = AcmeNode(tmp_path, pebble, ["later.test"])
    with acme.node as node:
        node.wait_log("no certificate for later.test: .*localhost port")
        assert acme.served(), "there is something to serve"
        assert re.search(r"until then no client trusts what is served: the present one is self-signed", node.log())
        assert acme.status()["state"] == "missing"
        with pebble.run():
            assert transom("reload", "--cbdir", acme.cbdir).returncode == 0
            acme.wait_trusted()


def libraries(node):
    mapped = pathlib.Path(f"/proc/{node.pid}/maps").read_text()
    return {os.path.basename(path) for path in re.findall(r"/\S+\.so[.\d]*$", mapped, re.MULTILINE)}


def test_libcurl_is_loaded_for_acme_alone(tmp_path, dns, web_ca):
    port = free_port()
    web = {"type": "web", "endpoint": tcp(port), "paths": {"/": {"type": "json", "value": "hello"}}}
    (tmp_path / "plain").mkdir()
    with Node(["--cbdir", write_config(tmp_path / "plain", router_config([web]))], tmp_path / "plain", [port]) as node:
        plain = libraries(node)
    with AcmeNode(tmp_path, Pebble(tmp_path, dns, web_ca), ["loaded.test"]).node as node:
        with_acme = libraries(node)
    assert any(name.startswith("libssl.so") for name in plain), plain
    assert not [name for name in plain if "curl" in name]
    assert [name for name in with_acme if name.startswith("libcurl.so.4")], with_acme


def test_libcurl_that_is_missing_until_it_is_installed(tmp_path, dns, web_ca):
    with Pebble(tmp_path, dns, web_ca).run() as pebble:
        acme = AcmeNode(tmp_path, pebble, ["missing.test"])
        broken = tmp_path / "lib" / "libcurl.so.4"  # found first
        broken.parent.mkdir()
        broken.touch()
        acme.node.env = clean_env(LD_LIBRARY_PATH=broken.parent)
        remedy = r"certificates by ACME need libcurl 7\.87 or newer \(Debian: apt install libcurl4\)"
        checked = transom("check", "--cbdir", acme.cbdir, env=acme.node.env)
        assert checked.returncode == 0 and re.search(rf"warning: .*libcurl\.so\.4.*; {remedy}", checked.stdout), checked
        with acme.node as node:
            node.wait_log(rf"warning .*libcurl\.so\.4.*; {remedy}")
            node.wait_log(rf"no certificate for missing\.test: .*libcurl\.so\.4.*; {remedy}")
            assert acme.served(), "there is something to serve"
            broken.unlink()
            assert transom("reload", "--cbdir", acme.cbdir).returncode == 0
            acme.wait_trusted()


def test_stop_does_not_wait_for_a_server_that_is_silent(tmp_path, dns, web_ca):
    pebble = Pebble(tmp_path, dns, web_ca)
    with socket.create_server(("127.0.0.1", pebble.port)) as silent:
        acme = AcmeNode(tmp_path, pebble, ["silent.test"])
        with acme.node as node:
            held, _ = silent.accept()
            with held:
                assert node.stop(seconds=5) == 0
