"""TLS as bytes: ClientHellos of any shape, records of any kind, the alert that comes back, and a TLS 1.3 client with keys
of its own (X25519, AES_128_GCM_SHA256) that can say wrong things under encryption. For servers under test only: it
verifies nothing."""
import hashlib
import hmac
import os
import socket
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rawws import DEADLINE, connect

CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
CLIENT_HELLO, SERVER_HELLO, NEW_TICKET, CERTIFICATE, FINISHED, KEY_UPDATE = 1, 2, 4, 11, 20, 24
WARNING, FATAL = 1, 2
ALERTS = {0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
          42: "bad_certificate", 43: "unsupported_certificate", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
          50: "decode_error", 51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
          86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
          110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response", 115: "unknown_psk_identity",
          116: "certificate_required", 120: "no_application_protocol"}

SUITES_13, SUITES_12 = [0x1301, 0x1302, 0x1303], [0xC02B, 0xC02F, 0xC02C, 0xC030]
SERVER_NAME, STATUS_REQUEST, GROUPS, POINT_FORMATS, SIGNATURES, ALPN = 0, 5, 10, 11, 13, 16
EXTENDED_MASTER, TICKET, PSK, EARLY_DATA, VERSIONS, COOKIE, PSK_MODES, KEY_SHARE = 23, 35, 41, 42, 43, 44, 45, 51
RENEGOTIATION_INFO = 0xFF01
X25519, P256 = 29, 23


def v8(octets):
    return bytes([len(octets)]) + octets


def v16(octets):
    return struct.pack("!H", len(octets)) + octets


def v24(octets):
    return struct.pack("!I", len(octets))[1:] + octets


def u16s(*numbers):
    return b"".join(struct.pack("!H", number) for number in numbers)


def record(kind, octets, version=0x0303, length=None):
    return struct.pack("!BHH", kind, version, min(len(octets), 0xFFFF) if length is None else length) + octets


def message(kind, body, length=None):
    return bytes([kind]) + (v24(body) if length is None else struct.pack("!I", length)[1:] + body)


def extension(kind, body=b""):
    return struct.pack("!H", kind) + v16(body)


def server_name(*names):
    return extension(SERVER_NAME, v16(b"".join(b"\0" + v16(name) for name in names)))


def alpn(*names):
    return extension(ALPN, v16(b"".join(v8(name) for name in names)))


def public_octets(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def share(group=X25519, key=None):
    return struct.pack("!H", group) + v16(public_octets(X25519PrivateKey.generate()) if key is None else key)


def extensions_12():
    return {SERVER_NAME: server_name(b"localhost"), GROUPS: extension(GROUPS, v16(u16s(X25519, P256))),
            POINT_FORMATS: extension(POINT_FORMATS, v8(b"\0")),
            SIGNATURES: extension(SIGNATURES, v16(u16s(0x0403, 0x0804, 0x0401)))}


def extensions_13(key=None):
    return {**extensions_12(), VERSIONS: extension(VERSIONS, v8(u16s(0x0304))), PSK_MODES: extension(PSK_MODES, v8(b"\1")),
            KEY_SHARE: extension(KEY_SHARE, v16(share(X25519, key)))}


def hello_body(extensions, suites=None, version=0x0303, compression=b"\0", session=b"", suites_raw=None, extensions_raw=None):
    listed = v16(u16s(*(suites if suites is not None else SUITES_13 + SUITES_12))) if suites_raw is None else suites_raw
    if extensions_raw is None:
        extensions_raw = v16(b"".join(extensions.values() if isinstance(extensions, dict) else extensions))
    return struct.pack("!H", version) + os.urandom(32) + v8(session) + listed + v8(compression) + extensions_raw


def hello(extensions=None, record_version=0x0301, **how):
    """A whole first flight; without arguments a good one of TLS 1.3."""
    body = hello_body(extensions_13() if extensions is None else extensions, **how)
    return record(HANDSHAKE, message(CLIENT_HELLO, body), record_version)


def without(extensions, *kinds):
    return {kind: value for kind, value in extensions.items() if kind not in kinds}


def with_extension(extensions, kind, body):
    """The extension of that kind replaced by `body`, or added in front of all others."""
    changed = {kind: extension(kind, body), **without(extensions, kind)}
    return changed


class RecordReader:
    """Whole records off a socket; None at the end of the connection, "reset" for a RST."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def _need(self, size):
        while len(self.buffer) < size:
            more = self.sock.recv(65536)
            if not more:
                return False
            self.buffer += more
        return True

    def next(self):
        try:
            if not self._need(5):
                return None
            kind, _, size = struct.unpack("!BHH", self.buffer[:5])
            if not self._need(5 + size):
                return None
        except ConnectionError:
            return "reset"
        body, self.buffer = self.buffer[5:5 + size], self.buffer[5 + size:]
        return kind, body

    def outcome(self):
        """How the server ends it, reading to the end: the name of its alert, "closed" without one, "reset" for a RST."""
        said = "closed"
        while True:
            got = self.next()
            if got is None or got == "reset":
                return said if got is None else "reset"
            if got[0] == ALERT and len(got[1]) == 2:
                said = ALERTS.get(got[1][1], got[1][1])


def _label(secret, label, context, size):
    info = struct.pack("!H", size) + v8(b"tls13 " + label) + v8(context)
    out, block, count = b"", b"", 0
    while len(out) < size:
        count += 1
        block = hmac.digest(secret, block + info + bytes([count]), "sha256")
        out += block
    return out[:size]


class _Direction:
    def __init__(self, secret):
        self.secret, self.count = secret, 0
        self.key, self.iv = AESGCM(_label(secret, b"key", b"", 16)), _label(secret, b"iv", b"", 12)

    def _nonce(self):
        nonce = bytes(a ^ b for a, b in zip(self.iv, struct.pack("!4xQ", self.count)))
        self.count += 1
        return nonce

    def seal(self, kind, octets, padding=0):
        inner = octets + bytes([kind] if kind else []) + bytes(padding)
        head = struct.pack("!BHH", DATA, 0x0303, len(inner) + 16)
        return head + self.key.encrypt(self._nonce(), inner, head)

    def open(self, body):
        inner = self.key.decrypt(self._nonce(), body, struct.pack("!BHH", DATA, 0x0303, len(body))).rstrip(b"\0")
        return inner[-1], inner[:-1]

    def updated(self):
        return _Direction(_label(self.secret, b"traffic upd", b"", 32))


class Tls13:
    """A handshake up to the server's Finished; `finish()` completes it. `send(kind, octets)` encrypts anything."""

    def __init__(self, port, extra=()):
        self.sock = connect(port)
        self.records = RecordReader(self.sock)
        private = X25519PrivateKey.generate()
        body = hello_body({**extensions_13(public_octets(private)), **dict(extra)}, [0x1301])
        self.transcript = message(CLIENT_HELLO, body)
        self.sock.sendall(record(HANDSHAKE, self.transcript, 0x0301))
        kind, answer = self.records.next()
        assert kind == HANDSHAKE and answer[0] == SERVER_HELLO, (kind, answer[:2])
        self.transcript += answer
        self._derive(private, self._server_share(answer))
        self.tickets = 0
        self._read_server_flight()

    @staticmethod
    def _server_share(answer):
        at = 4 + 2 + 32
        at += 1 + answer[at] + 3
        end = at + 2 + struct.unpack("!H", answer[at:at + 2])[0]
        at += 2
        while at < end:
            kind, size = struct.unpack("!HH", answer[at:at + 4])
            if kind == KEY_SHARE:
                return answer[at + 8:at + 4 + size]
            at += 4 + size
        raise AssertionError("no key share")

    def _hash(self):
        return hashlib.sha256(self.transcript).digest()

    def _derive(self, private, public):
        nothing = hashlib.sha256(b"").digest()
        early = hmac.digest(bytes(32), bytes(32), "sha256")
        shared = private.exchange(X25519PublicKey.from_public_bytes(public))
        secret = hmac.digest(_label(early, b"derived", nothing, 32), shared, "sha256")
        self.client_secret = _label(secret, b"c hs traffic", self._hash(), 32)
        self.write, self.read = _Direction(self.client_secret), _Direction(_label(secret, b"s hs traffic", self._hash(), 32))
        self.master = hmac.digest(_label(secret, b"derived", nothing, 32), bytes(32), "sha256")

    def _read_server_flight(self):
        flight = b""
        while True:
            kind, body = self.records.next()
            if kind == CCS:
                continue
            inner, octets = self.read.open(body)
            assert inner == HANDSHAKE, (inner, octets)
            flight += octets
            at = 0
            while at + 4 <= len(flight):
                size = 4 + int.from_bytes(flight[at + 1:at + 4], "big")
                if at + size > len(flight):
                    break
                if flight[at] == FINISHED:
                    self.transcript += flight[:at + size]
                    self.read = _Direction(_label(self.master, b"s ap traffic", self._hash(), 32))
                    self.application = _Direction(_label(self.master, b"c ap traffic", self._hash(), 32))
                    return
                at += size

    def finished(self):
        key = _label(self.client_secret, b"finished", b"", 32)
        return message(FINISHED, hmac.digest(key, self._hash(), "sha256"))

    def finish(self):
        self.send(HANDSHAKE, self.finished())
        self.write = self.application
        return self

    def send(self, kind, octets, padding=0):
        self.sock.sendall(self.write.seal(kind, octets, padding))

    def receive(self):
        """(kind, octets) of the next record; None at the end, "reset"."""
        got = self.records.next()
        while isinstance(got, tuple) and got[0] == CCS:
            got = self.records.next()
        return self.read.open(got[1]) if isinstance(got, tuple) and got[0] == DATA else got

    def outcome(self):
        said = "closed"
        while True:
            got = self.receive()
            if got is None or got == "reset":
                return said if got is None else "reset"
            if got[0] == ALERT:
                said = ALERTS.get(got[1][1], got[1][1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
