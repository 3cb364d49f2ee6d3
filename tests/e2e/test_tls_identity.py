"""Who is at the other end of a TLS connection: client certificates, resumption, channel bindings, and where they show."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import signal
import ssl
import subprocess
import types

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import harness
from harness import Node, free_port, router_config, tcp, write_config
from peers import LIBRARIES, Peer
from rawws import Wamp, trusting

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)
REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


# Certificates --------------------------------------------------------------------------------------------------------

class Authority:
    """A CA for clients, made in this process: no minute is lost to programs."""

    def __init__(self, name, issuer=None):
        self.name, self.issuer = name, issuer
        self.key, self.certificate = self._make(name, issuer, [
            (x509.BasicConstraints(True, None), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])

    @staticmethod
    def _make(name, issuer, extensions, start=NOW - DAY, end=NOW + DAY):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
                   .issuer_name(issuer.certificate.subject if issuer else subject)
                   .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return key, builder.sign(issuer.key if issuer else key, hashes.SHA256())

    def client(self, name, base, usage=ExtendedKeyUsageOID.CLIENT_AUTH, chain=(), **validity):
        key, certificate = self._make(name, self, [
            (x509.BasicConstraints(False, None), True), (x509.ExtendedKeyUsage([usage]), False),
            (x509.SubjectAlternativeName([x509.RFC822Name(f"{name}@example.net")]), False)], **validity)
        pem, secret = base / f"{name}.pem", base / f"{name}.key"
        pem.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, *chain)))
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()))
        return types.SimpleNamespace(name=name, certificate=certificate, pem=pem, key=secret,
                                     sha256=certificate.fingerprint(hashes.SHA256()).hex(),
                                     sha1=certificate.fingerprint(hashes.SHA1()).hex())

    def crl(self, *revoked, next_update=NOW + DAY, form=serialization.Encoding.PEM):
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
                   .last_update(NOW - 2 * DAY).next_update(next_update))
        for one in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
                .revocation_date(NOW - DAY).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(form)

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def principals(people):
    colons = ":".join(re.findall("..", people.joe.sha256))
    return {"joe": {"certificate-sha256": colons, "role": "anonymous"},
            "jane": {"certificate-sha1": people.jane.sha1, "role": "anonymous"},
            "jim": {"subject": "CN=jim", "role": "anonymous"},
            "mail": {"san": "email:mallory@example.net", "role": "anonymous"}}


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    base = tmp_path_factory.mktemp("people")
    root = Authority("Client root")
    middle = Authority("Client middle", root)
    stranger = Authority("Strangers")
    (base / "ca.pem").write_bytes(root.pem())
    made = {name: root.client(name, base) for name in ("joe", "jane", "jim", "mallory", "revoked", "nobody")}
    (base / "revoked.crl").write_bytes(root.crl(made["revoked"]))
    (base / "both.crl").write_bytes(root.crl() + middle.crl())
    return types.SimpleNamespace(
        base=base, root=root, ca=base / "ca.pem", crl=base / "revoked.crl", **made,
        expired=root.client("expired", base, end=NOW - DAY / 2),
        server=root.client("server", base, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        stranger=stranger.client("stranger", base),
        deep=middle.client("deep", base, chain=[middle.certificate]))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, pki, people):
    """One node, a port for each way to ask for certificates."""
    base = tmp_path_factory.mktemp("guarded")
    ports = {name: free_port() for name in ("required", "optional", "none", "shallow")}
    pair = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem")}
    asking = {**pair, "ca_certificates": [str(people.ca)]}
    tls = {"required": {**asking, "crl": [str(people.crl)]}, "optional": {**asking, "client_auth": "optional"},
           "none": pair, "shallow": {**asking, "verify_depth": 0}}
    transports = []
    for name, port in ports.items():
        websocket = {"type": "websocket"}
        if name in ("required", "optional"):
            websocket["auth"] = {"tls": {"type": "static", "principals": principals(people)}}
        transports.append({"type": "web", "endpoint": tcp(port, tls[name]), "options": {"access_log": True},
                           "paths": {"/": {"type": "json", "value": "in"}, "ws": websocket}})
    plain = free_port()
    transports.append({"type": "websocket", "endpoint": tcp(plain)})
    cbdir = write_config(base, router_config(transports))
    with Node(["--cbdir", cbdir, "--cores", "2"], base, [*ports.values(), plain]) as node:
        yield types.SimpleNamespace(node=node, cbdir=cbdir, ca=pki / "root.pem", pair=pair, plain=plain, **ports)


def with_certificate(guarded, person=None, version=None):
    context = trusting(guarded.ca)
    if person:
        context.load_cert_chain(person.pem, person.key)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def curl(guarded, port, person=None, *more):
    shown = ["--cert", person.pem, "--key", person.key] if person else []
    return subprocess.run(["curl", "-sS", "--cacert", guarded.ca, *shown, *more, f"https://localhost:{port}/"],
                          capture_output=True, text=True, timeout=20, check=False)


def s_client(port, *arguments, text=REQUEST):
    done = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{port}", "-servername", "localhost", "-ign_eof",
                           *map(str, arguments)], capture_output=True, text=True, input=text, timeout=20, check=False)
    return done.stdout + done.stderr


# Who gets in ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("port,person,reason", [
    ("required", "joe", None), ("required", None, "showed no certificate"), ("required", "revoked", "revoked"),
    ("required", "expired", "expired"), ("required", "server", "purpose"), ("required", "stranger", "unknown CA"),
    ("required", "deep", "no revocation list of its issuer"),
    ("optional", "joe", None), ("optional", None, None), ("optional", "expired", "expired"),
    ("optional", "stranger", "unknown CA"), ("optional", "deep", None),
    ("none", "stranger", None), ("none", None, None),
    ("shallow", "joe", None), ("shallow", "deep", "chain too long")])
def test_who_gets_in(guarded, people, port, person, reason, version):
    since = len(guarded.node.log())
    done = curl(guarded, getattr(guarded, port), getattr(people, person) if person else None, f"--tlsv{version}", "--tls-max", version)
    if reason is None:
        assert done.stdout == '"in"', done.stderr
        return
    assert done.returncode != 0 and done.stdout == ""
    line = guarded.node.wait_log(f"tls_error: .*{reason}.*", since=since).group()
    if person:
        assert f'"CN={person}"' in line
    assert guarded.node.log()[since:].count("tls_error") == 1, "one line for one fault"


def test_the_request_names_the_authority(guarded, people):
    out = s_client(guarded.required, "-cert", people.joe.pem, "-key", people.joe.key)
    assert re.search("Acceptable client certificate CA names\nCN = Client root", out), out
    assert "No client certificate CA names sent" in s_client(guarded.none)


def test_a_reloaded_crl_stops_a_ticket(tmp_path, pki, people):
    """A client that is revoked while it holds a ticket does not come back by it."""
    port, crl = free_port(), tmp_path / "clients.crl"
    crl.write_bytes(people.root.crl())
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "ca_certificates": [str(people.ca)],
           "crl": [str(crl)]}
    cbdir = write_config(tmp_path, router_config([{"type": "web", "endpoint": tcp(port, tls),
                                                   "paths": {"/": {"type": "json", "value": "in"}}}]))
    shown = ["-cert", people.joe.pem, "-key", people.joe.key]
    with Node(["--cbdir", cbdir], tmp_path, [port]) as node:
        for version in ("-tls1_2", "-tls1_3"):
            ticket = tmp_path / f"ticket{version}"
            s_client(port, version, *shown, "-sess_out", ticket)
            assert "Reused, TLS" in s_client(port, version, *shown, "-sess_in", ticket)
        crl.write_bytes(people.root.crl(people.joe, form=serialization.Encoding.DER))
        since = len(node.log())
        os.kill(node.pid, signal.SIGHUP)
        node.wait_log("loaded", since=since)
        for version in ("-tls1_2", "-tls1_3"):
            out = s_client(port, version, *shown, "-sess_in", tmp_path / f"ticket{version}")
            assert '"in"' not in out and "alert certificate revoked" in out, out[-900:]
        assert re.search('"CN=joe".*revoked', node.log()[since:])


def test_an_outdated_crl_is_warned_of(tmp_path, pki, people):
    old = tmp_path / "old.crl"
    old.write_bytes(people.root.crl(people.revoked, next_update=NOW - DAY))
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "ca_certificates": [str(people.ca)],
           "crl": [str(old)]}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port(), tls)}]))
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 0 and re.search("old.crl.*outdated", checked.stdout + checked.stderr)


def test_a_crl_of_nobody_who_is_trusted(tmp_path, pki, people):
    """It locks out whom the CA itself has issued: `check`, `start` and a reload say so."""
    port, crl = free_port(), tmp_path / "clients.crl"
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "ca_certificates": [str(people.ca)],
           "crl": [str(crl)]}
    cbdir = write_config(tmp_path, router_config([{"type": "web", "endpoint": tcp(port, tls),
                                                   "paths": {"/": {"type": "json", "value": "in"}}}]))
    foreign = Authority("Strangers").crl()
    crl.write_bytes(foreign)
    said = r'clients\.crl: .*"CN=Strangers".*"CN=Client root".*all others are refused'
    done = harness.transom("check", "--cbdir", cbdir)
    assert done.returncode == 0 and re.search(r"warning: .*endpoint\.tls\.crl\S*: .*" + said, done.stdout + done.stderr)
    with Node(["--cbdir", cbdir], tmp_path, [port]) as node:
        node.wait_log(said)
        crl.write_bytes(people.root.crl())
        assert json.loads(harness.transom("reload", "--json", "--cbdir", cbdir).stdout)["parts"][0]["warnings"] == []
        crl.write_bytes(foreign)
        part, = json.loads(harness.transom("reload", "--json", "--cbdir", cbdir).stdout)["parts"]
        assert any(re.search(said, warning) for warning in part["warnings"]), part
        crl.write_bytes(people.root.crl())
        assert json.loads(harness.transom("reload", "--json", "--cbdir", cbdir).stdout)["parts"][0]["warnings"] == []
        assert '"in"' in s_client(port, "-cert", people.joe.pem, "-key", people.joe.key)


def test_an_authority_without_a_crl_is_warned_of(tmp_path, pki, people):
    ca, crl = tmp_path / "ca.pem", tmp_path / "both.crl"
    ca.write_bytes(people.root.pem() + Authority("Second CA").pem())
    crl.write_bytes(people.root.crl() + Authority("Strangers").crl())
    port = free_port()
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "ca_certificates": [str(ca)],
           "crl": [str(crl)]}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port, tls)}]))
    expected = ['"CN=Second CA" has no revocation list', '"CN=Strangers", which is no CA of `ca_certificates`']
    checked = harness.transom("check", "--cbdir", cbdir)
    assert checked.returncode == 0 and all(text in checked.stdout for text in expected), checked.stdout
    with Node(["--cbdir", cbdir], tmp_path, [port]) as node:
        assert all(text in node.log() for text in expected)
        part, = json.loads(harness.transom("reload", "--json", "--cbdir", cbdir).stdout)["parts"]
        assert len(part["warnings"]) == 2 and all(a in b for a, b in zip(expected, part["warnings"]))


# WAMP ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("asks", [True, False], ids=["authid", "no authid"])
def test_libraries_join_by_certificate(guarded, people, library, asks):
    more = {"authid": "joe"} if asks else {}
    with Peer(library, f"wss://localhost:{guarded.required}/ws", ca=guarded.ca, certificate=str(people.joe.pem),
              key=str(people.joe.key), **more) as peer:
        assert peer.refused is None, peer.refused
        assert (peer.hello["authid"], peer.hello["authmethod"]) == ("joe", "tls")


@pytest.mark.parametrize("person,authid", [("joe", "joe"), ("jane", "jane"), ("jim", "jim"), ("mallory", "mail")])
def test_each_way_to_know_a_certificate(guarded, people, person, authid):
    with Wamp(guarded.required, tls=with_certificate(guarded, getattr(people, person))) as peer:
        peer.join(authmethods=["tls"])
        assert (peer.details["authid"], peer.details["authmethod"], peer.details["authprovider"]) == (authid, "tls", "static")


@pytest.mark.parametrize("person,authid", [("nobody", None), ("joe", "jane"), ("nobody", "joe"), (None, "joe"), (None, None)])
def test_others_are_refused(guarded, people, person, authid):
    since = len(guarded.node.log())
    with Wamp(guarded.optional, tls=with_certificate(guarded, getattr(people, person) if person else None)) as peer:
        peer.hello(authmethods=["tls"], **({"authid": authid} if authid else {}))
        peer.expect_abort("wamp.error.not_authorized")
    line = guarded.node.wait_log("session aborted.*", since=since).group()
    assert person is None or getattr(people, person).sha256[:2].upper() + ":" in line


def test_welcome_describes_the_transport(guarded, people):
    with Wamp(guarded.required, tls=with_certificate(guarded, people.joe), serializer="cbor") as peer:
        peer.join(authmethods=["tls"])
        transport = peer.details["transport"]
        assert transport["peer"] == f"tcp4:127.0.0.1:{peer.sock.getsockname()[1]}"
        assert (transport["channel_type"], transport["channel_framing"], transport["channel_serializer"]) == ("tls", "websocket", "cbor")
        assert transport["is_secure"] is True
        assert transport["tls"] == {"version": "TLSv1.3", "cipher": peer.sock.cipher()[0], "group": "X25519",
                                    "server_name": "localhost", "resumed": False}
        shown = transport["peer_cert"]
        assert shown["sha256"] == ":".join(re.findall("..", people.joe.sha256.upper()))
        assert shown["sha1"] == ":".join(re.findall("..", people.joe.sha1.upper()))
        assert (shown["subject"], shown["issuer"], shown["cn"]) == ("CN=joe", "CN=Client root", "joe")
        assert int(shown["serial"], 16) == people.joe.certificate.serial_number
        assert shown["subject_alt_names"] == {"email": ["joe@example.net"]}
        assert shown["not_after"] == int(people.joe.certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp())
    with Wamp(guarded.plain, path="/").join() as peer:
        assert peer.details["transport"] == {
            "channel_type": "tcp", "channel_framing": "websocket", "channel_serializer": "json", "is_secure": False,
            "peer": f"tcp4:127.0.0.1:{peer.sock.getsockname()[1]}"}


def test_tls_unique_is_what_the_client_computes(guarded):
    tls = with_certificate(guarded, version=ssl.TLSVersion.TLSv1_2)
    with Wamp(guarded.none, tls=tls).join() as peer:
        finished = peer.sock.get_channel_binding("tls-unique")
        ids = peer.details["transport"]["channel_id"]
        assert ids["tls-unique"] == hashlib.sha256(finished).hexdigest()
        assert re.fullmatch("[0-9a-f]{64}", ids["tls-exporter"])


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_tls_exporter_is_what_openssl_computes(guarded, version):
    """openssl speaks the WebSocket handshake and HELLO by hand; the WELCOME comes back among what it prints."""
    hello = json.dumps([1, "realm1", {"roles": {"caller": {}}}]).encode()
    frame = bytes([0x81, 0x80 | len(hello)]) + b"\0\0\0\0" + hello
    upgrade = ("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(b"k" * 16).decode() +
               "\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n").encode()
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"localhost:{guarded.none}", version, "-servername", "localhost",
                               "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32", "-ign_eof"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    client.stdin.write(upgrade + frame + bytes([0x88, 0x80]) + b"\0\0\0\0")  # and a close, so that all of it ends
    client.stdin.flush()
    out = client.stdout.read().decode(errors="replace")
    client.stdin.close()
    client.wait(10)
    exported = re.search(r"Keying material: ([0-9A-F]{64})", out).group(1)
    assert re.search(r'"tls-exporter":"([0-9a-f]{64})"', out).group(1) == exported.lower()


# Where it shows ------------------------------------------------------------------------------------------------------

def test_the_access_log_tells_the_tls_facts(guarded, people):
    since = len(guarded.node.log())
    curl(guarded, guarded.required, people.joe, "--tls-max", "1.2")
    curl(guarded, guarded.none)
    guarded.node.wait_log(r'access 127.0.0.1:\d+ "GET /" 200 4 TLSv1.2 TLS_ECDHE_ECDSA_WITH_\w+ \S+ full sni=localhost "CN=joe"', since=since)
    guarded.node.wait_log(r'access 127.0.0.1:\d+ "GET /" 200 4 TLSv1.3 TLS_\w+ X25519 full sni=localhost\n', since=since)


def test_status_lists_sessions(guarded, people):
    tls = with_certificate(guarded, people.joe)
    with Wamp(guarded.required, tls=tls) as joe, Wamp(guarded.plain, path="/").join() as clear:
        joe.join(authmethods=["tls"])
        done = harness.transom("status", "--cbdir", guarded.cbdir, "--sessions", "--json")
        answer = json.loads(done.stdout)
        listed = {one["session"]: one for one in answer["sessions"]}
        assert answer["status"] == "running" and answer["total"] >= 2
        mine = listed[joe.session]
        assert (mine["realm"], mine["authid"], mine["authrole"]) == ("realm1", "joe", "anonymous")
        assert mine["transport"]["peer_cert"]["subject"] == "CN=joe"
        assert mine["transport"]["tls"]["version"] == "TLSv1.3"
        assert "channel_id" not in mine["transport"], "what binds a channel is told to its two ends only"
        assert listed[clear.session]["transport"]["channel_type"] == "tcp"
        table = harness.transom("status", "--cbdir", guarded.cbdir, "--sessions").stdout
        assert re.search(rf"{joe.session} +realm1 +joe +anonymous +tcp4:\S+ +TLSv1.3 TLS_\w+ X25519 full sni=localhost, CN=joe\n", table), table
        assert re.search(rf"{clear.session} .* -\n", table)


def test_method_tls_needs_an_endpoint_that_asks(tmp_path, pki, people):
    websocket = {"auth": {"tls": {"type": "static", "principals": principals(people)}}}
    pair = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem")}
    for tls, words in ((None, "client certificates need TLS"), (pair, "asks nobody for a certificate")):
        cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port(), tls), **websocket}]))
        checked = harness.transom("check", "--cbdir", cbdir)
        assert checked.returncode == 1 and re.search(rf"config.json:\d+:\d+: error: .*auth.tls.*{words}", checked.stdout + checked.stderr)


# Tickets -------------------------------------------------------------------------------------------------------------

def ticket_of(session_file):
    """The octets of the ticket in a session that s_client has saved."""
    text = subprocess.run(["openssl", "sess_id", "-in", session_file, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
    block = text.split("TLS session ticket:\n", 1)[1]
    octets = b""
    for line in block.splitlines():
        found = re.match(r"\s+[0-9a-f]{4,} - ((?:[0-9a-f]{2}[ -])+)", line)
        if not found:
            break
        octets += bytes.fromhex(found.group(1).replace("-", " "))
    return octets


def opens(key, ticket):
    """Whether a ticket was made with such a key: its name, and the HMAC over all that stands before it."""
    secret = key[16:48] if len(key) == 80 else key[32:48]
    return ticket[:16] == key[:16] and hmac.digest(secret, ticket[:-32], "sha256") == ticket[-32:]


def decrypted(key, ticket):
    size = 256 if len(key) == 80 else 128
    aes = key[48:80] if size == 256 else key[16:32]
    return subprocess.run(["openssl", "enc", "-d", f"-aes-{size}-cbc", "-K", aes.hex(), "-iv", ticket[16:32].hex()],
                          input=ticket[32:-32], capture_output=True, check=True).stdout


@pytest.fixture
def farm(tmp_path, pki):
    """Starts a node, or nginx, with a key file; the second of a kind is another machine of the farm."""
    pair = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem")}
    running = []

    def start(kind, key, number=0):
        base, port = tmp_path / f"{kind}{number}", free_port()
        base.mkdir()
        if kind == "nginx":
            (base / "nginx.conf").write_text(
                f"daemon off; master_process off; pid {base}/pid; error_log {base}/log; events {{}}\n"
                f"http {{ access_log off; client_body_temp_path {base}/b; proxy_temp_path {base}/p; fastcgi_temp_path {base}/f;"
                f" uwsgi_temp_path {base}/u; scgi_temp_path {base}/s; server {{ listen 127.0.0.1:{port} ssl;"
                f" ssl_certificate {pair['certificate']}; ssl_certificate_key {pair['key']};"
                f" ssl_protocols TLSv1.2 TLSv1.3; ssl_session_ticket_key {key}; location / {{ return 200 x; }} }} }}\n")
            server = subprocess.Popen(["/usr/sbin/nginx", "-c", base / "nginx.conf", "-p", base],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.append(lambda: (server.terminate(), server.wait(10)))
            harness.wait_for(lambda: harness.accepts(port), "nginx")
        else:
            tls = {**pair, "session_tickets": {"key_files": [str(key)]}}
            cbdir = write_config(base, router_config([{"type": "web", "endpoint": tcp(port, tls),
                                                       "paths": {"/": {"type": "json", "value": "in"}}}]))
            node = Node(["--cbdir", cbdir, "--cores", "1"], base, [port]).start()
            running.append(node.stop)
        return port

    yield start
    for stop in running:
        stop()


@pytest.mark.parametrize("octets", [48, 80])
def test_machines_with_one_key_file_resume_each_others_sessions(farm, tmp_path, octets):
    """Two nodes; and nginx with the same file makes tickets of the same layout (which hold sessions bound to nginx)."""
    key = tmp_path / "ticket.key"
    key.write_bytes(os.urandom(octets))
    key.chmod(0o600)
    one, other, nginx = farm("node", key), farm("node", key, 1), farm("nginx", key)
    for version in ("-tls1_2", "-tls1_3"):
        ours, theirs = tmp_path / f"ours{version}", tmp_path / f"theirs{version}"
        s_client(one, version, "-sess_out", ours)
        assert "Reused, TLS" in s_client(other, version, "-sess_in", ours)
        s_client(nginx, version, "-sess_out", theirs)
        for session in (ours, theirs):
            ticket = ticket_of(session)
            assert opens(key.read_bytes(), ticket), session
            assert decrypted(key.read_bytes(), ticket)[:1] == b"\x30", "a session in ASN.1"
        assert "New, TLS" in s_client(other, version, "-sess_in", theirs), "a full handshake, no failure"


def test_an_open_ticket_key_is_refused(tmp_path, pki):
    key = tmp_path / "ticket.key"
    key.write_bytes(os.urandom(80))
    key.chmod(0o644)
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "session_tickets": {"key_files": [str(key)]}}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port(), tls)}]))
    done = harness.transom("start", "--cbdir", cbdir)
    assert done.returncode == 1 and f"chmod 600 {key}" in done.stdout + done.stderr


def test_keys_rotate_by_themselves(tmp_path, pki):
    """Every second here: a ticket is good for two rotations, and a client that comes back gets a newer one."""
    port = free_port()
    tls = {"key": str(pki / "ecdsa.key"), "certificate": str(pki / "ecdsa_chain.pem"), "session_tickets": {"rotate": 1}}
    cbdir = write_config(tmp_path, router_config([{"type": "web", "endpoint": tcp(port, tls),
                                                   "paths": {"/": {"type": "json", "value": "in"}}}]))
    with Node(["--cbdir", cbdir], tmp_path, [port]):
        old = tmp_path / "old"
        s_client(port, "-sess_out", old)
        assert "Reused, TLS" in s_client(port, "-sess_in", old)
        first = ticket_of(old)[:16]
        new = tmp_path / "new"
        harness.wait_for(lambda: s_client(port, "-sess_out", new) and ticket_of(new)[:16] != first, "a new key")
        harness.wait_for(lambda: "New, TLS" in s_client(port, "-sess_in", old), "the old key to be forgotten")
