"""A WebSocket and WAMP client that does what it is told, right or wrong: plain sockets, no library.

Frames are masked with an all-zero key unless told otherwise (legal, and fast for large messages).
"""
import base64
import hashlib
import json
import os
import select
import socket
import ssl
import struct
import time

import cbor2
import msgpack

from harness import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DEADLINE = 10.0 * PATIENCE

HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE, ERROR = 1, 2, 3, 4, 5, 6, 8
PUBLISH, PUBLISHED, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, EVENT = 16, 17, 32, 33, 34, 35, 36
CALL, CANCEL, RESULT, REGISTER, REGISTERED, UNREGISTER, UNREGISTERED = 48, 49, 50, 64, 65, 66, 67
INVOCATION, INTERRUPT, YIELD = 68, 69, 70

CODECS = {
    "json": (TEXT, lambda value: json.dumps(value, ensure_ascii=False).encode(), lambda data: json.loads(data)),
    "msgpack": (BINARY, lambda value: msgpack.packb(value, use_bin_type=True),
                lambda data: msgpack.unpackb(data, raw=False, strict_map_key=False)),
    "cbor": (BINARY, cbor2.dumps, cbor2.loads),
}
ROLES = {
    "publisher": {"features": {"publisher_exclusion": True}},
    "subscriber": {"features": {}},
    "caller": {"features": {"call_canceling": True, "progressive_call_results": True}},
    "callee": {"features": {"call_canceling": True, "progressive_call_results": True}},
}


class Closed(Exception):
    """The peer ended the connection; code is that of its close frame, None without one."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code, self.reason = code, reason


def trusting(ca_file):
    return ssl.create_default_context(cafile=str(ca_file))


def connect(address, tls=None, server_name="localhost", timeout=DEADLINE, receive_buffer=None):
    """A connected socket; address is a port, (host, port) or a unix path."""
    if isinstance(address, int):
        address = ("127.0.0.1", address)
    family = socket.AF_UNIX if not isinstance(address, tuple) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(timeout)
    sock.connect(address if isinstance(address, tuple) else str(address))
    if family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(sock, server_hostname=server_name) if tls else sock


def read_head(sock):
    """Reads up to the empty line; returns (head, what came behind it)."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise Closed()
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    return head, rest


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return int(lines[0].split()[1]), fields


def upgrade_lines(path="/ws", host="localhost", protocols="wamp.2.json", **more):
    """The lines of a good upgrade request as a dictionary that a test changes before sending."""
    fields = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    if protocols:
        fields["Sec-WebSocket-Protocol"] = protocols
    fields.update(more)
    return f"GET {path} HTTP/1.1", fields


class WebSocket:
    def __init__(self, address, path="/ws", protocols="wamp.2.json", tls=None, headers=None, host="localhost",
                 server_name="localhost", receive_buffer=None):
        self.sock = connect(address, tls, server_name, receive_buffer=receive_buffer)
        line, fields = upgrade_lines(path, host, protocols, **(headers or {}))
        self.sock.sendall("\r\n".join([line, *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode())
        head, self.buffer = read_head(self.sock)
        self.status, self.headers = parse_head(head)
        if self.status != 101:
            self.sock.close()
            raise Closed(self.status, "no upgrade")
        wanted = base64.b64encode(hashlib.sha1((fields["Sec-WebSocket-Key"] + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == wanted
        self.protocol = self.headers.get("sec-websocket-protocol")
        self.answers_pings = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # Sending ------------------------------------------------------------------------------------------------------

    @staticmethod
    def frame(opcode, payload=b"", fin=True, mask=b"\0\0\0\0", rsv=0):
        """One frame; mask None leaves it unmasked, as no client may."""
        first = (0x80 if fin else 0) | (rsv << 4) | opcode
        masked = 0x80 if mask is not None else 0
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, masked | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, masked | 126, size)
        else:
            head = struct.pack("!BBQ", first, masked | 127, size)
        if mask is not None:
            head += mask
            if any(mask):
                payload = bytes(octet ^ mask[i % 4] for i, octet in enumerate(payload))
        return head + payload

    def send_frame(self, opcode, payload=b"", **how):
        self.sock.sendall(self.frame(opcode, payload, **how))

    def send_raw(self, data):
        self.sock.sendall(data)

    def close(self, code=1000, reason=b""):
        self.send_frame(CLOSE, struct.pack("!H", code) + reason)

    # Receiving ----------------------------------------------------------------------------------------------------

    def _need(self, size):
        while len(self.buffer) < size:
            try:
                more = self.sock.recv(262144)
            except (ConnectionError, ssl.SSLError) as error:
                raise Closed() from error
            if not more:
                raise Closed()
            self.buffer += more

    def recv_frame(self):
        """(opcode, payload, fin); a server's frame must be unmasked and without reserved bits."""
        self._need(2)
        first, second = self.buffer[0], self.buffer[1]
        assert first & 0x70 == 0, "a reserved bit is set"
        assert second & 0x80 == 0, "the server masks its frames"
        size, start = second & 0x7F, 2
        if size == 126:
            self._need(4)
            size, start = struct.unpack("!H", self.buffer[2:4])[0], 4
        elif size == 127:
            self._need(10)
            size, start = struct.unpack("!Q", self.buffer[2:10])[0], 10
        self._need(start + size)
        payload = self.buffer[start:start + size]
        self.buffer = self.buffer[start + size:]
        return first & 0x0F, payload, bool(first & 0x80)

    def recv_message(self):
        """The next data message; answers pings; raises Closed for a close frame or the end."""
        parts = []
        while True:
            opcode, payload, fin = self.recv_frame()
            if opcode == PING:
                if self.answers_pings:
                    self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                try:
                    self.send_frame(CLOSE, payload)
                except OSError:
                    pass
                raise Closed(code, payload[2:].decode(errors="replace"))
            elif opcode in (TEXT, BINARY, 0):
                parts.append(payload)
                if fin:
                    return b"".join(parts)

    def wait_closed(self, seconds=DEADLINE):
        """Reads until the end and returns the close code; None where no close frame came."""
        self.sock.settimeout(seconds)
        code = None
        try:
            while True:
                self.recv_message()
        except Closed as closed:
            code = closed.code
        # After its close frame the server ends the connection too.
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionError:
            pass
        return code

    def is_quiet(self, seconds=0.3):
        """True when nothing arrives in that time: for the things that must not be answered."""
        if self.buffer:
            return False
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return False
        return not select.select([self.sock], [], [], seconds)[0]


class Wamp(WebSocket):
    """A WAMP peer on top: messages are lists. `with Wamp(port).join("realm1") as peer:`"""

    def __init__(self, address, path="/ws", serializer="json", **more):
        self.opcode, self.encode, self.decode = CODECS[serializer]
        super().__init__(address, path, protocols=f"wamp.2.{serializer}", **more)
        assert self.protocol == f"wamp.2.{serializer}"
        self.session = self.details = None
        self.last_request = 0
        self.held = []

    def send(self, message):
        self.send_frame(self.opcode, self.encode(message))

    def recv(self):
        if self.held:
            return self.held.pop(0)
        return self.decode(self.recv_message())

    def expect(self, *start):
        """Receives one message and insists on how it begins; None stands for anything."""
        message = self.recv()
        for wanted, got in zip(start, message):
            assert wanted is None or wanted == got, f"expected {start}, got {message}"
        assert len(message) >= len(start), f"expected {start}, got {message}"
        return message

    def recv_until(self, code):
        """The next message of that type; others wait for recv()."""
        skipped = []
        while True:
            message = self.recv()
            if message[0] == code:
                self.held = skipped + self.held
                return message
            skipped.append(message)

    def hello(self, realm="realm1", **details):
        details.setdefault("roles", ROLES)
        self.send([HELLO, realm, details])

    def join(self, realm="realm1", **details):
        self.hello(realm, **details)
        message = self.expect(WELCOME)
        self.session, self.details = message[1], message[2]
        return self

    def request(self):
        self.last_request += 1
        return self.last_request

    def ask(self, code, *fields, answer=None):
        """Sends [code, request, *fields]; with `answer` waits for that reply (or its ERROR) and returns it."""
        number = self.request()
        self.send([code, number, *fields])
        if answer is None:
            return number
        skipped = []
        while True:
            message = self.recv()
            if message[0] == answer and message[1] == number or message[:3] == [ERROR, code, number]:
                self.held = skipped + self.held
                return message
            skipped.append(message)

    def subscribe(self, topic, **options):
        message = self.ask(SUBSCRIBE, options, topic, answer=SUBSCRIBED)
        assert message[0] == SUBSCRIBED, message
        return message[2]

    def register(self, procedure, **options):
        message = self.ask(REGISTER, options, procedure, answer=REGISTERED)
        assert message[0] == REGISTERED, message
        return message[2]

    def publish(self, topic, *args, options=None, **kwargs):
        """An acknowledged publication; returns its id."""
        tail = [list(args), kwargs] if kwargs else [list(args)] if args else []
        message = self.ask(PUBLISH, {"acknowledge": True, **(options or {})}, topic, *tail, answer=PUBLISHED)
        assert message[0] == PUBLISHED, message
        return message[2]

    def call(self, procedure, *args, options=None, **kwargs):
        tail = [list(args), kwargs] if kwargs else [list(args)] if args else []
        return self.ask(CALL, options or {}, procedure, *tail, answer=RESULT)

    def sync(self):
        """Returns when the router has handled all that was sent before (a subscription is made and given back)."""
        subscription = self.subscribe(f"test.sync.{self.session}")
        message = self.ask(UNSUBSCRIBE, subscription, answer=UNSUBSCRIBED)
        assert message[0] == UNSUBSCRIBED, message

    def expect_abort(self, reason):
        message = self.expect(ABORT, None, reason)
        assert len(message) == 3 and message[1].get("message"), f"an ABORT is [3, {{message}}, reason]: {message}"
        return message


def http(address, request, tls=None, server_name="localhost", close=True):
    """Sends raw octets and returns (status, fields, body) of the one answer, read to the end of the connection."""
    with connect(address, tls, server_name) as sock:
        sock.sendall(request.encode("latin-1") if isinstance(request, str) else request)
        data = b""
        try:
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                data += more
                if not close and b"\r\n\r\n" in data:
                    break
        except ConnectionError:
            pass
    if b"\r\n\r\n" not in data:
        raise Closed(None, repr(data[:200]))
    head, body = data.split(b"\r\n\r\n", 1)
    status, fields = parse_head(head)
    return status, fields, body


def read_responses(sock, count):
    """Reads `count` answers with Content-Length off one connection: [(status, fields, body)]."""
    data, found = b"", []
    end = time.monotonic() + DEADLINE
    while len(found) < count:
        while b"\r\n\r\n" in data and len(found) < count:
            head, rest = data.split(b"\r\n\r\n", 1)
            status, fields = parse_head(head)
            size = int(fields.get("content-length", 0))
            if len(rest) < size:
                break
            found.append((status, fields, rest[:size]))
            data = rest[size:]
        if len(found) == count:
            break
        assert time.monotonic() < end
        more = sock.recv(65536)
        if not more:
            raise Closed(None, f"{len(found)} of {count} answers")
        data += more
    return found
