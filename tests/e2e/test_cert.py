"""`transom cert ...`: what the commands write is judged by openssl, nginx, curl and a node; and bad input."""
import functools
import json
import os
import pathlib
import pty
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest

import harness
from conftest import openssl
from harness import Node, free_port, router_config, tcp, wait_for, write_config

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@pytest.fixture
def cert(tmp_path):
    """Runs `transom cert ...` in a directory of its own."""
    return functools.partial(harness.transom, "cert", cwd=tmp_path)


def good(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bad(done, *parts, code=1):
    """Refused with one clear line."""
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.startswith("transom cert"), done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr
    return done.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def text_of(file, kind="x509"):
    return openssl(kind, "-in", file, "-noout", "-text").stdout.decode()


def shown(cert, file, *arguments):
    return json.loads(good(cert("show", file, "--json", *arguments)))


def wrong_with(cert, file, *arguments):
    return " ".join(fault for one in shown(cert, file, *arguments) for fault in one["wrong"])


@pytest.fixture(scope="session")
def heap(tmp_path_factory, pki):
    """The leaf of `pki` and those above it, in the forms in which authorities hand them out."""
    base = tmp_path_factory.mktemp("heap")
    for name in ("ecdsa", "rsa", "intermediate", "root"):
        shutil.copy(pki / f"{name}.pem", base / f"{name}.pem")
        shutil.copy(pki / f"{name}.key", base / f"{name}.key")
        openssl("x509", "-in", pki / f"{name}.pem", "-outform", "DER", "-out", base / f"{name}.der")
    openssl("crl2pkcs7", "-nocrl", "-certfile", pki / "root.pem", "-certfile", pki / "intermediate.pem", "-outform", "DER",
            "-out", base / "above.p7b")
    openssl("crl2pkcs7", "-nocrl", "-certfile", pki / "intermediate.pem", "-out", base / "above.p7b.pem")
    openssl("pkcs12", "-export", "-inkey", pki / "ecdsa.key", "-in", pki / "ecdsa.pem", "-certfile", pki / "intermediate.pem",
            "-passout", "pass:secret", "-out", base / "all.pfx")
    openssl("ec", "-aes128", "-passout", "pass:secret", "-in", pki / "ecdsa.key", "-out", base / "sealed.key")
    openssl("rsa", "-aes128", "-traditional", "-passout", "pass:secret", "-in", pki / "rsa.key", "-out", base / "sealed_rsa.key")
    (base / "passphrase").write_text("secret\n")
    os.chmod(base / "passphrase", 0o600)
    return base


class Nginx:
    """nginx with one server block."""

    def __init__(self, base, lines):
        self.base, self.port = base, free_port()
        (base / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {base}/nginx.pid; error_log stderr;\n"
            f"events {{}} http {{ access_log off; client_body_temp_path {base}; proxy_temp_path {base};\n"
            f"fastcgi_temp_path {base}; uwsgi_temp_path {base}; scgi_temp_path {base};\n"
            f"server {{ listen 127.0.0.1:{self.port} ssl; {lines} location / {{ return 200 hello; }} }} }}\n")
        self.command = [NGINX, "-e", "stderr", "-c", base / "nginx.conf"]

    def __enter__(self):
        subprocess.run([*self.command, "-t"], check=True, capture_output=True)
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        wait_for(lambda: harness.accepts(self.port), "nginx to listen")
        return self.port

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def curl(port, ca, host="localhost"):
    return subprocess.run(["curl", "-sS", "--cacert", ca, "--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/"],
                          capture_output=True, text=True, timeout=20, check=False)


# ---------------------------------------------------------------- self-signed

@pytest.mark.parametrize("arguments,kind", [([], "id-ecPublicKey"), (["--rsa", "2048"], "rsaEncryption")])
def test_self_signed_is_right_by_todays_rules(cert, tmp_path, arguments, kind):
    out = good(cert("self-signed", "host.example", "*.host.example", "127.0.0.1", "::1", *arguments))
    key, certificate = tmp_path / "host.example.key", tmp_path / "host.example.pem"
    assert names(tmp_path) == [key.name, certificate.name]
    assert (mode(key), mode(certificate)) == (0o600, 0o644)
    fingerprint = openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").stdout.decode().split("=")[1]
    assert fingerprint.strip() in out and f'"key": "{key}"' in out
    text = text_of(certificate)
    for part in (kind, "DNS:host.example, DNS:*.host.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1", "CA:FALSE",
                 "TLS Web Server Authentication", "Digital Signature", "Subject Key Identifier", "Authority Key Identifier"):
        assert part in text
    for host in (["-verify_hostname", "a.host.example"], ["-verify_ip", "127.0.0.1"]):
        openssl("verify", "-x509_strict", "-purpose", "sslserver", *host, "-CAfile", certificate, certificate)
    assert not wrong_with(cert, certificate) and not wrong_with(cert, key)
    nginx = Nginx(tmp_path, f"ssl_certificate {certificate}; ssl_certificate_key {key};")
    with nginx as port:
        assert curl(port, certificate, "host.example").stdout == "hello"
        assert curl(port, certificate, "other.example").returncode == 60


def test_self_signed_with_a_key_that_is_there(cert, tmp_path):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-outform", "DER", "-out", tmp_path / "my.der")
    good(cert("self-signed", "a.example", "--key", "my.der", "--days", "7", "--out", "x"))
    assert names(tmp_path) == ["my.der", "x.pem"]
    assert "secp384r1" in text_of(tmp_path / "x.pem")
    bad(cert("self-signed", "a.example", "--key", "my.der", "--rsa", "2048"), "give one of them")
    bad(cert("self-signed", "a.example", "--key", "x.pem", "--out", "y"), "x.pem is no private key")
    openssl("genrsa", "-out", tmp_path / "short.key", "1024")
    bad(cert("self-signed", "a.example", "--key", "short.key", "--out", "y"), "An RSA key of 1024 bits is not safe")
    assert "825" in good(cert("self-signed", "a.example", "--key", "my.der", "--days", "3650", "--out", "long"))
    assert "Apple's programs take at most 825" in wrong_with(cert, "long.pem")


@pytest.mark.parametrize("name,remedy", [
    ("host.example:443", 'a certificate is for a server, not for a port: give "host.example"'),
    ("https://host.example/", "give its name alone"), ("joe@host.example", "mail address"), ("a b", "letters, digits"),
    ("a_b.example", "underscore"), ("*.com", "wildcard"), ("bücher.example", "xn--"), ("1.2.3.4.5", "IP address")])
def test_names_that_are_none(cert, tmp_path, name, remedy):
    bad(cert("self-signed", name), remedy)
    assert names(tmp_path) == []


def test_without_a_name(cert, tmp_path):
    bad(cert("self-signed"), "no name is given")
    bad(cert("request"), "no name is given")
    assert names(tmp_path) == []


# ---------------------------------------------------------------- request

def test_a_request_becomes_a_certificate(cert, tmp_path, pki):
    out = good(cert("request", "host.example", "192.0.2.7", "--out", "r"))
    assert "DNS:host.example,IP:192.0.2.7" in out
    text = text_of(tmp_path / "r.csr", "req")
    assert "DNS:host.example, IP Address:192.0.2.7" in text
    openssl("req", "-in", tmp_path / "r.csr", "-verify", "-noout")
    facts = shown(cert, "r.csr")[0]
    assert facts["wrong"] == [] and {"label": "names", "value": "DNS:host.example,IP:192.0.2.7"} in facts["facts"]
    openssl("x509", "-req", "-in", tmp_path / "r.csr", "-CA", pki / "intermediate.pem", "-CAkey", pki / "intermediate.key",
            "-set_serial", "77", "-days", "30", "-copy_extensions", "copy", "-out", tmp_path / "r.pem")
    openssl("verify", "-CAfile", pki / "root.pem", "-untrusted", pki / "intermediate.pem", tmp_path / "r.pem")


def test_a_request_under_a_passphrase(cert, tmp_path, heap):
    good(cert("request", "a.example", "--passphrase-file", heap / "passphrase", "--out", "f"))
    good(cert("request", "a.example", "--passphrase-env", "PW", "--out", "e", env=harness.clean_env(PW="secret")))
    for name in ("f", "e"):
        openssl("pkey", "-in", tmp_path / f"{name}.key", "-passin", "pass:secret", "-noout")
        assert "ENCRYPTED" in (tmp_path / f"{name}.key").read_text()
    good(cert("request", "a.example", "--key", "f.key", "--passphrase-file", heap / "passphrase", "--out", "again"))
    (tmp_path / "long").write_text("x" * 1025)
    (tmp_path / "blank").write_text("\nsecret\n")
    before = names(tmp_path)
    bad(cert("request", "a.example", "--passphrase-file", "long", "--out", "n"), "more than 1024 octets")
    bad(cert("request", "a.example", "--passphrase-file", "blank", "--out", "n"), "first line of blank is empty")
    bad(cert("request", "a.example", "--passphrase-env", "PW", "--out", "n"), "PW of the passphrase is not set")
    bad(cert("request", "a.example", "--key", "f.key", "--passphrase-file", "long", "--out", "n"), "1024")
    (tmp_path / "long").write_text("wrong")
    bad(cert("request", "a.example", "--key", "f.key", "--passphrase-file", "long", "--out", "n"), "the passphrase is wrong")
    assert names(tmp_path) == before


class Terminal:
    """A command with a terminal of its own, at which the test types."""

    def __init__(self, cwd, *arguments):
        self.pid, self.device = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(cwd)
            os.execv(harness.BINARY, ["transom", "cert", *map(str, arguments)])
        self.seen = b""

    def type(self, question, answer):
        def asked():
            self.seen += os.read(self.device, 4096)
            return question in self.seen
        wait_for(asked, question)
        self.seen = self.seen.split(question)[1]
        os.write(self.device, answer)

    def end(self):
        try:
            while piece := os.read(self.device, 4096):
                self.seen += piece
        except OSError:
            pass  # how a terminal says that nobody is there any more
        _, status = os.waitpid(self.pid, 0)
        os.close(self.device)
        return status, self.seen.decode()


def test_the_terminal_is_asked_and_shows_nothing(tmp_path):
    terminal = Terminal(tmp_path, "request", "a.example", "--encrypt")
    terminal.type(b"New passphrase for a.example.key: ", b"open sesame\n")
    terminal.type(b"The same again: ", b"open sesame\n")
    status, seen = terminal.end()
    assert status == 0 and "sesame" not in seen
    openssl("pkey", "-in", tmp_path / "a.example.key", "-passin", "pass:open sesame", "-noout")
    terminal = Terminal(tmp_path, "strip-passphrase", "a.example.key")
    terminal.type(b"Passphrase of a.example.key: ", b"open sesame\n")
    assert terminal.end()[0] == 0
    openssl("pkey", "-in", tmp_path / "a.example_plain.key", "-passin", "pass:", "-noout")


@pytest.mark.parametrize("first,second,complaint", [
    (b"one\n", b"two\n", "the two passphrases differ"), (b"\n", None, "is empty"), (b"\x04", None, "no passphrase was typed"),
    (b"\x03", None, None)])
def test_giving_up_at_the_terminal(tmp_path, first, second, complaint):
    terminal = Terminal(tmp_path, "request", "a.example", "--encrypt")
    terminal.type(b"New passphrase for a.example.key: ", first)
    if second:
        terminal.type(b"The same again: ", second)
    status, seen = terminal.end()
    assert names(tmp_path) == []
    if complaint:
        assert os.waitstatus_to_exitcode(status) == 1 and complaint in seen
    else:
        assert os.WTERMSIG(status) == signal.SIGINT


def test_without_a_terminal_the_remedy_is_said(cert, heap, tmp_path):
    done = cert("strip-passphrase", heap / "sealed.key", "--out", "x")  # has no controlling terminal in a test run
    if "no terminal" not in done.stderr:
        done = subprocess.run(["setsid", "-w", str(harness.BINARY), "cert", "strip-passphrase", str(heap / "sealed.key"), "--out", "x"],
                              capture_output=True, text=True, cwd=tmp_path, timeout=20, check=False)
    bad(done, "--passphrase-file FILE or --passphrase-env NAME")
    assert names(tmp_path) == []


# ---------------------------------------------------------------- show

def test_show_says_what_each_kind_is(cert, tmp_path, heap, pki):
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", tmp_path / "dh.pem")
    expected = {
        heap / "ecdsa.pem": ["certificate CN=localhost"], heap / "ecdsa.der": ["certificate CN=localhost"],
        heap / "root.der": ["root certificate CN=Test root"], pki / "ecdsa.csr": ["request for a certificate"],
        pki / "ecdsa_chain.pem": ["certificate CN=localhost", "intermediate certificate CN=Test intermediate"],
        heap / "above.p7b": ["root certificate CN=Test root", "intermediate certificate CN=Test intermediate"],
        heap / "ecdsa.key": ["private key, ECDSA P-256"], heap / "sealed.key": ["private key under a passphrase"],
        heap / "all.pfx": ["private key under a passphrase"], tmp_path / "dh.pem": ["Diffie-Hellman parameters of 2048 bits"]}
    for file, titles in expected.items():
        assert [one["title"] for one in shown(cert, file)] == titles, file
    opened = shown(cert, heap / "all.pfx", "--passphrase-file", heap / "passphrase")
    assert [one["kind"] for one in opened] == ["key", "certificate", "certificate"]
    assert shown(cert, heap / "sealed_rsa.key", "--passphrase-file", heap / "passphrase")[0]["title"] == "private key, RSA 2048"
    text = good(cert("show", heap / "ecdsa.pem"))
    assert "names         localhost, 127.0.0.1, ::1" in text and "issuer        CN=Test intermediate" in text
    piped = cert("show", "-", stdin=(heap / "ecdsa.pem").read_text())
    assert good(piped) == text


def test_show_a_revocation_list(cert, tmp_path, pki):
    (tmp_path / "index").write_text("R\t300101000000Z\t260101000000Z,keyCompromise\tABCD\tunknown\t/CN=x\n")
    (tmp_path / "ca.cnf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={tmp_path}/index\ndefault_md=sha256\n")
    for name, span in (("good", ["-crldays", "5"]), ("old", ["-crl_lastupdate", "20250101000000Z", "-crl_nextupdate", "20250201000000Z"])):
        openssl("ca", "-config", tmp_path / "ca.cnf", "-gencrl", "-cert", pki / "root.pem", "-keyfile", pki / "root.key", *span,
                "-out", tmp_path / f"{name}.crl")
    one = shown(cert, "good.crl")[0]
    assert one["title"] == "revocation list of 1 certificate" and one["wrong"] == []
    assert {"label": "revoked", "value": "ABCD on 2026-01-01 00:00 UTC"} in one["facts"]
    assert "out of date" in wrong_with(cert, "old.crl")


def test_show_says_what_is_wrong(cert, tmp_path, pki, heap):
    """The recipe of 2014: a common name only, an authority by the way, 1024 bits, SHA-1, ten years."""
    openssl("req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-days", "3650", "-subj", "/CN=localhost", "-keyout",
            tmp_path / "old.key", "-out", tmp_path / "old.pem")
    wrong = wrong_with(cert, "old.pem")
    for part in ("no subject alternative name", "1024 bits", "Apple's programs take at most 825", "CA:TRUE", "does not say what it is for",
                 "signed with SHA-1"):
        assert part in wrong
    openssl("x509", "-req", "-in", pki / "ecdsa.csr", "-sha1", "-CA", pki / "root.pem", "-CAkey", pki / "root.key", "-set_serial", "5",
            "-days", "1", "-copy_extensions", "copy", "-out", tmp_path / "sha1.pem")
    assert "signed with SHA-1" in wrong_with(cert, "sha1.pem")
    subprocess.run(["faketime", "-40 days", "openssl", "req", "-x509", "-key", pki / "ecdsa.key", "-subj", "/CN=x", "-days", "1", "-addext",
                    "subjectAltName=DNS:x.example", "-out", tmp_path / "expired.pem"], check=True, capture_output=True)
    assert "It expired" in wrong_with(cert, "expired.pem")
    (tmp_path / "disorder.pem").write_text((pki / "intermediate.pem").read_text() + (pki / "ecdsa.pem").read_text())
    assert "transom cert bundle" in wrong_with(cert, "disorder.pem")
    (tmp_path / "foreign.pem").write_text((pki / "rsa.key").read_text() + (pki / "ecdsa.pem").read_text())
    assert "It belongs to none of the certificates" in wrong_with(cert, "foreign.pem")
    openssl("dhparam", "-out", tmp_path / "dh.pem", "512")
    assert "512 bits are too few" in wrong_with(cert, "dh.pem")
    # A request that was changed on the way.
    openssl("req", "-in", pki / "ecdsa.csr", "-outform", "DER", "-out", tmp_path / "r.der")
    forged = (tmp_path / "r.der").read_bytes().replace(b"localhost", b"otherhost")
    (tmp_path / "r.der").write_bytes(forged)
    assert "not signed by its own key" in wrong_with(cert, "r.der")


def test_show_moves_no_cursor(cert, tmp_path):
    """What a stranger writes into a certificate does not reach the terminal as it is."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "k", "-utf8",
            "-subj", "/CN=a\x1b[2Jb\u009b", "-addext", "subjectAltName=DNS:a\x1b[31m,email:x\u009bx", "-out", tmp_path / "c.pem")
    text = good(cert("show", "c.pem"))
    assert "\x1b" not in text and "\u009b" not in text and "\\1B" in text


def test_garbage_of_all_sorts(cert, tmp_path, pki):
    pem = (pki / "ecdsa.pem").read_text()
    (tmp_path / "empty").touch()
    (tmp_path / "random").write_bytes(os.urandom(5000))
    (tmp_path / "cut.pem").write_text(pem[:300])
    (tmp_path / "damaged.pem").write_text(pem.replace("M", "N", 3))
    (tmp_path / "second.pem").write_text(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "unknown.pem").write_text("-----BEGIN PIZZA-----\nAAAA\n-----END PIZZA-----\n")
    (tmp_path / "many.pem").write_text("-----BEGIN PIZZA-----\n" * 300)
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(5 << 30)
    os.mkfifo(tmp_path / "pipe")
    expected = {"empty": "is empty", "random": "neither in PEM nor in DER", "cut.pem": "has no END line", "damaged.pem": "block 1",
                "second.pem": 'block 2 ("CERTIFICATE") is damaged', "unknown.pem": '"PIZZA"', "many.pem": "more than 256 objects",
                "huge": "longer than 1024 KiB", "pipe": "nobody wrote into it", ".": "is a directory", "missing": "No such file",
                "/dev/zero": "longer than 1024 KiB"}
    for file, complaint in expected.items():
        bad(cert("show", file), complaint)
        bad(cert("bundle", file, "--out", "out.pem"), complaint)
        bad(cert("verify", "--certificate", file), complaint)
    assert not (tmp_path / "out.pem").exists()


# ---------------------------------------------------------------- verify

def test_verify_a_good_pair(cert, pki):
    out = good(cert("verify", "--key", pki / "ecdsa.key", "--certificate", pki / "ecdsa_chain.pem", "--ca", pki / "root.pem",
                    "--name", "localhost"))
    assert "Transom:  takes it" in out and "Browsers: take it" in out
    good(cert("verify", "--certificate", pki / "ecdsa_chain.pem", "--ca", pki / "root.pem", "--name", "127.0.0.1"))
    answer = json.loads(good(cert("verify", "--key", pki / "rsa.key", "--certificate", pki / "rsa_chain.pem", "--ca",
                                  pki / "root.pem", "--json")))
    assert answer["ok"] and answer["server"]["ok"] and answer["browsers"]["ok"]


def test_verify_says_who_refuses_and_why(cert, pki, heap, tmp_path):
    def refused(*arguments):
        done = cert("verify", *arguments, "--json")
        assert done.returncode == 1, done.stdout
        answer = json.loads(done.stdout)
        return answer.get("server", {}).get("wrong"), " ".join(answer["browsers"]["wrong"])
    chain, ca = ["--certificate", pki / "ecdsa_chain.pem"], ["--ca", pki / "root.pem"]
    assert 'not for "other.example", but for localhost, 127.0.0.1, ::1' in refused(*chain, *ca, "--name", "other.example")[1]
    assert 'not for "10.0.0.1"' in refused(*chain, *ca, "--name", "10.0.0.1")[1]
    assert 'is neither sent nor trusted: "CN=Test root"' in refused(*chain)[1]
    assert 'is neither sent nor trusted: "CN=Test intermediate"' in refused("--certificate", pki / "ecdsa.pem", *ca)[1]
    # Authorities that a browser would have to get from the server do not count.
    (tmp_path / "both.pem").write_text((pki / "root.pem").read_text() + (pki / "intermediate.pem").read_text())
    assert "neither sent nor trusted" in refused("--certificate", pki / "ecdsa.pem", "--ca", "both.pem")[1]
    server, browsers = refused("--key", pki / "rsa.key", *chain, *ca)
    assert "does not belong to the certificate" in server[0] and browsers == ""
    assert "key_passphrase" in refused("--key", heap / "sealed.key", *chain, *ca)[0][0]
    shutil.copy(pki / "ecdsa.key", tmp_path / "open.key")
    os.chmod(tmp_path / "open.key", 0o644)
    assert "chmod 600" in refused("--key", "open.key", *chain, *ca)[0][0]
    good(cert("verify", "--key", heap / "sealed.key", "--passphrase-file", heap / "passphrase", *chain, *ca))
    good(cert("self-signed", "a.example"))
    assert "self-signed" in refused("--certificate", "a.example.pem")[1]
    done = subprocess.run(["faketime", "+3 years", str(harness.BINARY), "cert", "verify", "--certificate", "a.example.pem", "--ca",
                           "a.example.pem"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    if not harness.SANITIZED:
        assert done.returncode == 1 and "It expired" in done.stdout, done.stderr
    bad(cert("verify"), "--certificate FILE")


# ---------------------------------------------------------------- dhparam, strip-passphrase

@pytest.mark.parametrize("bits", ["2048", "3072", "4096"])
def test_dhparam(cert, tmp_path, bits):
    begun = time.monotonic()
    good(cert("dhparam", "--bits", bits, "--out", "dh.pem"))
    assert time.monotonic() - begun < 5 * harness.PATIENCE
    assert f"GROUP: ffdhe{bits}" in openssl("dhparam", "-in", tmp_path / "dh.pem", "-text", "-noout").stdout.decode()
    assert not wrong_with(cert, "dh.pem")


def test_nginx_and_a_node_take_the_dhparam(cert, tmp_path, pki):
    (tmp_path / "dh.pem").write_text(good(cert("dhparam")))
    files = f"ssl_certificate {pki}/rsa_chain.pem; ssl_certificate_key {pki}/rsa.key;"
    with Nginx(tmp_path, f"{files} ssl_dhparam dh.pem; ssl_protocols TLSv1.2;") as port:
        out = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-cipher", "DHE"], input="", text=True,
                             capture_output=True, timeout=20, check=False).stdout
        assert "Server Temp Key: DH, 2048 bits" in out
    assert cert("dhparam", "--bits", "1024").returncode == 2


def test_strip_passphrase(cert, tmp_path, heap):
    passphrase = ["--passphrase-file", heap / "passphrase"]
    for name in ("sealed", "sealed_rsa"):
        shutil.copy(heap / f"{name}.key", tmp_path)
        good(cert("strip-passphrase", f"{name}.key", *passphrase))
        plain = tmp_path / f"{name}_plain.key"
        assert mode(plain) == 0o600 and "-----BEGIN PRIVATE KEY" in plain.read_text()
        bad(cert("strip-passphrase", plain, "--out", "y"), "has no passphrase")
    bad(cert("strip-passphrase", "sealed.key", *passphrase), "sealed_plain.key is there already", "--force")
    good(cert("strip-passphrase", "sealed.key", "--out", "sealed.key", "--force", *passphrase))
    openssl("pkey", "-in", tmp_path / "sealed.key", "-passin", "pass:", "-noout")
    (tmp_path / "wrong").write_text("wrong\n")
    bad(cert("strip-passphrase", heap / "sealed.key", "--out", "x", "--passphrase-file", "wrong"), "the passphrase is wrong")
    assert not (tmp_path / "x").exists()


# ---------------------------------------------------------------- bundle

def blocks(pem):
    return pem.count("BEGIN CERTIFICATE")


@pytest.mark.parametrize("files", [
    ["root.pem", "intermediate.pem", "ecdsa.pem"], ["intermediate.der", "ecdsa.der", "root.der"], ["above.p7b", "ecdsa.der"],
    ["ecdsa.pem", "above.p7b.pem", "root.der"], ["ecdsa.pem", "intermediate.pem", "ecdsa.der", "intermediate.der", "root.pem"]])
def test_bundle_from_any_order_and_form(cert, tmp_path, heap, pki, files):
    done = cert("bundle", *[heap / file for file in files], "--out", "chain.pem")
    good(done)
    assert (tmp_path / "chain.pem").read_text() == (pki / "ecdsa_chain.pem").read_text()
    assert done.stderr == "1. CN=localhost\n2. CN=Test intermediate\n"


def test_bundle_of_a_pfx_serves(cert, tmp_path, heap, pki):
    pem = good(cert("bundle", heap / "all.pfx", heap / "root.pem", "--passphrase-file", heap / "passphrase"))
    assert blocks(pem) == 2
    (tmp_path / "chain.pem").write_text(pem)
    openssl("verify", "-x509_strict", "-CAfile", pki / "root.pem", "-untrusted", "chain.pem", "chain.pem", cwd=tmp_path)
    with Nginx(tmp_path, f"ssl_certificate chain.pem; ssl_certificate_key {pki}/ecdsa.key;") as port:
        assert curl(port, pki / "root.pem").stdout == "hello"


def test_bundle_says_what_is_missing(cert, tmp_path, heap, pki):
    bad(cert("bundle", heap / "ecdsa.pem", heap / "root.pem", "--out", "x"), '"CN=localhost" was issued by "CN=Test intermediate"')
    bad(cert("bundle", heap / "ecdsa.pem", heap / "intermediate.pem", "--out", "x"), 'issued by "CN=Test root"')
    bad(cert("bundle", heap / "ecdsa.pem", heap / "rsa.pem", heap / "intermediate.pem", "--out", "x"), "more than one", "--key FILE")
    bad(cert("bundle", heap / "ecdsa.key", "--out", "x"), "holds no certificate")
    bad(cert("bundle", heap / "ecdsa.pem", "--key", heap / "root.key", "--out", "x"), "belongs to none")
    bad(cert("bundle"), "no file is named")
    assert names(tmp_path) == []
    done = cert("bundle", *[heap / f"{name}.pem" for name in ("ecdsa", "rsa", "intermediate", "root")], "--key", heap / "rsa.key")
    assert good(done) == (pki / "rsa_chain.pem").read_text() and "issued nothing in the chain" in done.stderr


# ---------------------------------------------------------------- install

def test_install_renews_a_running_node(cert, tmp_path, pki, heap):
    port = free_port()
    tls = {"key": "server_key.pem", "certificate": "server_cert.pem"}
    web = {"type": "web", "endpoint": tcp(port, tls), "paths": {"/": {"type": "json", "value": "hello"}}}
    cbdir = write_config(tmp_path, router_config([web]))
    out = good(cert("install", "--key", pki / "ecdsa.key", "--certificate", heap / "ecdsa.der", heap / "above.p7b", "--cbdir", cbdir))
    assert '"key": "server_key.pem"' in out and "No node runs" in out
    assert (mode(cbdir / "server_key.pem"), mode(cbdir / "server_cert.pem")) == (0o600, 0o644)
    assert (cbdir / "server_cert.pem").read_text() == (pki / "ecdsa_chain.pem").read_text()

    def served():
        der = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}"], input=b"", capture_output=True, timeout=20,
                             check=False).stdout
        return openssl("x509", "-noout", "-fingerprint", input=der).stdout

    with Node(["--cbdir", cbdir], tmp_path, [port]):
        assert curl(port, pki / "root.pem").stdout.strip() == '"hello"'
        before = served()
        renewal = ["install", "--key", pki / "rsa.key", "--certificate", pki / "rsa_chain.pem", "--cbdir", cbdir]
        bad(cert(*renewal), "is there already", "--force")
        assert served() == before
        assert "loads its files again" in good(cert(*renewal, "--force"))
        assert served() != before
        assert curl(port, pki / "root.pem").returncode == 0
    assert sorted(name for name in names(cbdir) if name.startswith((".server", "server"))) == ["server_cert.pem", "server_key.pem"]


def test_install_refuses_what_a_node_would(cert, tmp_path, pki, heap):
    cbdir = tmp_path / "node"
    place = ["--cbdir", cbdir]
    bad(cert("install", "--key", pki / "ecdsa.key", "--certificate", pki / "ecdsa.pem", *place), "no directory", "mkdir -p")
    cbdir.mkdir()
    bad(cert("install", "--key", pki / "rsa.key", "--certificate", pki / "ecdsa.pem", *place), "belongs to none")
    bad(cert("install", "--key", heap / "sealed.key", "--certificate", pki / "ecdsa.pem", *place), "strip-passphrase")
    bad(cert("install", "--key", pki / "ecdsa.key", *place), "name both")
    bad(cert("install", "--key", pki / "ecdsa.key", "--certificate", pki / "ecdsa.pem", "--as", "../x", *place), "not a path")
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "w.key", "-out", tmp_path / "w.pem")
    error = bad(cert("install", "--key", "w.key", "--certificate", "w.pem", *place), "too short to be safe")
    assert "/proc/" not in error
    assert names(cbdir) == []
    out = good(cert("install", "--key", heap / "sealed.key", "--certificate", pki / "ecdsa_chain.pem", "--passphrase-file",
                    heap / "passphrase", "--as", "second", *place))
    assert f'"key_passphrase": {{"file": "{heap}/passphrase"}}' in out and '"key": "second_key.pem"' in out
    assert names(cbdir) == ["second_cert.pem", "second_key.pem"]


def test_root_installs_for_the_owner_of_the_directory(cert, tmp_path, pki):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(tmp_path, 65534, 65534)
    good(cert("install", "--key", pki / "ecdsa.key", "--certificate", pki / "ecdsa_chain.pem", "--cbdir", tmp_path))
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {65534}


# ---------------------------------------------------------------- places that cannot be written

def every_writer(heap):
    passphrase = ["--passphrase-file", heap / "passphrase"]
    return [["self-signed", "a.example"], ["request", "a.example", "--rsa", "2048"], ["dhparam", "--out", "dh.pem"],
            ["strip-passphrase", heap / "sealed.key", "--out", "k", *passphrase],
            ["bundle", heap / "ecdsa.pem", heap / "above.p7b", "--out", "c"],
            ["install", "--key", heap / "ecdsa.key", "--certificate", heap / "ecdsa.pem", "--cbdir", "."]]


def run_limited(arguments, cwd, prepare=None, **who):
    return subprocess.run([str(harness.BINARY), "cert", *map(str, arguments)], cwd=cwd, env=harness.clean_env(), capture_output=True,
                          text=True, timeout=20 * harness.PATIENCE, preexec_fn=prepare, check=False, **who)


@pytest.mark.parametrize("which", range(5))  # install also keeps the chain in a file in memory, which the limit hits first
def test_files_that_may_not_grow_leave_nothing(tmp_path, heap, which):
    def tiny_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))
    bad(run_limited(every_writer(heap)[which], tmp_path, tiny_files), "cannot", "File too large; nothing was written")
    assert names(tmp_path) == []


@pytest.fixture(scope="module")
def home_of_another(heap):
    """A directory of a user who is not root, with the heap in it."""
    base = pathlib.Path(tempfile.mkdtemp())
    shutil.copytree(heap, base / "heap")
    (base / "closed").mkdir()
    if os.geteuid() == 0:
        for path in [base, *base.rglob("*")]:
            os.chown(path, 65534, 65534)
    (base / "closed").chmod(0o500)
    yield base
    shutil.rmtree(base)


@pytest.mark.parametrize("which", range(6))
def test_a_directory_that_is_closed(home_of_another, which):
    who = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = run_limited(every_writer(home_of_another / "heap")[which], home_of_another / "closed", **who)
    bad(done, "cannot write into the directory")
    assert names(home_of_another / "closed") == []


@pytest.mark.parametrize("which,room", enumerate([1, 1, 0, 0, 0, 1]))  # pages: a key fits, its certificate does not
def test_a_full_file_system(tmp_path, heap, which, room):
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,nr_inodes=4", "none", str(tmp_path)], check=False,
                                           capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small file system here")
    try:
        (tmp_path / "filler").write_bytes(b"x" * 4096 * (2 - room))
        bad(run_limited(every_writer(heap)[which], tmp_path), "No space left on device; nothing was written")
        assert names(tmp_path) == ["filler"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_standard_output_that_is_full(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(harness.BINARY), "cert", "dhparam"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr
