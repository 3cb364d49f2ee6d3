"""Certificates, keys, profiles and groups of an endpoint, as openssl and curl see them."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import harness
from conftest import make_leaf, openssl
from harness import Node, clean_env, free_port, router_config, tcp, write_config
from test_tls import NOTE_CIPHERS, s_client

RSA_ONLY = ("-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256")
ECDSA_ONLY = ("-sigalgs", "ECDSA+SHA256")


def configured(base, tls):
    port = free_port()
    cbdir = write_config(base, router_config([
        {"type": "web", "endpoint": tcp(port, tls), "paths": {"/": {"type": "json", "value": 1}}}]))
    return port, cbdir


def serving(base, tls, env=None):
    port, cbdir = configured(base, tls)
    return port, Node(["--cbdir", cbdir], base, [port], env=env)


def pair(pki, name, **more):
    return {"key": str(pki / f"{name}.key"), "certificate": str(pki / f"{name}_chain.pem"), **more}


def key_of(out):
    """The kind of the certificate that s_client got."""
    return "rsa" if re.search(r"Peer signature type: RSA", out) else "ecdsa" if "Peer signature type: ECDSA" in out else None


def asked(port, name, *arguments):
    """What a client that asks for a name gets: the subject alternative names."""
    server_name = ["-servername", name] if name else ["-noservername"]
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *server_name, *arguments],
                          capture_output=True, text=True, input="", timeout=20, check=False)
    shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], capture_output=True, text=True,
                           input=done.stdout, check=False)
    return shown.stdout


@pytest.fixture(scope="module")
def named(tmp_path_factory, pki):
    """More leafs of the intermediate: exact.* and wild.* for names of example.com."""
    base = tmp_path_factory.mktemp("named")
    for name, names in (("exact", "DNS:www.example.com"), ("wild", "DNS:*.example.com")):
        make_leaf(base, name, pki / "intermediate", "ecdsa", names)
        (base / f"{name}_chain.pem").write_text((base / f"{name}.pem").read_text() + (pki / "intermediate.pem").read_text())
    return base


@pytest.fixture(scope="module")
def many(tmp_path_factory, pki, named):
    """One endpoint with ECDSA and RSA for localhost, and two more names."""
    base = tmp_path_factory.mktemp("many")
    port, node = serving(base, {**pair(pki, "ecdsa"), "certificates": [
        pair(pki, "rsa"), pair(named, "exact"), pair(named, "wild")]})
    with node:
        yield port


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("arguments,kind", [(RSA_ONLY, "rsa"), (ECDSA_ONLY, "ecdsa"), ((), "ecdsa")])
def test_clients_get_the_key_that_they_verify(many, pki, version, arguments, kind):
    code, out = s_client(many, version, *arguments, "-CAfile", pki / "root.pem", "-verify_return_error")
    assert code == 0 and key_of(out) == kind, out
    assert "Verify return code: 0 (ok)" in out, "leaf and intermediate are sent"


@pytest.mark.parametrize("name,names", [
    ("www.example.com", "DNS:www.example.com\n"), ("WWW.EXAMPLE.COM", "DNS:www.example.com\n"),
    ("mail.example.com", "DNS:*.example.com\n"), ("a.mail.example.com", "localhost"), ("example.com", "localhost"),
    ("localhost", "localhost"), ("", "localhost")])
def test_the_name_chooses(many, name, names):
    assert names in asked(many, name)


def test_curl_verifies_every_name(many, pki):
    for name in ("localhost", "www.example.com", "any.example.com"):
        done = subprocess.run(["curl", "-sS", "--cacert", pki / "root.pem", "--resolve", f"{name}:{many}:127.0.0.1",
                               f"https://{name}:{many}/"], capture_output=True, text=True, timeout=20, check=False)
        assert done.stdout.strip() == "1", done.stderr


def test_the_chain_is_sent_for_each(many):
    for arguments in (RSA_ONLY, ECDSA_ONLY, ("-servername", "www.example.com")):
        assert s_client(many, "-showcerts", *arguments)[1].count("BEGIN CERTIFICATE") == 2


def test_only_certificates_without_a_pair_beside_them(tmp_path, pki):
    port, node = serving(tmp_path, {"certificates": [pair(pki, "rsa")]})
    with node:
        assert key_of(s_client(port)[1]) == "rsa"


# Passphrases ---------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def locked(tmp_path_factory, pki):
    base = tmp_path_factory.mktemp("locked")
    openssl("pkey", "-in", pki / "ecdsa.key", "-aes256", "-passout", "pass:open sesame", "-out", base / "ecdsa.key")
    shutil.copy(pki / "ecdsa_chain.pem", base)
    (base / "passphrase").write_text("open sesame\n")
    os.chmod(base / "passphrase", 0o600)
    return base


@pytest.mark.parametrize("source", ["file", "credential", "environment"])
def test_an_encrypted_key(tmp_path, locked, source):
    where = {"file": str(locked / "passphrase"), "credential": "passphrase", "environment": "KEY_PASSPHRASE"}[source]
    env = clean_env(CREDENTIALS_DIRECTORY=locked, KEY_PASSPHRASE="open sesame")
    port, node = serving(tmp_path, pair(locked, "ecdsa", key_passphrase={source: where}), env)
    with node:
        assert s_client(port)[0] == 0
        assert "open sesame" not in node.log()


@pytest.mark.parametrize("source,words", [
    (None, "is encrypted and the node has no passphrase"), ({"file": "none"}, "there is no "),
    ({"credential": "passphrase"}, "LoadCredential=passphrase:"), ({"environment": "KEY_PASSPHRASE"}, "not set"),
    ({"environment": "WRONG"}, "cannot be opened with the passphrase")], ids=repr)
def test_a_key_that_stays_locked(tmp_path, locked, source, words):
    _, cbdir = configured(tmp_path, pair(locked, "ecdsa", **({"key_passphrase": source} if source else {})))
    for command in ("check", "start"):
        done = harness.transom(command, "--cbdir", cbdir, env=clean_env(WRONG="open barley"))
        assert done.returncode == 1
        assert words in done.stdout + done.stderr and "barley" not in done.stdout + done.stderr


# Who may read a key --------------------------------------------------------------------------------------------------

def readable(base, pki, mode):
    key = base / "node.key"
    shutil.copy(pki / "ecdsa.key", key)
    os.chmod(key, mode)
    return {"key": str(key), "certificate": str(pki / "ecdsa_chain.pem")}


def test_start_refuses_a_key_that_everyone_can_read(tmp_path, pki):
    _, cbdir = configured(tmp_path, readable(tmp_path, pki, 0o644))
    done = harness.transom("start", "--cbdir", cbdir)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and said.count("chmod 600") == 1, said
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 0 and "warning" in checked.stdout and f"chmod 600 {tmp_path}/node.key" in checked.stdout


@pytest.mark.parametrize("mode,more", [(0o640, {}), (0o644, {"key_permissions": "warn"})], ids=["group", "warn"])
def test_keys_that_are_served(tmp_path, pki, mode, more):
    port, node = serving(tmp_path, {**readable(tmp_path, pki, mode), **more})
    with node:
        assert s_client(port)[0] == 0
        assert node.log().count("chmod 600") == (1 if more else 0), "said once at start"


# DH, profiles, groups --------------------------------------------------------------------------------------------------

def test_warnings_come_once(tmp_path, pki):
    dh = tmp_path / "dhparam.pem"
    openssl("dhparam", "-dsaparam", "-out", dh, "1024")
    port, node = serving(tmp_path, pair(pki, "rsa", dhparam=str(dh), ciphers=NOTE_CIPHERS + ":NOT-A-CIPHER"))
    with node:
        assert node.log().count("NOT-A-CIPHER") == 1
        assert node.log().count("1024 bits") == 1
        assert node.log().count("DHE suites are not offered") == 0, "the line about the file says it"
        assert s_client(port, "-tls1_2", "-cipher", "kDHE")[0] != 0
        assert s_client(port, "-tls1_2")[0] == 0


def test_dhparam_auto_and_the_profile_of_2014(tmp_path, pki):
    port, node = serving(tmp_path, pair(pki, "rsa", profile="seed2014", dhparam="auto"))
    with node:
        for suite in NOTE_CIPHERS.split(":"):
            code, out = s_client(port, "-tls1_2", "-cipher", suite)
            assert code == 0 and f"Cipher is {suite}" in out
            if suite.startswith("DHE"):
                assert "Server Temp Key: DH, 2048 bits" in out
        assert s_client(port, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384")[0] != 0
        assert s_client(port, "-tls1_3")[0] == 0


def test_an_ecdsa_certificate_with_the_list_of_2014(tmp_path, pki):
    port, node = serving(tmp_path, pair(pki, "ecdsa", ciphers=NOTE_CIPHERS))
    with node:
        assert "ECDHE-ECDSA-AES128-GCM-SHA256" in node.log()
        code, out = s_client(port, "-tls1_2")
        assert code == 0 and "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256" in out


def test_strict_and_groups(tmp_path, pki):
    port, node = serving(tmp_path, pair(pki, "ecdsa", profile="strict", groups="P-384:NO-SUCH"))
    with node:
        log = node.log()
        assert "NO-SUCH is skipped" in log and "P-256 was added" in log
        assert s_client(port, "-tls1_3", "-groups", "X25519")[0] != 0
        for group in ("P-384", "P-256"):
            assert s_client(port, "-tls1_3", "-groups", group)[0] == 0
        for suite, good in (("TLS_AES_128_GCM_SHA256", False), ("TLS_AES_256_GCM_SHA384", True)):
            assert (s_client(port, "-tls1_3", "-ciphersuites", suite)[0] == 0) == good
        assert s_client(port, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")[0] != 0


def test_min_version(tmp_path, pki):
    port, node = serving(tmp_path, pair(pki, "ecdsa", min_version="1.3"))
    with node:
        assert s_client(port, "-tls1_2")[0] != 0
        assert s_client(port, "-tls1_3")[0] == 0


# transom tls list ------------------------------------------------------------------------------------------------------

def test_tls_list():
    done = harness.transom("tls", "list")
    assert done.returncode == 0
    for words in ("profile modern", "profile strict", "profile seed2014", "TLS_AES_128_GCM_SHA256", "P-256", "253 bits"):
        assert words in done.stdout
    done = harness.transom("tls", "list", "ECDH+AESGCM:ECDH+3DES:RSA+AES:NOPE", "--json")
    listed = json.loads(done.stdout)
    ours = [suite["name"] for suite in listed["lists"][0]["suites"]]
    theirs = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ECDH+AESGCM:RSA+AES:!aNULL:!PSK:!SRP:@SECLEVEL=2"],
                            capture_output=True, text=True, check=True).stdout.strip().split(":")
    assert ours == theirs
    assert [skipped["name"] for skipped in listed["lists"][0]["skipped"]] == ["ECDH+3DES", "NOPE"]
    assert {"name": "P-256", "bits": 256}.items() <= next(g for g in listed["groups"] if g["name"] == "P-256").items()
    assert harness.transom("tls", "list", "3DES").returncode == 1
