"""Bad, slow and greedy TLS clients: each ends alone, with its alert and one line of the log, while a session goes on."""
import concurrent.futures
import contextlib
import re
import resource
import selectors
import ssl
import subprocess
import time
import types

import pytest

import harness
import rawtls as tls
from harness import Node, free_port, router_config, tcp, wait_for, write_config
from rawtls import (ALERT, CCS, DATA, EARLY_DATA, EXTENDED_MASTER, FATAL, GROUPS, HANDSHAKE, HEARTBEAT, KEY_SHARE, KEY_UPDATE, P256,
                    POINT_FORMATS, PSK, PSK_MODES, RENEGOTIATION_INFO, SERVER_NAME, SIGNATURES, STATUS_REQUEST, VERSIONS, WARNING,
                    X25519, Tls13, extension, extensions_12, extensions_13, hello, message, record, u16s, v8, v16, with_extension,
                    without)
from rawws import Closed, Wamp, connect, trusting


@pytest.fixture(scope="module")
def target(tmp_path_factory, pki):
    """A node of one core with an RSA port and a good session on it, which every test looks after."""
    base = tmp_path_factory.mktemp("target")
    port = free_port()
    keys = {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem")}
    cbdir = write_config(base, router_config([{"type": "websocket", "endpoint": tcp(port, keys, backlog=511)}]))
    with Node(["--cbdir", cbdir, "--cores", "1"], base, [port]) as node:
        with Wamp(port, tls=trusting(pki / "root.pem")).join() as good:
            good.subscribe("com.good.beside")
            yield types.SimpleNamespace(node=node, port=port, ca=pki / "root.pem", good=good)
            good.sync()


def lines_about(target, local_port):
    return [line for line in target.node.log().splitlines() if f"127.0.0.1:{local_port}:" in line]


# What a bad peer gets -------------------------------------------------------------------------------------------------

def first_flight(**changes):
    return hello(extensions_13(), **changes)


def with_13(kind, body):
    return hello(with_extension(extensions_13(), kind, body))


def with_12(kind, body):
    return hello(with_extension(extensions_12(), kind, body), suites=tls.SUITES_12)


def ocsp_request(responders=b"", extensions=b""):
    return b"\1" + v16(responders) + v16(extensions)


def name_list(*names, kind=b"\0"):
    return v16(b"".join(kind + v16(name) for name in names))


def psk(identities, binders):
    return v16(b"".join(v16(identity) + bytes(4) for identity in identities)) + v16(b"".join(v8(binder) for binder in binders))


def psk_last(body):
    return hello({**extensions_13(), PSK: extension(PSK, body)})


def many_extensions(octets):
    """Unknown ones of 20 octets, none twice."""
    return {**extensions_13(), **{kind: extension(kind, bytes(16)) for kind in range(0x4000, 0x4000 + octets // 20)}}


def split(flight):
    """One handshake message, of whatever size, in records of 16 KiB."""
    octets = flight[5:]
    return b"".join(record(HANDSHAKE, octets[at:at + 16384]) for at in range(0, len(octets), 16384))


GOOD_12 = hello(extensions_12(), suites=tls.SUITES_12)
NOT_ON_THE_CURVE = b"\4" + b"\1" * 64
SSL2_HELLO = bytes([0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]) + bytes(37)

# (name, octets of the client, what the server says). "answered": it is no fault, or one that the RFC says to pass over.
# Where OpenSSL 3.0 says something else than the RFC asks for or suggests, the row says so.
FLIGHTS = [
    # The record layer.
    ("record of an unknown type", record(99, b"x" * 32), "unexpected_message"),
    ("record of a wrong version", record(HANDSHAKE, message(1, tls.hello_body(extensions_13())), 0x0909), "closed"),  # OpenSSL says nothing to what is no TLS
    ("record longer than allowed", record(HANDSHAKE, b"\1" * 100, length=0x4801), "record_overflow"),
    ("record of 65535", record(HANDSHAKE, b"\1" * 70000, length=0xFFFF), "record_overflow"),
    ("heartbeat first", record(HEARTBEAT, b"\1\x40\0"), "unexpected_message"),
    ("application data first", record(DATA, b"x" * 64), "unexpected_message"),
    ("change_cipher_spec first", record(CCS, b"\1"), "unexpected_message"),
    ("empty handshake records", record(HANDSHAKE, b"") * 1000, "unexpected_message"),
    ("garbage for a record", b"\xff" * 1000, "closed"),  # the same
    ("hello of SSL 2", SSL2_HELLO, "protocol_version"),
    ("hello in records of one octet", b"".join(record(HANDSHAKE, bytes([octet])) for octet in first_flight()[5:]), "answered"),
    # Alerts from the client.
    ("alert first", record(ALERT, bytes([FATAL, 40])), "unexpected_message"),
    ("close_notify first", record(ALERT, bytes([WARNING, 0])), "unexpected_message"),
    ("alert of an unknown level", record(ALERT, bytes([7, 40])), "unexpected_message"),
    ("alert of one octet", record(ALERT, bytes([FATAL])), "unexpected_message"),
    ("empty alert", record(ALERT, b"") * 100, "unexpected_message"),
    ("flood of warnings", record(ALERT, bytes([WARNING, 90])) * 100, "unexpected_message"),
    # Messages out of turn or of a wrong size.
    ("server hello first", record(HANDSHAKE, message(2, bytes(70))), "unexpected_message"),
    ("hello request first", record(HANDSHAKE, message(0, b"")), "unexpected_message"),
    ("finished first", record(HANDSHAKE, message(20, bytes(12))), "unexpected_message"),
    ("message of an unknown type", record(HANDSHAKE, message(77, bytes(12))), "unexpected_message"),
    ("hello said to be of 16 MiB", record(HANDSHAKE, message(1, b"\3\3", length=0xFFFFFF)), "illegal_parameter"),
    ("empty hello", record(HANDSHAKE, message(1, b"")), "decode_error"),
    ("hello cut in its random", record(HANDSHAKE, message(1, b"\3\3" + bytes(20))), "decode_error"),
    ("two hellos", GOOD_12 + record(HANDSHAKE, GOOD_12[5:]), "answered, then unexpected_message"),
    # The fields of a hello.
    ("session id of 33", first_flight(session=bytes(33)), "decode_error"),
    ("no suites", first_flight(suites=[]), "illegal_parameter"),
    ("suites of an odd length", first_flight(suites_raw=v16(b"\x13\1\x13")), "decode_error"),
    ("suites longer than the hello", first_flight(suites_raw=b"\xff\xfe" + bytes(20)), "decode_error"),
    ("unknown suites only", first_flight(suites=[0xFAFA, 0xEEEE]), "handshake_failure"),
    ("weak suites only", hello(extensions_12(), suites=[0x0005, 0x000A, 0x0033]), "handshake_failure"),
    ("no compression methods", first_flight(compression=b""), "decode_error"),
    ("compression without null", hello(extensions_12(), suites=tls.SUITES_12, compression=b"\1"), "decode_error"),
    ("compression beside null in TLS 1.3", first_flight(compression=b"\0\1"), "illegal_parameter"),
    ("SSL 3 only", hello({}, record_version=0x0300, version=0x0300, suites=[0x000A]), "handshake_failure"),  # SSL 3 has no protocol_version
    ("TLS 1.0 only", hello(extensions_12(), version=0x0301, suites=[0xC013]), "protocol_version"),
    ("TLS 1.1 only", hello(extensions_12(), version=0x0302, suites=[0xC013]), "protocol_version"),
    ("fallback signal", hello(extensions_12(), suites=[*tls.SUITES_12, 0x5600]), "inappropriate_fallback"),
    ("no extensions at all", hello(extensions_raw=b"", suites=tls.SUITES_12), "handshake_failure"),  # that means SHA-1
    # The list of extensions.
    ("extensions longer than the hello", first_flight(extensions_raw=b"\xff\xff" + bytes(10)), "decode_error"),
    ("octets behind the extensions", first_flight(extensions_raw=v16(b"".join(extensions_13().values())) + b"\0"), "decode_error"),
    ("extension longer than its list", first_flight(extensions_raw=v16(b"\0\x2b\0\x50\2\3\4")), "decode_error"),
    ("extension cut in its head", first_flight(extensions_raw=v16(b"\0\x2b\0")), "decode_error"),
    ("extension twice", hello([*extensions_13().values(), extension(EXTENDED_MASTER), extension(EXTENDED_MASTER)]), "illegal_parameter"),
    ("unknown extension twice", hello([*extensions_13().values(), extension(0x4444), extension(0x4444)]), "answered"),
    # status_request: the first of these is what CVE-2011-0014 read beyond its end.
    ("CVE-2011-0014: status_request cut behind its type", with_13(STATUS_REQUEST, b"\1"), "decode_error"),
    ("status_request cut in the responders", with_13(STATUS_REQUEST, b"\1\0\x10\0"), "decode_error"),
    ("status_request without extensions", with_13(STATUS_REQUEST, b"\1\0\0"), "decode_error"),
    ("status_request with an empty responder", with_13(STATUS_REQUEST, ocsp_request(v16(b""))), "decode_error"),
    ("status_request with a responder of garbage", with_13(STATUS_REQUEST, ocsp_request(v16(b"\x30\x82\xff\xff"))), "decode_error"),
    ("status_request with extensions of garbage", with_13(STATUS_REQUEST, ocsp_request(b"", b"\x30\x82\xff\xff")), "decode_error"),
    ("status_request with octets behind", with_13(STATUS_REQUEST, ocsp_request() + b"\0"), "decode_error"),
    ("status_request of an unknown type", with_13(STATUS_REQUEST, b"\7\0\0\0\0"), "answered"),
    ("empty status_request", with_13(STATUS_REQUEST, b""), "decode_error"),
    ("status_request of TLS 1.2 cut", with_12(STATUS_REQUEST, b"\1\0"), "decode_error"),
    # server_name.
    ("empty server_name", with_13(SERVER_NAME, b""), "decode_error"),
    ("server_name without a name", with_13(SERVER_NAME, v16(b"")), "decode_error"),
    ("server_name of no octets", with_13(SERVER_NAME, name_list(b"")), "answered"),  # RFC: a decode_error; OpenSSL passes over it
    ("server_name with a NUL", with_13(SERVER_NAME, name_list(b"local\0host")), "unrecognized_name"),
    ("server_name of 256", with_13(SERVER_NAME, name_list(b"a" * 256)), "unrecognized_name"),
    ("two server names", with_13(SERVER_NAME, name_list(b"localhost", b"other")), "decode_error"),
    ("server_name of another type", with_13(SERVER_NAME, name_list(b"localhost", kind=b"\1")), "decode_error"),
    ("server_name longer than its list", with_13(SERVER_NAME, b"\0\x20\0\0\x10abc"), "decode_error"),
    # Versions, groups, key shares, signatures.
    ("empty supported_versions", with_13(VERSIONS, v8(b"")), "protocol_version"),  # RFC: decode_error
    ("supported_versions of an odd length", with_13(VERSIONS, v8(b"\3\4\3")), "protocol_version"),  # RFC: decode_error
    ("unknown versions only", with_13(VERSIONS, v8(u16s(0x0505, 0x7F17))), "protocol_version"),
    ("empty supported_groups", with_13(GROUPS, v16(b"")), "decode_error"),
    ("supported_groups of an odd length", with_13(GROUPS, v16(b"\0\x1d\0")), "decode_error"),
    ("no group in common", hello({**with_extension(extensions_13(), GROUPS, v16(u16s(0x4242))), KEY_SHARE: extension(KEY_SHARE, v16(b""))}),
     "handshake_failure"),
    ("key_share without supported_groups", hello(without(extensions_13(), GROUPS)), "missing_extension"),
    ("supported_groups without key_share", hello(without(extensions_13(), KEY_SHARE)), "missing_extension"),
    ("key_share of a group not offered", hello({**with_extension(extensions_13(), GROUPS, v16(u16s(X25519))),
                                                KEY_SHARE: extension(KEY_SHARE, v16(tls.share(P256, b"\4" * 65)))}), "illegal_parameter"),
    ("key_share cut", with_13(KEY_SHARE, v16(b"\0\x1d\0\x20abc")), "decode_error"),
    ("key_share of no octets", with_13(KEY_SHARE, v16(tls.share(X25519, b""))), "decode_error"),
    ("X25519 share of 31", with_13(KEY_SHARE, v16(tls.share(X25519, b"\7" * 31))), "illegal_parameter"),
    ("X25519 share of zeros", with_13(KEY_SHARE, v16(tls.share(X25519, bytes(32)))), "illegal_parameter"),
    ("P-256 share of 64", with_13(KEY_SHARE, v16(tls.share(P256, b"\4" * 64))), "illegal_parameter"),
    ("P-256 share not on the curve", with_13(KEY_SHARE, v16(tls.share(P256, NOT_ON_THE_CURVE))), "illegal_parameter"),
    ("P-256 share at infinity", with_13(KEY_SHARE, v16(tls.share(P256, b"\0"))), "illegal_parameter"),
    ("no signature_algorithms", hello(without(extensions_13(), SIGNATURES)), "missing_extension"),
    ("empty signature_algorithms", with_13(SIGNATURES, v16(b"")), "decode_error"),
    ("signature_algorithms of an odd length", with_13(SIGNATURES, v16(b"\4\3\4")), "decode_error"),
    ("unknown signature algorithms only", with_13(SIGNATURES, v16(u16s(0xFAFA))), "handshake_failure"),
    ("signatures that the key cannot make", with_13(SIGNATURES, v16(u16s(0x0807))), "handshake_failure"),
    ("empty ec_point_formats", with_12(POINT_FORMATS, v8(b"")), "decode_error"),
    ("renegotiation_info that is none", with_12(RENEGOTIATION_INFO, v8(bytes(12))), "handshake_failure"),
    ("extended_master_secret with octets", with_12(EXTENDED_MASTER, b"\0"), "decode_error"),
    # ALPN.
    ("unknown ALPN only", with_13(tls.ALPN, v16(v8(b"h3") + v8(b"spdy/9"))), "no_application_protocol"),
    ("unknown ALPN only, TLS 1.2", with_12(tls.ALPN, v16(v8(b"gopher"))), "no_application_protocol"),
    ("empty ALPN", with_13(tls.ALPN, v16(b"")), "decode_error"),
    ("ALPN of no octets", with_13(tls.ALPN, v16(v8(b""))), "decode_error"),
    ("ALPN longer than its list", with_13(tls.ALPN, v16(b"\x20http/1.1")), "decode_error"),
    # Pre-shared keys and early data.
    ("psk that is not last", with_13(PSK, psk([b"ticket"], [bytes(32)])), "illegal_parameter"),
    ("psk without psk_key_exchange_modes", hello({**without(extensions_13(), PSK_MODES), PSK: extension(PSK, psk([b"t"], [bytes(32)]))}),
     "missing_extension"),
    ("psk without identities", psk_last(psk([], [])), "answered"),  # RFC: decode_error; OpenSSL takes it for none
    ("psk cut", psk_last(b"\0\x40\0\2ab"), "decode_error"),
    ("unknown psk", psk_last(psk([b"x" * 100], [bytes(32)])), "answered"),
    ("empty psk_key_exchange_modes", with_13(PSK_MODES, v8(b"")), "decode_error"),
    ("early_data without psk", with_13(EARLY_DATA, b""), "answered"),
    ("early_data with octets", with_13(EARLY_DATA, b"\0"), "decode_error"),
    # Large ones.
    ("hello with 700 unknown extensions", split(hello(many_extensions(14000))), "answered"),
    ("hello of 60 KiB", split(hello(many_extensions(60000))), "answered"),
    ("hello of 130 KiB", split(record(HANDSHAKE, message(1, bytes(131000)), length=0)),
     "illegal_parameter or decode_error"),  # by whether it came in one piece: our limit or OpenSSL's parser is the first
]


@pytest.mark.parametrize("octets,wanted", [row[1:] for row in FLIGHTS], ids=[row[0] for row in FLIGHTS])
def test_a_bad_flight(target, octets, wanted):
    with connect(target.port) as sock:
        local = sock.getsockname()[1]
        with contextlib.suppress(ConnectionError):
            sock.sendall(octets)
        assert outcome_of(sock, "then" in wanted) in wanted.split(" or ")
    target.good.sync()
    if wanted == "answered":
        return
    wait_for(lambda: lines_about(target, local), "a line of the log")
    assert len(lines_about(target, local)) == 1, lines_about(target, local)


def outcome_of(sock, to_the_end=False):
    """The alert by name, "closed" without one, "reset", or "answered" where a ServerHello comes."""
    reader = tls.RecordReader(sock)
    first = reader.next()
    if isinstance(first, tuple) and first[0] == HANDSHAKE and first[1][0] == tls.SERVER_HELLO:
        return "answered" if not to_the_end else f"answered, then {reader.outcome()}"
    if isinstance(first, tuple) and first[0] == ALERT:
        assert reader.next() is None, "an orderly end follows the alert"
        return tls.ALERTS.get(first[1][1], first[1][1])
    return "closed" if first is None else first


# What comes under encryption ------------------------------------------------------------------------------------------

def wrong_finished(peer):
    peer.send(HANDSHAKE, message(tls.FINISHED, bytes(32)))


def undecryptable(peer):
    peer.sock.sendall(record(DATA, b"x" * 64))


def key_update(kind):
    return message(KEY_UPDATE, kind)


def after(do):
    """Done by a peer that is through its handshake."""
    return lambda peer: do(peer.finish())


def flood_of_key_updates(peer):
    for _ in range(2000):
        with contextlib.suppress(OSError):
            peer.send(HANDSHAKE, key_update(b"\0"))
            peer.write = peer.write.updated()


ENCRYPTED = [
    ("wrong finished", wrong_finished, "decrypt_error"),
    ("finished of 12 octets", lambda peer: peer.send(HANDSHAKE, message(tls.FINISHED, bytes(12))), "decode_error"),
    ("undecryptable record", undecryptable, "bad_record_mac"),
    ("certificate that nobody asked for", lambda peer: peer.send(HANDSHAKE, message(tls.CERTIFICATE, bytes(4))), "unexpected_message"),
    ("data before finished", lambda peer: peer.send(DATA, b"GET / HTTP/1.1\r\n\r\n"), "unexpected_message"),
    ("record without a content type", lambda peer: peer.send(0, bytes(20)), "unexpected_message"),
    ("empty handshake record", lambda peer: peer.send(HANDSHAKE, b""), "unexpected_message"),
    ("record of 16 KiB and more", lambda peer: peer.send(HANDSHAKE, bytes(16500)), "record_overflow"),
    ("flood of change_cipher_spec", lambda peer: peer.sock.sendall(record(CCS, b"\1") * 1000), "unexpected_message"),
    ("change_cipher_spec of another value", lambda peer: peer.sock.sendall(record(CCS, b"\2")), "illegal_parameter"),  # RFC: unexpected_message
    ("second hello", after(lambda peer: peer.send(HANDSHAKE, hello()[5:])), "unexpected_message"),
    ("finished again", after(lambda peer: peer.send(HANDSHAKE, message(tls.FINISHED, bytes(32)))), "unexpected_message"),
    ("ticket from the client", after(lambda peer: peer.send(HANDSHAKE, message(tls.NEW_TICKET, bytes(40)))), "unexpected_message"),
    ("key update of another value", after(lambda peer: peer.send(HANDSHAKE, key_update(b"\7"))), "illegal_parameter"),
    ("empty key update", after(lambda peer: peer.send(HANDSHAKE, key_update(b""))), "decode_error"),
    ("key update with more behind it", after(lambda peer: peer.send(HANDSHAKE, key_update(b"\0") + key_update(b"\0")[:2])),
     "unexpected_message"),
    ("flood of key updates", after(flood_of_key_updates), "close_notify"),  # OpenSSL sends no alert of our choice
    ("flood of empty records", after(lambda peer: [peer.send(DATA, b"") for _ in range(200)]), "unexpected_message"),
    ("flood of warnings", after(lambda peer: [peer.send(ALERT, bytes([WARNING, 90])) for _ in range(200)]), "unexpected_message"),
]


@pytest.mark.parametrize("act,wanted", [row[1:] for row in ENCRYPTED], ids=[row[0] for row in ENCRYPTED])
def test_bad_under_encryption(target, act, wanted):
    with Tls13(target.port) as peer:
        local = peer.sock.getsockname()[1]
        with contextlib.suppress(ConnectionError):
            act(peer)
        assert peer.outcome() == wanted
    target.good.sync()
    wait_for(lambda: lines_about(target, local), "a line of the log")
    assert len(lines_about(target, local)) == 1, lines_about(target, local)


def second_flight_of_tls12(port, change):
    """Lets Python's TLS 1.2 client begin, changes its second flight, and says what the server answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(inside, outside, server_hostname="localhost")
    with connect(port) as sock:
        for _ in range(20):
            try:
                client.do_handshake()
            except ssl.SSLWantReadError:
                flight = outside.read()
            if flight[5] != tls.CLIENT_HELLO:
                break
            if flight:
                sock.sendall(flight)
            inside.write(sock.recv(65536))
        with contextlib.suppress(ConnectionError):
            sock.sendall(change(flight))
        return sock.getsockname()[1], tls.RecordReader(sock).outcome()


def flip(at):
    return lambda flight: flight[:at] + bytes([flight[at] ^ 1]) + flight[at:][1:]


SECOND_FLIGHTS = [
    ("wrong client key", flip(30), "bad_record_mac"),  # another secret, so the Finished cannot be read
    ("client key of another length", lambda flight: record(HANDSHAKE, message(16, v8(bytes(31)))), "illegal_parameter"),
    ("altered finished", flip(-1), "bad_record_mac"),
    ("change_cipher_spec too early", lambda flight: record(CCS, b"\1"), "unexpected_message"),
    ("finished in the clear", lambda flight: record(HANDSHAKE, message(20, bytes(12))), "unexpected_message"),
    ("data in the clear", lambda flight: record(DATA, b"GET / HTTP/1.1\r\n\r\n"), "unexpected_message"),
    ("certificate that nobody asked for", lambda flight: record(HANDSHAKE, message(11, bytes(3))), "unexpected_message"),
]


@pytest.mark.parametrize("change,wanted", [row[1:] for row in SECOND_FLIGHTS], ids=[row[0] for row in SECOND_FLIGHTS])
def test_a_bad_second_flight_of_tls12(target, change, wanted):
    local, got = second_flight_of_tls12(target.port, change)
    assert got == wanted
    target.good.sync()
    wait_for(lambda: lines_about(target, local), "a line of the log")
    assert len(lines_about(target, local)) == 1, lines_about(target, local)


# What costs the node more than the peer -------------------------------------------------------------------------------

@pytest.mark.alone
def test_large_hellos_leave_no_memory_behind(target):
    flight = split(hello(many_extensions(60000)))

    def wave():
        for _ in range(40):
            with connect(target.port) as sock:
                sock.sendall(flight)
                assert outcome_of(sock) == "answered"
    for _ in range(4 if harness.SANITIZED else 1):  # the sanitizer keeps some freed memory back, up to a limit
        wave()
    first = target.node.rss_kib()
    for _ in range(3):
        wave()
    assert target.node.rss_kib() - first < 2048 * (8 if harness.SANITIZED else 1)
    target.good.sync()


@pytest.mark.alone
def test_renegotiation_of_tls12_costs_nothing(target):
    """openssl asks for it by R: no new handshake, no time of the node, and the connection ends or goes on without."""
    used = target.node.cpu_seconds()
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{target.port}", "-tls1_2"], input="R\n" * 50,
                          capture_output=True, text=True, timeout=20 * harness.PATIENCE, check=False)
    assert "RENEGOTIATING" in done.stdout + done.stderr
    assert re.search("no renegotiation|unexpected message|handshake failure", done.stdout + done.stderr), done.stderr[-600:]
    assert target.node.cpu_seconds() - used < 0.2 * harness.PATIENCE
    target.good.sync()


def closes_after(port, begin, drip=None, limit=14):
    """Seconds until the server ends a connection that sends `begin` and then, each half second, one octet of `drip`."""
    began = time.monotonic()
    with connect(port, timeout=0.5) as sock:
        sock.sendall(begin)
        left = drip or b""
        while time.monotonic() - began < limit:
            with contextlib.suppress(TimeoutError):
                try:
                    if left:
                        sock.sendall(left[:1])
                        left = left[1:]
                    if not sock.recv(4096):
                        break
                except ConnectionError:
                    break
        return time.monotonic() - began


@pytest.mark.alone
@pytest.mark.slow
def test_slow_peers_end_after_ten_seconds(target):
    """Absolute: for the silent, for one octet, for a hello that drips, and for one that stops after the server's flight."""
    cases = [(b"", b""), (hello()[:1], b""), (hello()[:11], bytes(100)), (GOOD_12, b""), (GOOD_12[:-1], GOOD_12[-1:])]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        times = list(pool.map(lambda case: closes_after(target.port, *case), cases))
    assert all(9 < seconds < 11.5 for seconds in times), times
    target.good.sync()


@contextlib.contextmanager
def handshake_flood(port, connections, version="1.3"):
    """256 clients that only begin handshakes; yields a dictionary that then holds how many were answered."""
    flood = subprocess.Popen(["/usr/bin/python3", harness.E2E / "peers" / "handshake_flood.py", str(port), str(connections), version],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    counted = {}
    try:
        assert flood.stdout.readline() == "running\n"
        yield counted
    finally:
        flood.stdin.close()
        counted["answered"] = int(flood.stdout.read() or 0)
        flood.wait(10)


@pytest.mark.alone
def test_a_handshake_flood_does_not_slow_open_sessions(target):
    """256 clients that only begin handshakes with an RSA-2048 key, against the requests of one open session."""
    times = []
    with handshake_flood(target.port, 256) as flood:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            began = time.perf_counter()
            target.good.sync()
            times.append(time.perf_counter() - began)
    times.sort()
    assert flood["answered"] > 100
    # The bar is a p99 of 50 ms on a machine of its own. Here the flood itself and other tests take the node's time, so it
    # is the median, with room; it was 250 to 500 ms when handshakes came in the order of their arrival.
    assert times[len(times) // 2] < 0.15 * harness.PATIENCE, [round(1000 * seconds, 1) for seconds in times[-20:]]


def ready_of(sockets):
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(1)]


@pytest.mark.alone
def test_a_burst_from_one_address_waits_and_gets_in(target):
    """More at once than one address may have in their handshakes: all come through, none is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    since = len(target.node.log())
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(target.port)) for _ in range(700)]
        target.node.wait_log("wait for their turn", since=since)
        assert target.node.log()[since:].count("in their handshakes") == 1, "one line for an episode"
        target.good.sync()
        for sock in silent:
            sock.sendall(GOOD_12)
        # Those whose turn has come are answered; they leave, and so the others' turn comes.
        waiting = set(silent)
        end = time.monotonic() + 8 * harness.PATIENCE
        while waiting and time.monotonic() < end:
            for sock in ready_of(waiting):
                assert sock.recv(5)[0] == HANDSHAKE
                waiting.discard(sock)
                sock.close()
        assert not waiting, f"{len(waiting)} of 700 were never answered"
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    target.good.sync()
