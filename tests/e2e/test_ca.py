"""An authority of one's own: `transom ca`, judged by openssl, nginx, curl, Node, Python and Chromium."""
import base64
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import types
import urllib.error
import urllib.parse
import urllib.request

import pytest

import harness
from harness import Node, clean_env, free_port, router_config, tcp, transom, wait_for, write_config
from marionette import Firefox, make_profile
from marionette import PageError as FirefoxError
from test_tls_ocsp import shifted
from webdriver import Chromium, PageError

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
PERMITTED = ["localhost", "127.0.0.1", "::1", "example.com", "10.0.0.0/8", "@example.com"]



def run(base, *arguments, code=0, **more):
    """`transom ca ...` in the directory `base`; what it said."""
    done = transom("ca", *arguments, cwd=base, **more)
    assert done.returncode == code, done.stdout + done.stderr
    assert not harness.SANITIZER_REPORT.search(done.stderr), done.stderr
    return done.stdout + done.stderr


def openssl(*arguments, code=0, stdin=None):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=60,
                          check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def listed(base):
    return json.loads(run(base, "list", "--json"))


def serial_of(path):
    return openssl("x509", "-in", path, "-noout", "-serial").strip().removeprefix("serial=")


@contextlib.contextmanager
def responder(base, port, *more):
    """`transom ca ocsp` while the block lasts; it must end well."""
    with open(base / "ocsp.log", "ab") as log:
        process = subprocess.Popen([harness.BINARY, "ca", "ocsp", "--port", str(port), *more], cwd=base,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(lambda: harness.accepts(port), "the responder")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10 * harness.PATIENCE) == 0, (base / "ocsp.log").read_text()


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    """An authority that names its responder, and two servers' certificates and a client's."""
    base = tmp_path_factory.mktemp("ca")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    said = run(base, "init", "--permit", *PERMITTED, "--no-passphrase", "--ocsp-url", f"{url}/", "--crl-url",
               f"{url}/intermediate.crl", "--name", "Example Ltd")
    run(base, "issue", "localhost", "127.0.0.1", "::1", "--out", "server")
    run(base, "issue", "localhost", "www.example.com", "--rsa", "2048", "--out", "rsa")
    run(base, "issue", "alice@example.com", "--client", "--out", "alice", "--p12-passphrase-env", "P12",
        env=clean_env(P12="sésame"))
    return types.SimpleNamespace(base=base, port=port, said=said, dir=base / "ca", root=base / "ca" / "root.crt",
                                 crls=base / "ca" / "crls.pem")


def verify(ca, leaf, *more, code=0):
    return openssl("verify", "-x509_strict", "-CAfile", ca.root, "-untrusted", ca.dir / "intermediate.crt", *more,
                   ca.base / leaf, code=code)


def small_authority(base, *more):
    run(base, "init", "--permit", "example.com", "--no-passphrase", *more)
    return types.SimpleNamespace(base=base, dir=base / "ca", root=base / "ca" / "root.crt", crls=base / "ca" / "crls.pem")


# What is made ---------------------------------------------------------------------------------------------------------

def test_init_says_what_it_made_and_keeps_its_keys(ca):
    fingerprint = openssl("x509", "-in", ca.root, "-noout", "-sha256", "-fingerprint").strip().split("=")[1]
    assert fingerprint in ca.said
    assert "Example Ltd root" in ca.said and "10.0.0.0/8" in ca.said
    assert mode(ca.dir) == 0o700
    assert mode(ca.dir / "root.key") == mode(ca.dir / "intermediate.key") == 0o600
    text = openssl("x509", "-in", ca.dir / "intermediate.crt", "-noout", "-text")
    assert "X509v3 Name Constraints: critical" in text and "DNS:example.com" in text
    assert "CA:TRUE, pathlen:0" in text and "ecdsa-with-SHA384" in text
    assert "Public-Key: (384 bit)" in openssl("x509", "-in", ca.root, "-noout", "-text")


def test_strict_verifiers_take_everything(ca):
    for leaf, purpose in [("server.pem", "sslserver"), ("rsa.pem", "sslserver"), ("alice.pem", "sslclient")]:
        verify(ca, leaf, "-purpose", purpose, "-crl_check_all", "-CRLfile", ca.crls)
    openssl("verify", "-x509_strict", "-CAfile", ca.root, ca.dir / "intermediate.crt")
    verify(ca, "alice.pem", "-purpose", "sslserver", code=2)
    openssl("crl", "-in", ca.dir / "intermediate.crl", "-inform", "DER", "-CAfile", ca.dir / "intermediate.crt", "-noout")
    openssl("crl", "-in", ca.dir / "root.crl", "-inform", "DER", "-CAfile", ca.root, "-noout")
    for key in ("server.key", "rsa.key", "alice.key", "alice.p12"):
        assert mode(ca.base / key) == 0o600
    text = openssl("x509", "-in", ca.base / "server.pem", "-noout", "-text")
    assert f"OCSP - URI:http://127.0.0.1:{ca.port}/" in text
    assert f"URI:http://127.0.0.1:{ca.port}/intermediate.crl" in text
    assert "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1" in text


def test_nginx_loads_everything(ca, tmp_path):
    config = f"""daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; server {{
      listen 127.0.0.1:{free_port()} ssl;
      ssl_certificate {ca.base}/server.pem; ssl_certificate_key {ca.base}/server.key;
      ssl_certificate {ca.base}/rsa.pem; ssl_certificate_key {ca.base}/rsa.key;
      ssl_client_certificate {ca.root}; ssl_crl {ca.crls}; ssl_verify_client on; ssl_verify_depth 2;
      ssl_trusted_certificate {ca.root}; ssl_stapling on; ssl_stapling_verify on; }} }}"""
    (tmp_path / "nginx.conf").write_text(config)
    done = subprocess.run([NGINX, "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 0 and "emerg" not in done.stderr and "warn" not in done.stderr, done.stderr


def test_a_bundle_is_read_by_openssl_and_by_browsers_store(ca, tmp_path):
    told = openssl("pkcs12", "-in", ca.base / "alice.p12", "-passin", "pass:sésame", "-nodes", "-info")
    assert told.count("BEGIN CERTIFICATE") == 2 and "BEGIN PRIVATE KEY" in told and "AES-256-CBC" in told
    assert "invalid password" in openssl("pkcs12", "-in", ca.base / "alice.p12", "-passin", "pass:no", "-nodes", code=1)
    store = f"sql:{tmp_path}"
    subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True, timeout=20)
    subprocess.run(["pk12util", "-i", ca.base / "alice.p12", "-d", store, "-W", "sésame"], check=True, timeout=20,
                   capture_output=True)
    shown = subprocess.run(["certutil", "-K", "-d", store], check=True, capture_output=True, text=True, timeout=20).stdout
    assert "alice@example.com" in shown


def test_rsa_authority_and_unconstrained_one(tmp_path):
    run(tmp_path, "init", "--unconstrained", "--rsa", "2048", "--no-passphrase", "--name", "Old Ltd")
    run(tmp_path, "issue", "any.example", "192.0.2.1")
    made = types.SimpleNamespace(base=tmp_path, dir=tmp_path / "ca", root=tmp_path / "ca" / "root.crt")
    verify(made, "any.example.pem", "-crl_check_all", "-CRLfile", tmp_path / "ca" / "crls.pem")
    assert "RSA" in openssl("x509", "-in", made.root, "-noout", "-text")


def test_export(ca, tmp_path):
    said = run(ca.base, "export", "--out", tmp_path / "example")
    pem = openssl("x509", "-in", tmp_path / "example.crt", "-noout", "-fingerprint", "-sha256").strip().split("=")[1]
    der = openssl("x509", "-in", tmp_path / "example.der", "-inform", "DER", "-noout", "-fingerprint", "-sha1")
    assert pem in said and der.strip().split("=")[1] in said
    assert "is there already" in run(ca.base, "export", "--out", tmp_path / "example", code=1)
    run(ca.base, "export", "--out", tmp_path / "example", "--force")


# Against the node -----------------------------------------------------------------------------------------------------

def node_with(base, tls):
    port = free_port()
    cbdir = write_config(base, router_config([
        {"type": "web", "endpoint": tcp(port, tls), "paths": {"/": {"type": "json", "value": "shown"}}}]))
    return port, Node(["--cbdir", cbdir], base, [port])


def test_curl_python_and_node_take_the_server(ca, tmp_path):
    tls = {"key": str(ca.base / "server.key"), "certificate": str(ca.base / "server.pem")}
    port, node = node_with(tmp_path, tls)
    with responder(ca.base, ca.port), node:
        for host in ("localhost", "127.0.0.1"):
            url = f"https://{host}:{port}/"
            done = subprocess.run(["curl", "-s", "--cert-status", "--cacert", ca.root, url], capture_output=True, text=True,
                                  timeout=20, check=False)
            assert done.stdout == '"shown"', done
            script = ("import ssl, urllib.request as u; "
                      f"print(u.urlopen({url!r}, context=ssl.create_default_context()).read().decode())")
            done = subprocess.run(["/usr/bin/python3", "-c", script], env=clean_env(SSL_CERT_FILE=ca.root),
                                  capture_output=True, text=True, timeout=20, check=False)
            assert done.stdout == '"shown"\n', done
            script = f"fetch({json.dumps(url)}).then(r => r.text()).then(t => console.log(t))"
            done = subprocess.run([harness.NODE_JS, "-e", script], env=clean_env(NODE_EXTRA_CA_CERTS=ca.root),
                                  capture_output=True, text=True, timeout=20, check=False)
            assert done.stdout == '"shown"\n', done


@pytest.mark.browser
def test_chromium_and_firefox_take_the_server(ca, tmp_path):
    port, node = node_with(tmp_path, {"key": str(ca.base / "server.key"), "certificate": str(ca.base / "server.pem")})
    profile = make_profile(tmp_path)
    url = f"https://localhost:{port}/"
    with node:
        with Chromium(tmp_path) as browser, pytest.raises(PageError, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.open(url)
        with Firefox(tmp_path, profile) as browser, pytest.raises(FirefoxError, match="insecure certificate"):
            browser.open(url)
        run(tmp_path, "trust", "--ca", ca.root, "--store", "chromium,firefox", env=clean_env(tmp_path))
        with Chromium(tmp_path) as browser:
            browser.open(url)
            assert "shown" in browser.run("return document.body.innerText")
        with Firefox(tmp_path, profile) as browser:
            browser.open(url)
            assert browser.run("return document.contentType") == "application/json"


def test_a_client_comes_in_until_it_is_revoked(tmp_path):
    ca = small_authority(tmp_path)
    run(tmp_path, "issue", "www.example.com")
    run(tmp_path, "issue", "bob.example.com", "--client", "--no-p12", "--out", "bob")
    tls = {"key": str(tmp_path / "www.example.com.key"), "certificate": str(tmp_path / "www.example.com.pem"),
           "ca_certificates": [str(ca.root)], "crl": [str(ca.crls)]}
    port, node = node_with(tmp_path, tls)

    def ask():
        return subprocess.run(["curl", "-s", "--cacert", ca.root, "--resolve", f"www.example.com:{port}:127.0.0.1",
                               "--cert", tmp_path / "bob.pem", "--key", tmp_path / "bob.key",
                               f"https://www.example.com:{port}/"], capture_output=True, text=True, timeout=20, check=False)

    with node:
        assert ask().stdout == '"shown"'
        run(tmp_path, "revoke", "bob.pem", "--reason", "privilegeWithdrawn")
        os.kill(node.pid, signal.SIGHUP)
        wait_for(lambda: ask().returncode != 0, "the revoked client to be refused")
    verify(ca, "bob.pem", "-crl_check", "-CRLfile", ca.crls, code=2)


def test_stapling_end_to_end(tmp_path):
    port = free_port()
    ca = small_authority(tmp_path, "--ocsp-url", f"http://127.0.0.1:{port}/")
    run(tmp_path, "issue", "www.example.com", "--out", "www")
    tls = {"key": str(tmp_path / "www.key"), "certificate": str(tmp_path / "www.pem")}
    at, node = node_with(tmp_path, tls)
    with responder(tmp_path, port, "--hours", "2"), node:
        told = openssl("s_client", "-connect", f"127.0.0.1:{at}", "-servername", "www.example.com", "-status", "-CAfile",
                       ca.root, stdin="")
        assert "Cert Status: good" in told and "OCSP Response Status: successful" in told
        run(tmp_path, "revoke", "www.pem", "--reason", "keyCompromise")
    shutil.rmtree(tmp_path / ".crossbar" / "ocsp-cache")
    with responder(tmp_path, port), node:
        node.wait_log("THE CERTIFICATE IS REVOKED since .*, reason keyCompromise")


# OCSP -----------------------------------------------------------------------------------------------------------------

def ask_ocsp(ca, *question, code=0):
    return openssl("ocsp", "-url", f"http://127.0.0.1:{ca.port}/", "-issuer", ca.dir / "intermediate.crt", "-CAfile", ca.root,
                   *question, code=code)


def test_openssl_asks_the_responder(ca):
    run(ca.base, "issue", "lost.example.com", "--out", "lost")
    with responder(ca.base, ca.port):
        for digest in ("-sha1", "-sha256"):
            told = ask_ocsp(ca, digest, "-cert", ca.base / "server.pem")
            assert "Response verify OK" in told and "server.pem: good" in told and "nonce" not in told, told
        assert "lost.pem: good" in ask_ocsp(ca, "-cert", ca.base / "lost.pem")
        run(ca.base, "revoke", serial_of(ca.base / "lost.pem").lower(), "--reason", "superseded")
        told = ask_ocsp(ca, "-cert", ca.base / "lost.pem")
        assert "lost.pem: revoked" in told and "Reason: superseded" in told
        assert "0x1234: unknown" in ask_ocsp(ca, "-serial", "0x1234")
        several = ask_ocsp(ca, "-cert", ca.base / "server.pem", "-cert", ca.base / "lost.pem", "-cert", ca.base / "rsa.pem")
        assert "server.pem: good" in several and "lost.pem: revoked" in several and "rsa.pem: good" in several


def test_the_responder_serves_lists_and_survives_nonsense(ca):
    url = f"http://127.0.0.1:{ca.port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with responder(ca.base, ca.port):
        for name in ("intermediate.crl", "root.crl"):
            with opener.open(f"{url}/{name}", timeout=10) as answer:
                assert answer.headers["Content-Type"] == "application/pkix-crl"
                assert answer.read() == (ca.dir / name).read_bytes()
        for body in (b"x", b"0\x82", bytes(100_000)):
            with opener.open(urllib.request.Request(url + "/", data=body), timeout=10) as answer:
                assert answer.read() == b"0\x03\n\x01\x01", "malformedRequest"
        for path in ("/", "/root.key", "/../ca/root.key", "/intermediate.key", "/certificates/"):
            with pytest.raises(urllib.error.HTTPError, match="40[04]"):
                opener.open(url + path, timeout=10)
        assert "server.pem: good" in ask_ocsp(ca, "-cert", ca.base / "server.pem")
    assert "Address already in use" in taken_port(ca)


def test_requests_in_addresses(ca, tmp_path):
    """Base64 has slashes, which some clients encode and some do not."""
    slash = b""
    while b"/" not in slash or b"+" not in slash:
        openssl("ocsp", "-issuer", ca.dir / "intermediate.crt", "-cert", ca.base / "server.pem", "-reqout", tmp_path / "q")
        slash = base64.b64encode((tmp_path / "q").read_bytes())
    encoded = urllib.parse.quote(slash, safe="")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with responder(ca.base, ca.port):
        for target in (encoded, slash.decode()):
            with opener.open(f"http://127.0.0.1:{ca.port}/{target}", timeout=10) as answer:
                (tmp_path / "a").write_bytes(answer.read())
            told = openssl("ocsp", "-no_nonce", "-respin", tmp_path / "a", "-issuer", ca.dir / "intermediate.crt",
                           "-CAfile", ca.root, "-cert", ca.base / "server.pem")
            assert "Response verify OK" in told and "server.pem: good" in told


def taken_port(ca):
    with responder(ca.base, ca.port):
        return run(ca.base, "ocsp", "--port", ca.port, code=1)


# Requests of others ---------------------------------------------------------------------------------------------------

def make_request(path, subject, *more, key="ec"):
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", key]
    openssl("req", "-new", *new, "-nodes", "-keyout", f"{path}.key", "-out", f"{path}.csr", "-subj", subject, *more)
    return f"{path}.csr"


def test_sign_takes_names_only(ca, tmp_path):
    request = make_request(tmp_path / "www", "/O=Bank/CN=other.example.com", "-addext",
                           "subjectAltName=DNS:www.example.com,IP:10.1.2.3", "-addext",
                           "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
    said = run(ca.base, "sign", request, "--out", tmp_path / "www", code=1)
    assert "DNS:www.example.com,IP:10.1.2.3" in said and "--yes" in said and not (tmp_path / "www.pem").exists()
    run(ca.base, "sign", request, "--out", tmp_path / "www", "--yes")
    verify(ca, tmp_path / "www.pem", "-purpose", "sslserver")
    text = openssl("x509", "-in", tmp_path / "www.pem", "-noout", "-text")
    assert "CA:FALSE" in text and "Certificate Sign" not in text and "Bank" not in text and "other.example" not in text
    run(tmp_path, "sign", "www.csr", "--dir", ca.dir, "--yes", "--client", "--days", "900", code=1)
    run(tmp_path, "sign", "www.csr", "--dir", ca.dir, "--yes", "--client", "--days", "900", "--force")
    with open(request, encoding="ascii") as pipe:
        run(ca.base, "sign", "-", "--yes", "--out", tmp_path / "piped", stdin=pipe.read())


def test_requests_that_are_not_signed(ca, tmp_path):
    before = len(listed(ca.base))
    forged = pathlib.Path(make_request(tmp_path / "forged", "/CN=www.example.com"))
    der = subprocess.run(["openssl", "req", "-in", forged, "-outform", "DER"], check=True, capture_output=True).stdout
    forged.write_bytes(der.replace(b"www.example.com", b"wwx.example.com"))
    assert "not signed by its own key" in run(ca.base, "sign", forged, "--yes", code=1)
    outside = make_request(tmp_path / "outside", "/CN=www.example.org")
    assert 'cannot vouch for "www.example.org"' in run(ca.base, "sign", outside, "--yes", code=1)
    weak = make_request(tmp_path / "weak", "/CN=www.example.com", key="rsa:1024")
    assert "RSA 1024" in run(ca.base, "sign", weak, "--yes", code=1)
    (tmp_path / "garbage").write_bytes(os.urandom(500))
    assert "no request for a certificate" in run(ca.base, "sign", tmp_path / "garbage", "--yes", code=1)
    assert len(listed(ca.base)) == before


# Bad input ------------------------------------------------------------------------------------------------------------

def test_init_wants_limits_or_a_word(tmp_path):
    assert "--unconstrained" in run(tmp_path, "init", "--no-passphrase", code=1)
    assert "one of the two" in run(tmp_path, "init", "--no-passphrase", "--unconstrained", "--permit", "a", code=1)
    assert "for a server, not for a port" in run(tmp_path, "init", "--no-passphrase", "--permit", "a.example:443", code=1)
    assert "http://" in run(tmp_path, "init", "--no-passphrase", "--permit", "a", "--ocsp-url", "https://a/", code=1)
    alone = subprocess.run([harness.BINARY, "ca", "init", "--permit", "a"], cwd=tmp_path, capture_output=True, text=True,
                           timeout=20, start_new_session=True, check=False)  # without a terminal
    assert alone.returncode == 1 and "there is no terminal to ask" in alone.stderr
    assert "No such file" in run(tmp_path, "init", "--no-passphrase", "--permit", "a", "--dir", "x/y/ca", code=1)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(ca):
    before = ca.root.read_bytes()
    assert "not overwritten" in run(ca.base, "init", "--permit", "a", "--no-passphrase", code=1)
    assert ca.root.read_bytes() == before
    assert "is there already" in run(ca.base, "issue", "localhost", "--out", "server", code=1)
    assert "there is no authority" in run(ca.base, "issue", "localhost", "--dir", "none", code=1)


def test_the_passphrase_of_the_root(tmp_path):
    (tmp_path / "right").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("battery staple\n")
    run(tmp_path, "init", "--permit", "example.com", "--passphrase-file", "right")
    assert "ENCRYPTED PRIVATE KEY" in (tmp_path / "ca" / "root.key").read_text()
    run(tmp_path, "issue", "www.example.com")
    before = (tmp_path / "ca" / "root.crl").read_bytes()
    assert "the passphrase is wrong" in run(tmp_path, "crl", "--root", "--passphrase-file", "wrong", code=1)
    assert (tmp_path / "ca" / "root.crl").read_bytes() == before
    run(tmp_path, "crl", "--root", "--passphrase-file", "right", "--out", "fresh.crl")
    assert (tmp_path / "fresh.crl").read_bytes() == (tmp_path / "ca" / "root.crl").read_bytes() != before
    openssl("pkey", "-in", tmp_path / "ca" / "root.key", "-passin", "pass:correct horse", "-noout")
    (tmp_path / "ca" / "root.key").rename(tmp_path / "stick")
    run(tmp_path, "issue", "again.example.com")
    run(tmp_path, "revoke", "again.example.com.pem")
    assert "bring it back" in run(tmp_path, "crl", "--root", "--passphrase-file", "right", code=1)


def test_names_outside_the_limits(ca):
    before = len(listed(ca.base))
    for name in ("example.org", "11.0.0.1", "eve@example.org"):
        assert f'cannot vouch for "{name}": it is limited to' in run(ca.base, "issue", "localhost", name, code=1)
    assert "for a server, not for a port" in run(ca.base, "issue", "localhost:443", code=1)
    assert "825" in run(ca.base, "issue", "localhost", "--days", "826", "--out", "x", code=1)
    assert len(listed(ca.base)) == before


def test_an_expired_authority(ca):
    said = run(ca.base, "issue", "localhost", "--out", "late", code=1, env=shifted("+3651d"))
    assert "the authority has expired on 20" in said and "transom ca init" in said
    assert "set the clock" in run(ca.base, "issue", "localhost", "--out", "late", code=1, env=shifted("-2d"))
    said = run(ca.base, "issue", "localhost", "--out", "late", "--days", "825", env=shifted("+3600d"))
    assert "the end of the authority" in said
    assert not [path for path in ca.base.iterdir() if path.name.startswith(".late")]


def test_revoking_what_is_not_ours(ca, pki):
    assert "was not issued by the authority" in run(ca.base, "revoke", pki / "ecdsa.pem", code=1)
    assert "no certificate with the serial number 0123" in run(ca.base, "revoke", "01:23", code=1)
    assert "there is no file nothing.pem" in run(ca.base, "revoke", "nothing.pem", code=1)
    run(ca.base, "revoke", "01", "--reason", "boredom", code=2)


def test_a_revocation_that_was_cut_off_is_finished_by_the_next(ca):
    run(ca.base, "issue", "twice.example.com", "--out", "twice")
    run(ca.base, "revoke", "twice.pem")
    (ca.base / "ca" / "intermediate.crl").unlink()
    assert "that is recorded" in run(ca.base, "revoke", "twice.pem", code=1)
    shutil.copy(ca.base / "ca" / "root.crl", ca.base / "ca" / "intermediate.crl")
    assert "already" in run(ca.base, "revoke", "twice.pem"), "the list is made anew"
    assert serial_of(ca.base / "twice.pem").lower() in subprocess.run(
        ["openssl", "crl", "-noout", "-text", "-in", ca.base / "ca" / "crls.pem"], capture_output=True, text=True,
        check=True).stdout.lower()


def test_a_directory_that_is_closed():
    """As a user who may not write; root may write anywhere."""
    base = pathlib.Path(tempfile.mkdtemp())
    try:
        run(base, "init", "--permit", "example.com", "--no-passphrase")
        (base / "closed").mkdir()
        who = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if who:
            for path in [base, *base.rglob("*")]:
                os.chown(path, 65534, 65534)
        (base / "closed").chmod(0o500)

        def refused(*arguments):
            done = subprocess.run([harness.BINARY, "ca", *arguments], cwd=base, capture_output=True, text=True, timeout=20,
                                  check=False, **who)
            assert done.returncode == 1, done
            return done.stderr

        assert "Permission denied" in refused("init", "--dir", "closed/ca", "--permit", "a", "--no-passphrase")
        assert "closed" in refused("issue", "www.example.com", "--out", "closed/www")
        (base / "ca" / "certificates").chmod(0o500)
        assert "Permission denied" in refused("issue", "www.example.com")
        assert not (base / "www.example.com.key").exists() and not any((base / "closed").iterdir())
        (base / "ca" / "certificates").chmod(0o700)
    finally:
        shutil.rmtree(base)


# Crashes, full disks, many at once ------------------------------------------------------------------------------------

def assert_whole(base):
    """Every file of the authority is whole, and every certificate that is outside is recorded."""
    ca = types.SimpleNamespace(base=base, dir=base / "ca", root=base / "ca" / "root.crt")
    recorded = {row["serial"] for row in listed(base)}
    for path in (base / "ca" / "certificates").glob("*.crt"):
        verify(ca, path)
    for chain in base.glob("*.pem"):
        assert serial_of(chain) in recorded
        key = pathlib.Path(str(chain).removesuffix(".pem") + ".key")
        if key.exists():
            assert openssl("pkey", "-in", key, "-pubout") == openssl("x509", "-in", chain, "-noout", "-pubkey")
    for key in base.glob("*.key"):
        openssl("pkey", "-in", key, "-noout")
    return recorded


def test_killed_at_any_moment(tmp_path):
    small_authority(tmp_path)
    began = time.monotonic()
    run(tmp_path, "issue", "whole.example.com")
    whole = time.monotonic() - began
    for i in range(24):
        process = subprocess.Popen([harness.BINARY, "ca", "issue", f"n{i}.example.com"], cwd=tmp_path,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(whole * (i + 1) / 20)  # not a wait for something: the moment of the crash
        process.kill()
        process.wait()
    assert_whole(tmp_path)
    run(tmp_path, "issue", "after.example.com")
    run(tmp_path, "crl")


def test_init_killed_at_any_moment(tmp_path):
    for i in range(12):
        base = tmp_path / str(i)
        base.mkdir()
        process = subprocess.Popen([harness.BINARY, "ca", "init", "--permit", "example.com", "--no-passphrase"], cwd=base,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.005 * (i + 1) * harness.PATIENCE)
        process.kill()
        process.wait()
        if not (base / "ca").exists():
            run(base, "init", "--permit", "example.com", "--no-passphrase")
        assert not list(base.glob(".ca.*")), "what was left is removed by the next one"
        run(base, "issue", "www.example.com")


def limited(base, octets, *arguments):
    """Runs a command for which the disk is full after so many octets of a file."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))

    with open(base / "limited.out", "wb"):
        pass
    return subprocess.run([harness.BINARY, "ca", *arguments], cwd=base, capture_output=True, text=True, timeout=30,
                          preexec_fn=limit, restore_signals=False, check=False)


def test_the_disk_is_full_in_the_middle(tmp_path):
    small_authority(tmp_path)
    # A key has about 240 octets, a certificate 900, a chain 1,800, a .p12 2,000.
    outcomes = []
    for octets in (0, 100, 300, 800, 1000, 1500, 4000):
        before = {row["serial"] for row in listed(tmp_path)}
        done = limited(tmp_path, octets, "issue", "www.example.com", "--out", f"n{octets}")
        outcomes.append(done.returncode)
        if done.returncode == 0:
            continue
        assert done.returncode == 1 and "File too large" in done.stderr, done
        assert {row["serial"] for row in listed(tmp_path)} == before, "nothing left, so nothing stays recorded"
        assert not list(tmp_path.glob(f"*n{octets}*")) and not list((tmp_path / "ca").rglob("*.new"))
    assert outcomes[0] == 1 and outcomes[-1] == 0 and outcomes == sorted(outcomes, reverse=True)
    assert_whole(tmp_path)
    for octets in (0, 300, 600):
        done = limited(tmp_path, octets, "init", "--dir", "other", "--permit", "a", "--no-passphrase")
        assert done.returncode == 1 and "File too large" in done.stderr
        assert not list(tmp_path.glob("other*")) and not list(tmp_path.glob(".other*"))


def test_a_real_full_disk(tmp_path):
    """On a file system of 64 KiB, in name spaces of our own."""
    script = f"""set -e; mount -t tmpfs -o size=64k none {tmp_path}; cd {tmp_path}
{harness.BINARY} ca init --permit example.com --no-passphrase >/dev/null
i=0; while {harness.BINARY} ca issue n$i.example.com >/dev/null 2>said; do i=$((i+1)); [ $i -lt 50 ]; done
cat said; ls ca/certificates | wc -l; ls *.pem | wc -l; ls *.key | wc -l; find . -name '*.new' -o -name '.n*' | wc -l"""
    # `said` is made before the disk is full, so that there is a block for it.
    script = script.replace("i=0;", "head -c 512 /dev/zero > said; i=0;")
    done = subprocess.run(["unshare", "-rm", "bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("this machine lets nobody make name spaces; the test before this one limits files instead")
    said, *counts = done.stdout.strip().rsplit("\n", 4)
    recorded, chains, keys, left = map(int, counts)
    assert "No space left on device" in said, done
    assert recorded == chains == keys > 0 and left == 0


def test_many_at_once(tmp_path):
    small_authority(tmp_path)
    said = []

    def issue(name):
        said.append(transom("ca", "issue", f"{name}.example.com", cwd=tmp_path))

    threads = [threading.Thread(target=issue, args=(f"n{i // 2}",)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each name was asked for twice: one of the two was first.
    assert sorted(done.returncode for done in said) == [0] * 6 + [1] * 6, said
    recorded = assert_whole(tmp_path)
    assert len(recorded) == 6 == len(list(tmp_path.glob("*.pem"))) == len(list(tmp_path.glob("*.key")))


def test_two_authorities_at_once(tmp_path):
    processes = [subprocess.Popen([harness.BINARY, "ca", "init", "--permit", "a", "--no-passphrase"], cwd=tmp_path,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    codes = sorted([process.wait(30) for process in processes])
    assert codes == [0, 1, 1, 1, 1], [process.stderr.read() for process in processes]
    for process in processes:
        process.stderr.close()
    run(tmp_path, "issue", "a")


def test_lists_and_their_numbers(tmp_path):
    ca = small_authority(tmp_path)

    def number():
        return int(openssl("crl", "-in", ca.dir / "intermediate.crl", "-inform", "DER", "-noout", "-crlnumber").strip()
                   .split("=")[1], 16)

    seen = [number()]
    for _ in range(3):
        run(tmp_path, "crl", "--days", "2")
        seen.append(number())
    assert seen == sorted(set(seen)), "each is larger than the one before"
    run(tmp_path, "crl", "--out", "public.pem")
    assert (tmp_path / "public.pem").read_text().count("BEGIN X509 CRL") == 2
    assert "is there already" in run(tmp_path, "crl", "--out", "public.pem", code=1)
    run(tmp_path, "crl", "--out", "public.pem", "--force")
