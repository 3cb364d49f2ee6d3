"""What `transom cert` and `transom ca` are given: strangers' requests, keys that are in use, the standard input, renewals."""
import json
import os
import random
import re
import resource
import signal
import subprocess
import time

import pytest

import harness
from conftest import openssl


@pytest.fixture
def run(tmp_path):
    """`transom ...` in a directory of its own; what it said."""
    def do(*arguments, code=0, **more):
        done = harness.transom(*arguments, cwd=tmp_path, **more)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr
    return do


@pytest.fixture
def authority(run, tmp_path):
    run("ca", "init", "--permit", "example.com", "10.0.0.0/8", "@example.com", "--no-passphrase")
    return tmp_path


def key_of(path, *kind):
    openssl("genpkey", *(kind or ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")), "-out", path)
    return path


def public(kind, path):
    return openssl(kind, "-in", path, *(["-pubout"] if kind == "pkey" else ["-noout", "-pubkey"])).stdout


def names(path):
    return sorted(entry.name for entry in path.iterdir())


# ---------------------------------------------------------------- requests of strangers

def request(base, extension, subject="/CN=www.example.com"):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", base / "r.key", "-subj", subject,
            "-out", base / "r.csr", *(["-addext", f"subjectAltName={extension}"] if extension else []))
    return "r.csr"


def der_name(octets):
    """A dNSName of any octets, in OpenSSL's syntax of an extension."""
    return "DER:" + bytes([0x30, len(octets) + 2, 0x82, len(octets), *octets]).hex(":")


@pytest.mark.parametrize("octets", [b"10.0.0.7\0\r\x1b[2K\x1b[1Anames: DNS:www.example.com", b"www.example.com\0.other.org",
                                    b"www.example.com\x1b]0;x\x07", b"www.example.com\xc2\x9b2J", b"www.example.com\x7f"],
                         ids=["address", "zero", "title", "iso8859", "delete"])
def test_names_that_would_be_signed_otherwise_than_shown(run, authority, octets):
    said = run("ca", "sign", request(authority, der_name(octets)), "--yes", code=1)
    said += run("cert", "show", "r.csr")
    assert all(c == "\n" or " " <= c < "\x7f" for c in said), repr(said)
    assert json.loads(run("ca", "list", "--json")) == []


@pytest.mark.parametrize("extension", ["DER:30:7f:82", "DER:04:00", "DER:30:00", "DER:30:03:82:05:61"])
def test_damaged_names_are_not_no_names(run, authority, extension):
    said = run("ca", "sign", request(authority, extension), "--yes", code=1)
    assert "alternative names are damaged" in said
    assert json.loads(run("ca", "list", "--json")) == []


def test_a_common_name_still_counts_where_there_are_no_others(run, authority):
    run("ca", "sign", request(authority, None), "--yes")
    assert b"DNS:www.example.com" in openssl("x509", "-in", authority / "r.pem", "-noout", "-ext", "subjectAltName").stdout


# ---------------------------------------------------------------- what is issued

def test_the_longest_life_satisfies_all_clients(run, authority):
    run("ca", "issue", "www.example.com", "--days", "825")
    shown = json.loads(run("cert", "show", "www.example.com.pem", "--json"))
    assert [one["wrong"] for one in shown] == [[], []]
    assert "the end of the authority" not in run("ca", "issue", "b.example.com")


def test_a_person_is_no_server(run, authority):
    assert "for a person say --client" in run("ca", "issue", "bob@example.com", code=1)
    openssl("req", "-new", "-key", key_of(authority / "k"), "-subj", "/CN=bob@example.com", "-out", authority / "bob.csr")
    assert "--client" in run("ca", "sign", "bob.csr", "--yes", code=1)
    run("ca", "sign", "bob.csr", "--yes", "--client")


def test_the_lines_for_the_configuration_are_right(run, authority):
    (authority / "secret").write_text("secret\n")
    openssl("pkey", "-in", key_of(authority / "open"), "-aes256", "-passout", "pass:secret", "-out", authority / 'a"b.key')
    said = run("ca", "issue", "www.example.com", "--key", 'a"b.key', "--passphrase-file", "secret")
    lines = json.loads("{" + re.search(r'"tls": \{.*?\n  \}\n', said, re.S).group() + "}")["tls"]
    assert lines == {"key": str(authority / 'a"b.key'), "certificate": str(authority / "www.example.com.pem"),
                     "key_passphrase": {"file": str(authority / "secret")}}


# ---------------------------------------------------------------- keys that are there

@pytest.mark.parametrize("kind,complaint", [
    (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "1024 bits is not safe"),
    (["-algorithm", "ED25519"], "do not take ED25519"),
    (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "do not take ECDSA P-521")],
                         ids=["rsa1024", "ed25519", "p521"])
def test_keys_that_browsers_refuse(run, authority, kind, complaint):
    key_of(authority / "my.key", *kind)
    for command in (["cert", "self-signed"], ["cert", "request"]):
        assert complaint in run(*command, "www.example.com", "--key", "my.key", code=1)
    run("ca", "issue", "www.example.com", "--key", "my.key", code=1)
    assert names(authority) == ["ca", "my.key"]


def test_force_never_overwrites_what_is_read(run, authority):
    key = key_of(authority / "www.pem")
    os.link(key, authority / "hard.csr")
    (authority / "soft.p12").symlink_to("www.pem")
    before = key.read_bytes()
    for command in (["cert", "self-signed", "www.example.com", "--out", "www"], ["cert", "request", "www.example.com", "--out", "hard"],
                    ["ca", "issue", "www.example.com", "--out", "www"],
                    ["ca", "issue", "bob@example.com", "--client", "--out", "soft", "--p12-passphrase-file", "ca/root.crt"]):
        said = run(*command, "--key", "www.pem", "--force", code=1)
        assert "which this command reads" in said, said
    request(authority, None)
    os.rename(authority / "r.csr", authority / "r.pem")
    assert "which this command reads" in run("ca", "sign", "r.pem", "--yes", "--force", code=1)
    assert key.read_bytes() == before and json.loads(run("ca", "list", "--json")) == []
    run("cert", "self-signed", "www.example.com", "--out", "self")
    assert "which this command reads" in run("cert", "bundle", "self.pem", "--key", "self.key", "--out", "self.key", "--force", code=1)


def test_what_is_read_twice_does_not_come_from_a_pipe(run, tmp_path):
    run("cert", "self-signed", "www.example.com", "--out", "w")
    key, pem = (tmp_path / "w.key").read_text(), (tmp_path / "w.pem").read_text()
    said = run("cert", "install", "--key", "-", "--certificate", "w.pem", "--cbdir", ".", stdin=key, code=1)
    assert "--key cannot be the standard input" in said
    said = run("cert", "verify", "--key", "-", "--certificate", "w.pem", "--ca", "w.pem", stdin=key, code=1)
    assert "--key cannot be the standard input" in said
    said = run("cert", "verify", "--key", "w.key", "--certificate", "-", "--ca", "w.pem", stdin=pem, code=1)
    assert "--certificate cannot be the standard input" in said
    run("cert", "verify", "--certificate", "-", "--ca", "w.pem", stdin=pem)
    run("cert", "install", "--key", "w.key", "--certificate", "-", "--cbdir", ".", stdin=pem)


# ---------------------------------------------------------------- renewals that are interrupted

RENEW = ["cert", "self-signed", "www.example.com", "--out", "w", "--force"]


def test_a_renewal_that_is_killed_at_any_moment(run, tmp_path):
    """Each file is whole whenever that was; whatever it left behind goes with the next renewal."""
    begun = time.monotonic()
    run(*RENEW)
    usual = time.monotonic() - begun
    for _ in range(20):
        process = subprocess.Popen([harness.BINARY, *RENEW], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, usual))
        process.send_signal(signal.SIGKILL)
        process.wait()
        openssl("pkey", "-in", tmp_path / "w.key", "-noout")
        openssl("x509", "-in", tmp_path / "w.pem", "-noout")
    (tmp_path / ".w.key.transom-0123456789ab").write_text("as a crash leaves it")
    run(*RENEW)
    assert names(tmp_path) == ["w.key", "w.pem"]
    assert public("pkey", tmp_path / "w.key") == public("x509", tmp_path / "w.pem")


def test_a_renewal_on_a_full_disk_keeps_the_old_pair(run, tmp_path):
    run(*RENEW)
    before = [(tmp_path / name).read_bytes() for name in names(tmp_path)]

    def tiny_files():  # the key fits, the certificate does not
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
    done = subprocess.run([harness.BINARY, *RENEW], cwd=tmp_path, preexec_fn=tiny_files, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "w.pem: File too large; nothing was written" in done.stderr
    assert names(tmp_path) == ["w.key", "w.pem"] and [(tmp_path / name).read_bytes() for name in names(tmp_path)] == before
