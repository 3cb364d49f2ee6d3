"""`transom tls grade` against real servers set up well and badly, and against scripted ones where no server here speaks what
is to be found."""
import contextlib
import datetime
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import socketserver
import struct
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dh, ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

import harness
from harness import accepts, free_port, wait_for

pytestmark = pytest.mark.filterwarnings("ignore:SHA1 signatures")  # one is made on purpose

NAME = "www.example.test"
# The prime of RFC 2409 6.2.
OAKLEY_1024 = int("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
                  "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
                  "49286651ECE65381FFFFFFFFFFFFFFFF", 16)
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


# Certificates ----------------------------------------------------------------------------------------------------------

class Signer:
    """A key with its certificate, and what it signs."""

    def __init__(self, key, certificate):
        self.key, self.certificate = key, certificate

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()


def make(name, signer=None, key=None, names=(NAME,), authority=False, days=(-10, 60), hash_=hashes.SHA256(), issuer_url=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
               .issuer_name(signer.certificate.subject if signer else subject).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1]))
               .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if not authority:
        builder = (builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False))
    if issuer_url:
        builder = builder.add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url))]), critical=False)
    return Signer(key, builder.sign((signer.key if signer else key), hash_))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """NAME.key and NAME.pem (with its chain) for each certificate, ca.pem, both.pem (with the intermediate)."""
    base = tmp_path_factory.mktemp("grade")
    root = make("Grade root", authority=True)
    middle = make("Grade issuer", root, authority=True)
    rsa_key = rsa.generate_private_key(65537, 2048)
    leafs = {
        "ec": make(NAME, middle),
        "rsa": make(NAME, middle, rsa_key),
        "direct": make(NAME, root, rsa_key),
        "rsa1024": make(NAME, middle, rsa.generate_private_key(65537, 1024)),
        "expired": make(NAME, middle, days=(-60, -1)),
        "early": make(NAME, middle, days=(5, 60)),
        "other": make("other.example.test", middle, names=["other.example.test", "*.wild.example.test"]),
        "sha1": make(NAME, root, hash_=hashes.SHA1()),
        "self": make(NAME),
    }
    for name, leaf in leafs.items():
        (base / f"{name}.key").write_text(leaf.key_pem())
        chain = "" if name in ("self", "sha1") else middle.pem()
        (base / f"{name}.pem").write_text(leaf.pem() + chain)
        (base / f"{name}_leaf.pem").write_text(leaf.pem())
    # So that OpenSSL loads weak keys, parameters and signatures at all.
    (base / "weak.cnf").write_text("openssl_conf=c\n[c]\nssl_conf=s\n[s]\nsystem_default=d\n[d]\nMinProtocol=TLSv1.2\n"
                                   "CipherString=DEFAULT:@SECLEVEL=0\n")
    (base / "root.key").write_text(root.key_pem())
    (base / "ca.pem").write_text(root.pem())
    (base / "both.pem").write_text(root.pem() + middle.pem())
    (base / "dh1024.pem").write_bytes(dh.DHParameterNumbers(OAKLEY_1024, 2).parameters().parameter_bytes(
        serialization.Encoding.PEM, serialization.ParameterFormat.PKCS3))
    subprocess.run(["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out",
                    base / "dh2048.pem"], check=True, capture_output=True)
    return base


# Servers ---------------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def running(command, port, log, **environment):
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   env={**os.environ, **environment})
    try:
        wait_for(lambda: process.poll() is None and accepts(port), f"{command}:\n{pathlib.Path(log).read_text()}")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def s_server(files, tmp_path, certificate="ec", *options, chain=None):
    port = free_port()
    chain = chain or f"{certificate}.pem"
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-cert", files / chain, "-cert_chain", files / chain,
               "-key", files / f"{certificate}.key", *options]
    return running(command, port, tmp_path / "s_server.log", OPENSSL_CONF=str(files / "weak.cnf"))


def gnutls(files, tmp_path, certificate, priority, *options):
    port = free_port()
    command = ["gnutls-serv", "--http", "--port", port, "--x509certfile", files / f"{certificate}.pem", "--x509keyfile",
               files / f"{certificate}.key", "--priority", priority, *options]
    return running(command, port, tmp_path / "gnutls.log")


def nginx(files, tmp_path, lines, certificates=("ec",)):
    port = free_port()
    pairs = "".join(f"ssl_certificate {files}/{one}.pem; ssl_certificate_key {files}/{one}.key;" for one in certificates)
    config = f"""daemon off; master_process off; pid {tmp_path}/nginx.pid; error_log stderr;
        events {{}}
        http {{ access_log off; client_body_temp_path {tmp_path}; proxy_temp_path {tmp_path}; fastcgi_temp_path {tmp_path};
        uwsgi_temp_path {tmp_path}; scgi_temp_path {tmp_path};
        server {{ listen 127.0.0.1:{port} ssl; {pairs} {lines} location / {{ return 200 ok; }} }} }}"""
    (tmp_path / "nginx.conf").write_text(config)
    return running([NGINX, "-e", "stderr", "-c", tmp_path / "nginx.conf"], port, tmp_path / "nginx.log")


def grade(port, *options, ca=None, name=NAME, seconds=40):
    """The JSON report; .code, .letter and .why (all reasons as text) beside it."""
    options = [*options, *(["--ca", ca] if ca else []), *(["--servername", name] if name else [])]
    done = harness.transom("tls", "grade", f"127.0.0.1:{port}", "--json", *options, seconds=seconds)
    assert done.stdout, done.stderr
    return Report(done.returncode, json.loads(done.stdout))


class Report:
    def __init__(self, code, found):
        self.code, self.found, self.letter = code, found, found["grade"]
        self.scores = (found["protocol_score"], found["key_exchange_score"], found["cipher_score"], found["score"])
        self.why = "\n".join(f"{one['cap']}: {one['reason']}" for one in found["reasons"])
        self.versions = [one["version"] for one in found["versions"]]

    def suites(self, version):
        return {suite["name"] for one in self.found["versions"] if one["version"] == version for suite in one["suites"]}

    def __repr__(self):
        return f"{self.letter} {self.scores}\n{self.why}\n{self.found['connection']} {self.versions} {self.found['connections']}"


HSTS = 'add_header Strict-Transport-Security "max-age=63072000" always;'
MODERN = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;"
STRONG = (MODERN.replace("ECDHE+AESGCM:ECDHE+CHACHA20", "ECDHE+AES256GCM:ECDHE+CHACHA20") +
          "ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;")
SEED = ("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:"
        "ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA:DHE-RSA-AES128-SHA; ssl_ecdh_curve prime256v1;"
        "ssl_dhparam {files}/dh2048.pem;")


# The good --------------------------------------------------------------------------------------------------------------

def test_the_default_node(default_node, tmp_path):
    base = default_node.node.cwd
    done = harness.transom("tls", "grade", f"localhost:{default_node.port}", "--json", "--min", "A+", cwd=base)
    report = Report(done.returncode, json.loads(done.stdout))
    assert (report.code, report.letter, report.scores) == (0, "A+", (100, 100, 90, 96)), report
    assert report.versions == ["TLS 1.3", "TLS 1.2"] and report.found["hsts"]["state"] == "not_applicable"
    assert report.found["connection"]["version"] == "TLSv1.3" and report.found["connection"]["group_bits"] >= 253
    assert [group["name"] for group in report.found["groups_tls13"] if "MLKEM" not in group["name"]] == [
        "x25519", "secp256r1", "secp384r1"]
    assert report.found["connections"] < 60

    text = harness.transom("tls", "grade", f"[::1]:{default_node.port}" if harness.has_ipv6_loopback() else
                           f"127.0.0.1:{default_node.port}", cwd=base).stdout
    assert re.search(r"Grade +A\+\n", text) and re.search(r"Verified +yes", text) and "Subject    CN=localhost" in text

    stranger = harness.transom("tls", "grade", f"localhost:{default_node.port}", "--min", "A", cwd=tmp_path)
    assert stranger.returncode == 1 and "T; if trust is ignored: A+" in stranger.stdout
    named = harness.transom("tls", "grade", f"localhost:{default_node.port}", "--ca", default_node.ca, "--min", "A", cwd=tmp_path)
    assert named.returncode == 0, named.stdout


@pytest.mark.parametrize("certificates,lines,scores", [
    (("ec", "rsa"), MODERN, (100, 90, 90, 93)),
    (("ec",), MODERN, (100, 100, 90, 96)),
    (("ec",), STRONG, (100, 100, 100, 100)),
    (("rsa",), SEED, (100, 90, 90, 93)),
], ids=["both", "ecdsa", "strong", "seed"])
def test_what_testssl_gives_an_a_plus(files, tmp_path, certificates, lines, scores):
    with nginx(files, tmp_path, lines.format(files=files) + HSTS, certificates) as port:
        report = grade(port, "--min", "A+", ca=files / "ca.pem")
    assert (report.code, report.letter, report.scores) == (0, "A+", scores), report
    assert report.found["hsts"] == {"state": "good", "max_age": 63072000}
    assert len(report.found["chains"]) == len(certificates)


# The bad ---------------------------------------------------------------------------------------------------------------

OLD = ["-cipher", "ALL:!aNULL:!eNULL:@SECLEVEL=0"]
BAD_S_SERVERS = {
    "tls 1.1": ("ec", ["-tls1_1", *OLD], "C", ["C: neither TLS 1.2 nor", "B: TLS 1.1 is offered", "B: no suite is AEAD"]),
    "tls 1.0 too": ("ec", ["-min_protocol", "TLSv1", *OLD], "B", ["B: TLS 1.0 is offered", "B: TLS 1.1 is offered"]),
    "dh 1024": ("rsa", ["-tls1_2", "-dhparam", "{files}/dh1024.pem", "-cipher", "kDHE:!aNULL:!eNULL:@SECLEVEL=0"], "B",
                ["B: a key of the exchange is weak: the DH parameters of 1024 bits", "A-: TLS 1.3 is not offered"]),
    "rsa 1024": ("rsa1024", ["-cipher", "ALL:!aNULL:@SECLEVEL=0"], "B",
                 ["B: a key of the exchange is weak: the certificate's RSA key of 1024 bits"]),
    "no forward secrecy": ("rsa", ["-tls1_2", "-cipher", "kRSA:!eNULL"], "B", ["B: no suite has forward secrecy"]),
    "anonymous": ("rsa", ["-cipher", "ALL:aNULL:@SECLEVEL=0"], "F", ["F: anonymous suites"]),
    "null": ("rsa", ["-cipher", "eNULL:ALL:!aNULL:@SECLEVEL=0"], "F", ["F: suites without encryption"]),
    "no aead": ("rsa", ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA"], "B", ["B: no suite is AEAD"]),
}


@pytest.mark.parametrize("case", BAD_S_SERVERS)
def test_bad_openssl_servers(files, tmp_path, case):
    certificate, options, letter, reasons = BAD_S_SERVERS[case]
    options = [option.format(files=files) for option in options]
    with s_server(files, tmp_path, certificate, *options) as port:
        report = grade(port, "--min", "A-", ca=files / "ca.pem")
    assert (report.code, report.letter) == (1, letter), report
    for reason in reasons:
        assert reason in report.why, report.why
    assert report.found["complete"] and report.found["next_steps"]


@pytest.mark.parametrize("certificate,chain,letter,reason", [
    ("self", None, "T", "T: the certificate is self-signed"),
    ("expired", None, "T", "T: a certificate has expired"),
    ("early", None, "T", "T: a certificate is not valid yet"),
    ("other", None, "M", "M: the certificate is for another name"),
    ("sha1", None, "T", "T: a certificate is signed with SHA1"),
    ("ec", "ec_leaf.pem", "T", "T: the certificate is not trusted: its issuer \"CN=Grade issuer\" is neither sent nor"),
])
def test_bad_certificates(files, tmp_path, certificate, chain, letter, reason):
    with s_server(files, tmp_path, certificate, chain=chain) as port:
        report = grade(port, ca=files / "ca.pem")
        text = harness.transom("tls", "grade", f"127.0.0.1:{port}", "--servername", NAME, "--ca", files / "ca.pem").stdout
    assert report.letter == letter and reason in report.why, report
    assert report.found["grade_if_trusted"] == "A", "only HSTS is missing"
    assert f"{letter}; if {'the name' if letter == 'M' else 'trust'} is ignored: A" in text


def test_trust_and_name_are_both_said(files, tmp_path):
    with s_server(files, tmp_path, "self") as port:
        text = harness.transom("tls", "grade", f"127.0.0.1:{port}", "--servername", "other.example.test", "--ca",
                               files / "ca.pem").stdout
    assert "T; if trust and the name are ignored: A" in text
    steps = text.partition("For the next grade\n")[2].partition("\n\n")[0]
    assert "an authority that clients trust" in steps and "subject alternative names" in steps, text


def test_wildcard_names(files, tmp_path):
    with s_server(files, tmp_path, "other") as port:
        assert grade(port, ca=files / "ca.pem", name="a.wild.example.test").letter == "A"
        assert grade(port, ca=files / "ca.pem", name="a.b.wild.example.test").letter == "M"


def test_an_incomplete_chain(files, tmp_path):
    """The intermediate is known here, but not sent."""
    with s_server(files, tmp_path, "ec", chain="ec_leaf.pem") as port:
        report = grade(port, ca=files / "both.pem")
    assert report.letter == "B" and "B: the chain is incomplete" in report.why, report


def test_an_incomplete_chain_whose_issuer_can_be_fetched(files, tmp_path):
    root, port = make("Fetch root", authority=True), free_port()
    middle = make("Fetch issuer", root, authority=True)
    leaf = make(NAME, middle, issuer_url=f"http://127.0.0.1:{port}/issuer.der")
    (tmp_path / "fetch.key").write_text(leaf.key_pem())
    (tmp_path / "fetch.pem").write_text(leaf.pem())
    (tmp_path / "root.pem").write_text(root.pem())
    (tmp_path / "issuer.der").write_bytes(middle.certificate.public_bytes(serialization.Encoding.DER))

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Files) as issuer_server:
        threading.Thread(target=issuer_server.serve_forever, daemon=True).start()
        shutil.copy(files / "weak.cnf", tmp_path)
        with s_server(tmp_path, tmp_path, "fetch") as tls_port:
            report = grade(tls_port, ca=tmp_path / "root.pem")
        issuer_server.shutdown()
    assert report.letter == "B" and "B: the chain is incomplete" in report.why, report


@pytest.mark.parametrize("status,letter", [("GOOD", "A"), ("REVOKED", "T")])
def test_staples(files, tmp_path, status, letter):
    leaf = x509.load_pem_x509_certificate((files / "direct_leaf.pem").read_bytes())
    root, now = x509.load_pem_x509_certificate((files / "ca.pem").read_bytes()), datetime.datetime.utcnow()
    response = (ocsp.OCSPResponseBuilder().add_response(
        cert=leaf, issuer=root, algorithm=hashes.SHA1(), cert_status=ocsp.OCSPCertStatus[status], this_update=now,
        next_update=now + datetime.timedelta(days=1), revocation_time=now if status == "REVOKED" else None, revocation_reason=None)
        .responder_id(ocsp.OCSPResponderEncoding.HASH, root)
        .sign(serialization.load_pem_private_key((files / "root.key").read_bytes(), None), hashes.SHA256()))
    (tmp_path / "staple.der").write_bytes(response.public_bytes(serialization.Encoding.DER))
    with s_server(files, tmp_path, "direct", "-status_file", tmp_path / "staple.der", chain="direct_leaf.pem") as port:
        report = grade(port, ca=files / "ca.pem")
    assert (report.letter, report.found["connection"]["staple"]) == (letter, status.lower()), report


@pytest.mark.parametrize("header,letter,state", [
    ("", "A", "missing"),
    ('add_header Strict-Transport-Security "max-age=15552000; includeSubDomains";', "A+", "good"),
    ('add_header Strict-Transport-Security "max-age=300";', "A-", "too_short"),
    ('add_header Strict-Transport-Security "max-age=0";', "A-", "disabled"),
    ('add_header Strict-Transport-Security "max-age=half a year";', "A-", "malformed"),
])
def test_hsts(files, tmp_path, header, letter, state):
    with nginx(files, tmp_path, MODERN + header) as port:
        report = grade(port, ca=files / "ca.pem")
    assert (report.letter, report.found["hsts"]["state"]) == (letter, state), report


def test_nginx_with_the_versions_of_2014(files, tmp_path):
    lines = ("ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:!aNULL:!eNULL:@SECLEVEL=0; ssl_dhparam "
             f"{files}/dh1024.pem;" + HSTS)
    with nginx(files, tmp_path, lines, ["rsa"]) as port:
        report = grade(port, ca=files / "ca.pem")
    assert (report.letter, report.scores[:2], report.found["dh_bits"]) == ("B", (95, 80), 1024), report
    assert report.found["complete"]


def test_gnutls_with_3des_and_rc4(files, tmp_path):
    priority = "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:%VERIFY_ALLOW_SIGN_WITH_SHA1"
    with gnutls(files, tmp_path, "rsa", priority) as port:
        report = grade(port, ca=files / "ca.pem")
    assert report.letter == "C", report
    for reason in ("C: RC4 is offered with TLS 1.1", "C: ciphers of 64-bit blocks", "B: TLS 1.0 is offered"):
        assert reason in report.why, report
    assert {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA"} <= report.suites("TLS 1.2")


# Scripted servers ------------------------------------------------------------------------------------------------------

def hello_of(record):
    """Version (as supported_versions has it), suites, compressions and extensions of a ClientHello."""
    body = record[9:]
    version, at = struct.unpack(">H", body[:2])[0], 34
    at += 1 + body[at]
    size = struct.unpack(">H", body[at:at + 2])[0]
    suites = struct.unpack(f">{size // 2}H", body[at + 2:at + 2 + size])
    at += 2 + size
    compressions = body[at + 1:at + 1 + body[at]]
    at += 1 + body[at] + 2
    extensions = {}
    while at + 4 <= len(body):
        kind, size = struct.unpack(">HH", body[at:at + 4])
        extensions[kind] = body[at + 4:at + 4 + size]
        at += 4 + size
    if 43 in extensions:
        version = struct.unpack(">H", extensions[43][1:3])[0]
    return version, suites, compressions, extensions


def record(kind, version, content):
    return struct.pack(">BHH", kind, version, len(content)) + content


def message(kind, content):
    return bytes([kind]) + len(content).to_bytes(3, "big") + content


class Scripted(socketserver.ThreadingTCPServer):
    """Answers ClientHellos by a table: `suites` by version number, in the server's order."""
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, der, suites, renegotiation=True, scsv=True, compression=False, ssl2=(), answer=None):
        self.der, self.table, self.renegotiation, self.scsv = der, suites, renegotiation, scsv
        self.compression, self.ssl2, self.answer = compression, ssl2, answer
        super().__init__(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self.server_address[1]

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def flight(self, first):
        if self.answer is not None:
            return self.answer
        if first[0] & 0x80:
            return self.ssl2_flight()
        version, suites, compressions, _ = hello_of(first)
        if version not in self.table:
            return record(21, 0x0301, b"\x02\x46")
        if self.scsv and 0x5600 in suites and version != max(self.table):
            return record(21, version, b"\x02\x56")
        chosen = next((suite for suite in self.table[version] if suite in suites), None)
        if chosen is None:
            return record(21, version, b"\x02\x28")
        extensions = b"\xff\x01\x00\x01\x00" if self.renegotiation else b""
        compression = 1 if self.compression and 1 in compressions else 0
        hello = struct.pack(">H", version) + b"r" * 32 + b"\0" + struct.pack(">HB", chosen, compression)
        hello += struct.pack(">H", len(extensions)) + extensions if extensions else b""
        certificate = len(self.der).to_bytes(3, "big") + self.der
        messages = message(2, hello) + message(11, len(certificate).to_bytes(3, "big") + certificate) + message(14, b"")
        return b"".join(record(22, version, messages[at:at + 100]) for at in range(0, len(messages), 100))

    def ssl2_flight(self):
        specs = b"".join(self.ssl2)
        body = b"\x04\0\x01\0\x02" + struct.pack(">HHH", len(self.der), len(specs), 16) + self.der + specs + b"i" * 16
        return struct.pack(">H", 0x8000 | len(body)) + body if self.ssl2 else b""


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(5)
        with contextlib.suppress(OSError):
            head = self.request.recv(5, socket.MSG_WAITALL)
            if len(head) < 5:
                return
            length = (struct.unpack(">H", head[:2])[0] & 0x7fff) - 3 if head[0] & 0x80 else struct.unpack(">H", head[3:])[0]
            answer = self.server.flight(head + self.request.recv(length, socket.MSG_WAITALL))
            self.request.sendall(answer)
            if answer:
                self.request.recv(1)


@pytest.fixture(scope="module")
def der(files):
    certificate = x509.load_pem_x509_certificate((files / "direct_leaf.pem").read_bytes())
    return certificate.public_bytes(serialization.Encoding.DER)


AES, RC4, DES3, EXPORT40 = 0xC02F, 0x0005, 0x000A, 0x0003
SCRIPTS = {
    "ssl 3 beside 1.2": (dict(suites={0x300: [0x002F], 0x303: [AES]}), "C",
                         ["C: SSL 3 is offered with CBC suites (POODLE)", "B: SSL 3"]),
    "ssl 3 only": (dict(suites={0x300: [RC4]}), "F", ["F: SSL 3 is the best version", "B: RC4 is offered"]),
    "rc4": (dict(suites={0x301: [RC4], 0x303: [AES]}), "B", ["B: RC4 is offered", "B: TLS 1.0 is offered"]),
    "export": (dict(suites={0x303: [AES, EXPORT40]}), "F", ["F: export suites", "F: suites weaker than 112 bits"]),
    "3des": (dict(suites={0x303: [AES, DES3]}), "C", ["C: ciphers of 64-bit blocks"]),
    "ssl 2": (dict(suites={0x303: [AES]}, ssl2=[b"\x01\0\x80", b"\x02\0\x80"]), "F", ["F: SSL 2 is offered"]),
    "no renegotiation info": (dict(suites={0x303: [AES]}, renegotiation=False), "A-", ["A-: secure renegotiation is not"]),
    "no scsv": (dict(suites={0x302: [0xC013], 0x303: [AES]}, scsv=False), "B", ["A: TLS_FALLBACK_SCSV is not"]),
    "compression": (dict(suites={0x303: [AES]}, compression=True), "C", ["C: TLS compression is offered (CRIME)"]),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_scripted_servers(files, der, case):
    """The linked library can finish none of these handshakes; the certificate comes from the probes."""
    script, letter, reasons = SCRIPTS[case]
    with Scripted(der, **script) as port:
        report = grade(port, "--min", "A+", ca=files / "ca.pem")
    assert (report.code, report.letter) == (1, letter), report
    for reason in reasons:
        assert reason in report.why, report.why
    assert report.found["chains"][0]["certificates"][0]["key_bits"] == 2048
    assert "error" in report.found["connection"]


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x16\x03\x03\xff\xff" + b"x" * 200_000, b"\x15\x03\x01\x00\x02\x02\x28",
    record(22, 0x303, message(2, b"\x03\x03" + b"r" * 10)), b"\x84" + b"\xff" * 2000,
], ids=["http", "nothing", "endless", "alert", "short hello", "half ssl 2"])
def test_what_is_no_tls(answer):
    with Scripted(b"", {}, answer=answer) as port:
        done = harness.transom("tls", "grade", f"127.0.0.1:{port}", "--min", "F")
    assert done.returncode == 3 and "neither TLS nor SSL" in done.stderr, done


def test_usage_and_no_server():
    port = free_port()
    done = harness.transom("tls", "grade", f"127.0.0.1:{port}", "--min", "A")
    assert done.returncode == 3 and "cannot connect to 127.0.0.1" in done.stderr and "--url" not in done.stderr
    for arguments in (["localhost:0"], ["localhost:99999"], ["a b"], [], ["localhost", "--min", "Z"], ["x", "--ca", "/nowhere.pem"]):
        done = harness.transom("tls", "grade", *arguments)
        assert done.returncode == 2 and done.stderr, (arguments, done)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        done = harness.transom("tls", "grade", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1")
    assert done.returncode == 3 and "--timeout" in done.stderr, done


# Beside testssl.sh -----------------------------------------------------------------------------------------------------

@pytest.mark.slow
def test_beside_testssl(files, tmp_path):
    """Grade and scores as testssl.sh (3.2 or newer) has them; TRANSOM_TESTSSL names the script."""
    script = os.environ.get("TRANSOM_TESTSSL")
    if not script:
        pytest.skip("TRANSOM_TESTSSL does not name a testssl.sh of version 3.2 or newer")
    found = tmp_path / "testssl.json"
    with nginx(files, tmp_path, MODERN + HSTS, ("ec", "rsa")) as port:
        ours = grade(port, ca=files / "ca.pem")
        subprocess.run([script, "--quiet", "--rating-only", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip",
                        "127.0.0.1", "--add-ca", files / "ca.pem", "--overwrite", "--jsonfile", found, f"https://{NAME}:{port}"],
                       timeout=900, capture_output=True, check=False)
    theirs = {one["id"]: one["finding"] for one in json.loads(found.read_text())}
    names = ("protocol_support_score", "key_exchange_score", "cipher_strength_score", "final_score")
    assert (theirs["overall_grade"], *(int(theirs[name]) for name in names)) == (ours.letter, *ours.scores)
