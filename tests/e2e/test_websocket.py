"""RFC 6455: the opening handshake, frames, close codes, limits and time limits."""
import base64
import os
import struct
import time

import pytest

from harness import PATIENCE
from rawws import (BINARY, CLOSE, PING, PONG, TEXT, WELCOME, Closed, Wamp, WebSocket, connect, http, parse_head,
                   read_head, upgrade_lines)


def handshake(shared, change=None, path="/ws", line=None, raw=None):
    """Sends a good upgrade request with changes; returns (status, fields)."""
    first, fields = upgrade_lines(path)
    fields["Host"] = f"localhost:{shared.web}"
    for name, value in (change or {}).items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    request = raw(line or first, fields) if raw else "\r\n".join(
        [line or first, *(f"{k}: {v}" for k, v in fields.items()), "", ""])
    with connect(shared.web) as sock:
        try:
            sock.sendall(request.encode("latin-1"))
            head, _ = read_head(sock)
        except ConnectionError:
            raise Closed() from None
        return parse_head(head)


def lines(*extra, end="\r\n"):
    """A maker of requests with extra lines put in as they are."""
    return lambda first, fields: end.join([first, *(f"{k}: {v}" for k, v in fields.items()), *extra, "", ""])


KEY = "Sec-WebSocket-Key"


@pytest.mark.parametrize("change", [
    {}, {"Connection": "keep-alive, Upgrade"}, {"Connection": "uPgRaDe"}, {"Upgrade": "WebSocket"},
    {"Sec-WebSocket-Protocol": "bar, wamp.2.cbor, wamp.2.json"}, {"Origin": "https://anything.example"},
    {"Origin": "null"}, {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
], ids=repr)
def test_good_handshakes(shared, change):
    status, fields = handshake(shared, change)
    assert status == 101
    assert fields["upgrade"].lower() == "websocket" and "upgrade" in fields["connection"].lower()
    wanted = "wamp.2.cbor" if "bar" in change.get("Sec-WebSocket-Protocol", "") else "wamp.2.json"
    assert fields["sec-websocket-protocol"] == wanted, "exactly one, in the client's order"
    assert "sec-websocket-extensions" not in fields, "compression is not offered yet, so it is not accepted"


@pytest.mark.parametrize("change,line,raw,wanted", [
    ({"Sec-WebSocket-Version": "12"}, None, None, {426}),
    ({"Sec-WebSocket-Version": None}, None, None, {400, 426}),
    ({KEY: None}, None, None, {400}),
    ({KEY: "AAAA"}, None, None, {400}),
    ({KEY: "not base64 at all!!!!!!!"}, None, None, {400}),
    ({KEY: base64.b64encode(bytes(17)).decode()}, None, None, {400}),
    ({}, None, lines(f"{KEY}: dGhlIHNhbXBsZSBub25jZQ=="), {400}),
    ({}, "POST /ws HTTP/1.1", None, {405}),
    ({}, "GET /ws HTTP/1.0", None, {400, 505}),
    ({"Host": None}, None, None, {400}),
    ({}, None, lines("Host: other"), {400}),
    ({"Upgrade": None}, None, None, {426}),
    ({}, None, lines(end="\n"), {400}),
    ({}, None, lines("X-Space : 1"), {400}),
    ({}, None, lines("X-Fold: a\r\n b"), {400}),
    ({}, None, lines("X-Nul: a\0b"), {400}),
    ({}, None, lines(*(f"X-{i}: 1" for i in range(1000))), {431}),
    ({"X-Long": "x" * 65536}, None, None, {431}),
    ({}, f"GET /ws?{'x' * 65536} HTTP/1.1", None, {414, 431}),
    ({"Transfer-Encoding": "chunked", "Content-Length": "5"}, None, None, {400}),
    ({}, None, lines("Content-Length: 5", "Content-Length: 6"), {400}),
    ({"Sec-WebSocket-Protocol": None}, None, None, {400}),
    ({"Sec-WebSocket-Protocol": "chat, wamp.2.ubjson"}, None, None, {400}),
    ({"Sec-WebSocket-Protocol": "wamp.2.json.batched"}, None, None, {400}),
], ids=lambda value: "lines" if callable(value) else repr(value)[:40])
def test_refused_handshakes(shared, change, line, raw, wanted):
    status, fields = handshake(shared, change, line=line, raw=raw)
    assert status in wanted
    if status == 426:
        assert fields.get("sec-websocket-version", "13") == "13"
    if change.get("Sec-WebSocket-Version") == "12":
        assert fields["sec-websocket-version"] == "13"


def test_only_configured_serializers(shared):
    status, fields = handshake(shared, {"Sec-WebSocket-Protocol": "wamp.2.cbor, wamp.2.json"}, path="/jsononly")
    assert status == 101 and fields["sec-websocket-protocol"] == "wamp.2.json"
    assert handshake(shared, {"Sec-WebSocket-Protocol": "wamp.2.cbor"}, path="/jsononly")[0] == 400


@pytest.mark.parametrize("origin,wanted", [
    (None, 101), ("https://good.example", 101), ("https://good.example:443", 101), ("https://a.friends.example:8443", 101),
    ("http://good.example", 403), ("https://good.example:8443", 403), ("https://evil.example", 403),
    ("https://good.example.evil.example", 403), ("null", 403), ("", 403), ("file://", 403), ("good.example", 403),
    ("https://xfriends.example", 403),
])
def test_origin(shared, origin, wanted):
    assert handshake(shared, {"Origin": origin} if origin is not None else {}, path="/picky")[0] == wanted


def test_a_refused_origin_is_logged_with_the_way_out(shared):
    before = len(shared.node.log())
    handshake(shared, {"Origin": "https://logged.example"}, path="/picky")
    shared.node.wait_log(r"logged\.example.*allowed_origins|allowed_origins.*logged\.example", since=before)


def test_a_plain_get_explains(shared):
    status, fields, body = http(shared.web, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status in (200, 426)
    if status == 200:
        assert fields["content-type"].startswith("text/html") and b"WebSocket" in body


# Frames ----------------------------------------------------------------------------------------------------------

HELLO_JSON = b'[1,"realm1",{"roles":{"caller":{}}}]'


def test_fragments_with_control_frames_between(shared):
    with WebSocket(shared.web) as ws:
        ws.send_frame(TEXT, HELLO_JSON[:5], fin=False)
        ws.send_frame(PING, b"between")
        ws.send_frame(0, HELLO_JSON[5:9], fin=False, mask=b"\x01\x02\x03\x04")
        ws.send_frame(0, b"", fin=False)
        ws.send_frame(PONG, b"unasked")
        ws.send_frame(0, HELLO_JSON[9:], mask=b"\xff\x00\xaa\x55")
        assert ws.recv_frame() == (PONG, b"between", True)
        assert ws.recv_message().startswith(b"[2,")


def test_octet_by_octet(shared):
    with WebSocket(shared.web) as ws:
        for octet in ws.frame(TEXT, HELLO_JSON, mask=b"abcd"):
            ws.send_raw(bytes([octet]))
        assert ws.recv_message().startswith(b"[2,")


def test_upgrade_and_hello_in_one_write(shared):
    first, fields = upgrade_lines()
    request = "\r\n".join([first, *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()
    with connect(shared.web) as sock:
        sock.sendall(request + WebSocket.frame(TEXT, HELLO_JSON))
        data = b""
        while b"[2," not in data:
            more = sock.recv(65536)
            assert more, data
            data += more


@pytest.mark.parametrize("payload", [b"", b"x", b"y" * 125])
def test_ping(shared, payload):
    with WebSocket(shared.web) as ws:
        ws.send_frame(PING, payload)
        assert ws.recv_frame() == (PONG, payload, True)


@pytest.mark.parametrize("name,octets,code", [
    ("unmasked", WebSocket.frame(TEXT, HELLO_JSON, mask=None), 1002),
    ("reserved bit 1", WebSocket.frame(TEXT, HELLO_JSON, rsv=4), 1002),
    ("reserved bit 3", WebSocket.frame(TEXT, HELLO_JSON, rsv=1), 1002),
    ("opcode 3", WebSocket.frame(3, b"x"), 1002),
    ("opcode 11", WebSocket.frame(11, b""), 1002),
    ("long ping", WebSocket.frame(PING, b"x" * 126), 1002),
    ("fragmented ping", WebSocket.frame(PING, b"x", fin=False), 1002),
    ("continuation of nothing", WebSocket.frame(0, b"x"), 1002),
    ("text within a message", WebSocket.frame(TEXT, b"[", fin=False) + WebSocket.frame(TEXT, b"]"), 1002),
    ("length not minimal", b"\x81\xfe\x00\x05\0\0\0\0hello", 1002),
    ("length above 2^63", b"\x81\xff\xff" + b"\0" * 7 + b"\0\0\0\0", 1002),
    ("bad UTF-8", WebSocket.frame(TEXT, b'["\xff"]'), 1007),
    ("half a character", WebSocket.frame(TEXT, b'["\xe2\x98'), 1007),
    ("surrogate", WebSocket.frame(TEXT, b'["\xed\xa0\x80"]'), 1007),
    ("bad UTF-8, first fragment", WebSocket.frame(TEXT, b'["\xc0\xaf', fin=False), 1007),
    ("close with one octet", WebSocket.frame(CLOSE, b"x"), 1002),
    ("close 1005", WebSocket.frame(CLOSE, struct.pack("!H", 1005)), 1002),
    ("close 999", WebSocket.frame(CLOSE, struct.pack("!H", 999)), 1002),
    ("close with bad UTF-8", WebSocket.frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
])
def test_bad_frames(shared, name, octets, code):
    with Wamp(shared.web).join() as ws:
        ws.send_raw(octets)
        assert ws.wait_closed() == code


@pytest.mark.parametrize("sent,wanted", [
    (b"", {None, 1000}), (struct.pack("!H", 1000), {1000}), (struct.pack("!H", 1001) + b"bye", {1000, 1001}),
    (struct.pack("!H", 3000), {1000, 3000}), (struct.pack("!H", 4999) + "ü".encode(), {1000, 4999}),
])
def test_close_handshake(shared, sent, wanted):
    with Wamp(shared.web).join() as ws:
        ws.send_frame(CLOSE, sent)
        assert ws.wait_closed() in wanted


def test_nothing_after_close(shared):
    """What follows a close frame is not read."""
    with WebSocket(shared.web) as ws:
        ws.send_raw(WebSocket.frame(CLOSE, struct.pack("!H", 1000)) + WebSocket.frame(TEXT, HELLO_JSON))
        assert ws.wait_closed() == 1000


# Limits ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("octets", [
    WebSocket.frame(TEXT, b"[" + b" " * 40000),
    b"\x81\xff" + struct.pack("!Q", 2**40) + b"\0\0\0\0",
    b"".join(WebSocket.frame(TEXT if i == 0 else 0, b" " * 30000, fin=False) for i in range(3)),
], ids=["frame", "declared only", "sum of fragments"])
def test_too_big(shared, octets):
    with Wamp(shared.web, path="/small").join() as ws:
        try:
            ws.send_raw(octets)
        except ConnectionError:
            pass
        assert ws.wait_closed() == 1009


def test_just_not_too_big(shared):
    with Wamp(shared.web, path="/small").join() as ws:
        ws.subscribe("com.websocket.small")
        for size in (32000, 65000):
            text = b'[16,9,{"exclude_me":false},"com.websocket.small",["' + b"x" * (size - 60) + b'"]]'
            ws.send_raw(WebSocket.frame(TEXT, text[:30000], fin=False) + WebSocket.frame(0, text[30000:60000], fin=False)
                        + WebSocket.frame(0, text[60000:]))
            assert len(ws.recv()[4][0]) == size - 60


def test_a_large_message_goes_through(shared):
    with Wamp(shared.web, serializer="msgpack").join() as one, Wamp(shared.tls, serializer="cbor", tls=_tls(shared)).join() as two:
        payload = os.urandom(8 * 1024 * 1024)
        two.subscribe("com.websocket.large")
        one.publish("com.websocket.large", payload)
        assert two.recv()[4][0] == payload


def _tls(shared):
    from rawws import trusting
    return trusting(shared.ca)


def test_before_welcome_a_message_is_small(shared):
    """No session, no trust: 64 KiB at most."""
    with WebSocket(shared.web) as ws:
        try:
            ws.send_frame(TEXT, b'[1,"realm1",{"roles":{"caller":{}},"x":"' + b"x" * 70000 + b'"}]')
        except ConnectionError:
            pass
        assert ws.wait_closed() == 1009


# Time limits (options of one second) ------------------------------------------------------------------------------

def ended_after(ws):
    began = time.monotonic()
    code = ws.wait_closed(20)
    return code, time.monotonic() - began


def test_no_hello(shared):
    with WebSocket(shared.web, path="/hurry") as ws:
        code, seconds = ended_after(ws)
        assert 0.5 < seconds < 4 * PATIENCE and code is not None


def test_pings_do_not_stand_for_a_hello(shared):
    with WebSocket(shared.web, path="/hurry") as ws:
        began = time.monotonic()
        with pytest.raises((Closed, OSError)):
            while time.monotonic() - began < 10 * PATIENCE:
                ws.send_frame(PING, b"x")
                while True:
                    opcode, _, _ = ws.recv_frame()
                    if opcode == CLOSE:
                        raise Closed()
                    if opcode == PONG:
                        break
        assert time.monotonic() - began < 4 * PATIENCE


def test_no_answer_to_a_challenge_or_half_a_hello(shared):
    with WebSocket(shared.web, path="/hurry") as ws:
        ws.send_raw(WebSocket.frame(TEXT, HELLO_JSON)[:10])
        _, seconds = ended_after(ws)
        assert 0.5 < seconds < 4 * PATIENCE


def test_a_half_open_peer_is_noticed(shared):
    """Answers no ping: gone within interval + timeout; its registration is free again at once."""
    before = len(shared.node.log())
    with Wamp(shared.web, path="/hurry").join() as dead, Wamp(shared.web).join() as other:
        dead.register("com.websocket.halfopen")
        dead.answers_pings = False
        began = time.monotonic()
        dead.wait_closed(20)
        assert 1 < time.monotonic() - began < 6 * PATIENCE
        shared.node.wait_log("ping_timeout", since=before)
        other.register("com.websocket.halfopen")


@pytest.mark.alone
def test_who_answers_pings_stays(shared):
    with Wamp(shared.web, path="/hurry").join() as alive:
        pings = 0
        while pings < 3:
            opcode, payload, _ = alive.recv_frame()
            assert opcode == PING and len(payload) <= 125
            alive.send_frame(PONG, payload)
            pings += 1
        alive.sync()


def test_who_does_not_answer_a_close(shared):
    """After its own close frame the server waits for ours, but not for ever."""
    with Wamp(shared.web, path="/hurry").join() as ws:
        ws.send([999])
        began = time.monotonic()
        while True:
            try:
                if not ws.sock.recv(65536):
                    break
            except ConnectionError:
                break
        assert time.monotonic() - began < 4 * PATIENCE


def test_many_in_one_write(shared):
    """A burst in one segment is answered in order."""
    with Wamp(shared.web).join() as ws:
        burst = b"".join(ws.frame(TEXT, b'[32,%d,{},"com.websocket.burst%d"]' % (n, n)) for n in range(1, 201))
        ws.send_raw(burst)
        assert [ws.recv()[:2] for _ in range(200)] == [[33, n] for n in range(1, 201)]


def test_binary_subprotocol(shared):
    with Wamp(shared.web, serializer="cbor") as ws:
        assert ws.opcode == BINARY
        ws.hello()
        ws.expect(WELCOME)
