"""What the node serves while a certificate by ACME has not come yet: no ACME server is needed here."""
import json
import os
import pwd
import re
import shutil
import stat
import subprocess

import pytest

import harness
from harness import Node, clean_env, free_port, router_config, tcp, wait_for, write_config

NOWHERE = "https://127.0.0.1:1/dir"  # nothing answers: orders fail, and are tried again later


def configured(base, acme, **tls):
    port, plain = free_port(), free_port()
    cbdir = write_config(base, router_config([
        {"type": "web", "endpoint": tcp(plain), "redirect": "https", "redirect_port": 443},
        {"type": "web", "endpoint": tcp(port, {"acme": {"directory": NOWHERE, **acme}, **tls}),
         "paths": {"/": {"type": "json", "value": 1}, "files": {"type": "static", "directory": "."}}}]))
    return port, plain, cbdir


def served(port, name):
    """Subject and names of the certificate that a client gets."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name],
                          capture_output=True, text=True, input="", timeout=20, check=False)
    shown = subprocess.run(["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName"], capture_output=True,
                           text=True, input=done.stdout, check=False)
    return shown.stdout


def curl(*arguments):
    done = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", *arguments], capture_output=True,
                          text=True, timeout=20, check=False)
    return done.stdout


def pair_in(cbdir):
    (directory,) = [one for one in (cbdir / "acme").iterdir() if one.is_dir()]
    return directory


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    base = tmp_path_factory.mktemp("acme")
    port, plain, cbdir = configured(base, {"domains": ["a.example", "www.a.example"]})
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 0 and "looks good" in checked.stdout, checked.stdout
    assert not (cbdir / "acme").exists(), "check writes nothing"
    with Node(["--cbdir", cbdir], base, [port, plain]) as running:
        running.port, running.plain, running.cbdir = port, plain, cbdir
        yield running


def test_a_placeholder_is_served_at_once(node):
    out = served(node.port, "www.a.example")
    assert "CN = Transom placeholder" in out and "DNS:a.example, DNS:www.a.example" in out
    assert len(re.findall("self-signed placeholder is served for a.example and 1 more", node.log())) == 1
    directory = pair_in(node.cbdir)
    assert mode(node.cbdir / "acme") == 0o700 and mode(directory / "key.pem") == 0o600
    assert curl(f"https://127.0.0.1:{node.port}/") == "200"


def test_what_is_on_disk_is_never_served(node):
    name = pair_in(node.cbdir).name
    assert curl(f"https://127.0.0.1:{node.port}/files/acme/{name}/chain.pem") == "404"
    assert curl(f"https://127.0.0.1:{node.port}/files/acme/{name}/key.pem") == "404"


def test_challenges_that_nobody_has_are_not_answered(node):
    challenge = f"http://127.0.0.1:{node.plain}/.well-known/acme-challenge/"
    assert curl("-H", "Host: a.example", challenge + "token") == "404"
    assert curl("-H", "Host: a.example", f"http://127.0.0.1:{node.plain}/") == "308", "the name is the placeholder's"
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{node.port}", "-servername", "a.example",
                           "-alpn", "acme-tls/1"], capture_output=True, text=True, input="", timeout=20, check=False)
    assert "no application protocol" in done.stderr


def test_a_good_pair_outlives_a_restart_and_a_bad_one_does_not(tmp_path):
    port, plain, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    with Node(["--cbdir", cbdir], tmp_path, [port, plain]):
        first = (pair_in(cbdir) / "chain.pem").read_text()
    with Node(["--cbdir", cbdir], tmp_path, [port, plain]):
        assert (pair_in(cbdir) / "chain.pem").read_text() == first
    (pair_in(cbdir) / "key.pem").write_text("garbage")
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 0, checked.stdout
    with Node(["--cbdir", cbdir], tmp_path, [port, plain]) as node:
        node.wait_log(r"placeholder is served for a.example until .*key.pem")
        assert (pair_in(cbdir) / "chain.pem").read_text() != first
        assert "DNS:a.example" in served(port, "a.example")


def test_what_a_change_of_domains_leaves_is_named(tmp_path):
    port, plain, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    with Node(["--cbdir", cbdir], tmp_path, [port, plain]) as node:
        left = pair_in(cbdir).name
        assert "no endpoint uses" not in node.log()
    port, plain, cbdir = configured(tmp_path, {"domains": ["b.example"]})
    with Node(["--cbdir", cbdir], tmp_path, [port, plain]) as node:
        node.wait_log(rf"no endpoint uses these in \S+/acme any more: {left}.*; remove them")


def open_to_all(path):
    """Every directory up to the root, or the user nobody would not come there."""
    for directory in [path, *path.parents]:
        if directory.stat().st_mode & 0o005 != 0o005:
            os.chmod(directory, 0o755)


def test_what_others_may_have_moved_there_is_not_given_away(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    open_to_all(tmp_path)
    _, _, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    shutil.chown(cbdir, "nobody")
    (cbdir / "acme").mkdir()
    (cbdir / "acme/server.key").write_text("root's")
    done = harness.transom("start", "--cbdir", cbdir, "--user", "nobody")
    assert done.returncode == 1 and f"chown -R nobody {cbdir}/acme" in done.stderr, done.stderr
    assert (cbdir / "acme/server.key").stat().st_uid == 0


def test_a_directory_that_cannot_be_used_stops_the_start(tmp_path):
    _, _, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    (cbdir / "acme").write_text("")
    done = harness.transom("start", "--cbdir", cbdir)
    assert done.returncode == 1 and f"{cbdir}/acme, which cannot be used: Not a directory" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_user_gets_the_directory(tmp_path):
    user = pwd.getpwnam("nobody")
    open_to_all(tmp_path)
    port, plain, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    for _ in range(2):
        with Node(["--cbdir", cbdir, "--user", "nobody"], tmp_path, [port, plain]) as node:
            node.wait_log("now user nobody")
            directory = pair_in(cbdir)
            for path in (cbdir / "acme", directory, directory / "key.pem", directory / "chain.pem"):
                assert path.stat().st_uid == user.pw_uid, path
            assert "DNS:a.example" in served(port, "a.example")
            reloaded = harness.transom("reload", "--cbdir", cbdir)
            assert reloaded.returncode == 0, reloaded.stdout + reloaded.stderr
        shutil.rmtree(directory)  # made again by root, in what is the user's now


def test_check_says_what_is_wrong(tmp_path):
    _, _, cbdir = configured(tmp_path, {"domains": ["*.a.example", "192.0.2.1"], "challenge": "dns-01"})
    done = harness.transom("check", "--cbdir", cbdir)
    assert done.returncode == 1
    for words in ("tls.acme.domains[0]: a wildcard needs the challenge dns-01", "tls.acme.domains[1]: an IP address",
                  "tls.acme.challenge"):
        assert words in done.stdout, done.stdout
    _, _, cbdir = configured(tmp_path, {"domains": ["a.example"]})
    done = harness.transom("check", "--cbdir", cbdir)
    assert done.returncode == 0 and "challenges come to port 80 or 443" in done.stdout, done.stdout
