"""Web services as curl sees them, and requests that no client would send."""
import hashlib
import json
import pathlib
import re
import subprocess
import time

import pytest

import harness
from harness import Node, free_port, router_config, tcp, write_config
from rawws import connect, http, read_responses


def curl(*arguments, binary=False):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments)], capture_output=True, check=True)
    return done.stdout if binary else done.stdout.decode()


def fetch(url, *arguments):
    """(status, fields, body) of one request of curl's."""
    out = curl("-i", "--path-as-is", *arguments, url, binary=True)
    head, body = out.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), fields, body


@pytest.fixture(params=["http", "https"])
def base(request, shared):
    if request.param == "http":
        return lambda path, *more: fetch(f"http://localhost:{shared.web}{path}", *more)
    return lambda path, *more: fetch(f"https://localhost:{shared.tls}{path}", "--cacert", shared.ca, *more)


@pytest.fixture
def web(shared):
    return lambda path, *more: fetch(f"http://localhost:{shared.web}{path}", *more)


# Files -----------------------------------------------------------------------------------------------------------

def test_index(base):
    status, fields, body = base("/")
    assert status == 200 and b"<title>front</title>" in body
    assert fields["content-type"].startswith("text/html")
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["date"])
    assert int(fields["content-length"]) == len(body)


@pytest.mark.parametrize("name,kind", [
    ("app.js", "javascript"), ("style.css", "text/css"), ("picture.svg", "image/svg+xml"), ("digits.txt", "text/plain"),
    ("blob.unknownsuffix", "application/octet-stream"), ("index.html", "text/html"),
])
def test_mime_types(web, name, kind):
    status, fields, _ = web(f"/{name}")
    assert status == 200 and kind in fields["content-type"]


def test_octets_arrive_unchanged(base):
    assert base("/blob.unknownsuffix")[2] == bytes(range(256))
    assert base("/empty.txt")[::2] == (200, b"")


def test_names_with_odd_characters(web):
    assert web("/with%20space%20%26%20%C3%BC.txt")[2] == b"odd name"


def test_head(base):
    status, fields, body = base("/digits.txt", "-I")
    assert (status, fields["content-length"], body) == (200, "10", b"")


@pytest.mark.parametrize("path", ["/nothing", "/sub/nothing", "/digits.txt/", "/digits.txt/more", "/nothing/"])
def test_not_found(base, path):
    status, fields, body = base(path)
    assert status == 404
    assert b"/tmp" not in body and b".crossbar" not in body, "no path of the server's in an error page"


def test_directory_without_slash(web):
    status, fields, _ = web("/sub")
    assert status in (301, 302, 307, 308) and fields["location"].endswith("/sub/")
    assert web("/sub/")[2] == b"sub index\n"


def test_redirect_target_cannot_be_a_foreign_host(web):
    """//evil.example/%2e%2e must not become a Location that browsers read as another host."""
    for path in ("//evil.example/..%2fsub", "//sub", "/\\evil.example/sub", "//evil.example/%2e%2e/sub"):
        _, fields, _ = web(path)
        assert not re.match(r"(//|/\\)", fields.get("location", "/"))


def test_directory_listing_only_where_asked(web, shared):
    (shared.base / "web" / "sub" / "inner").mkdir(exist_ok=True)
    (shared.base / "web" / "sub" / "inner" / "<b>&amp.txt").write_text("x")
    (shared.base / "web" / "sub" / "inner" / ".dot").write_text("x")
    status, _, body = web("/files/inner/")
    assert status == 200 and b"&lt;b&gt;" in body and b"<b>&amp.txt" not in body
    assert b".dot" not in body
    assert web("/sub/inner/")[0] in (403, 404)


def test_spa_default_file(web):
    status, _, body = web("/spa/some/deep/route")
    assert status == 200 and b"front" in body
    assert web("/spa/digits.txt")[2] == b"0123456789"


# Ranges and conditions ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("spec,status,body,content_range", [
    ("bytes=0-3", 206, b"0123", "bytes 0-3/10"), ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"), ("bytes=0-999", 206, b"0123456789", "bytes 0-9/10"),
    ("bytes=-999", 206, b"0123456789", "bytes 0-9/10"), ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
    ("bytes=10-", 416, None, "bytes */10"), ("bytes=-0", 416, None, "bytes */10"),
    ("bytes=5-2", 200, b"0123456789", None), ("bytes=a-b", 200, b"0123456789", None),
    ("lines=1-2", 200, b"0123456789", None), ("bytes=99999999999999999999-", 416, None, "bytes */10"),
])
def test_ranges(base, spec, status, body, content_range):
    got, fields, content = base("/digits.txt", "-H", f"Range: {spec}")
    if (got, status) == (200, 416):
        assert content == b"0123456789"  # A range whose numbers do not fit may be ignored, too.
        return
    assert got == status and fields.get("content-range") == content_range
    if body is not None:
        assert content == body
    if got in (200, 206):
        assert fields["accept-ranges"] == "bytes"


def test_several_ranges_are_answered_somehow_right(web):
    status, _, body = web("/digits.txt", "-H", "Range: bytes=0-1,4-5")
    assert (status == 200 and body == b"0123456789") or status in (206, 416)
    ranges = ",".join("0-1" for _ in range(2000))
    assert len(web("/digits.txt", "-H", f"Range: bytes={ranges}")[2]) < 5000, "no amplification"


def test_conditional_requests(base):
    _, fields, _ = base("/digits.txt")
    tag, changed = fields["etag"], fields["last-modified"]
    assert re.fullmatch(r'(W/)?"[^"]+"', tag)
    for header in (f"If-None-Match: {tag}", f'If-None-Match: "other", {tag}', "If-None-Match: *",
                   f"If-Modified-Since: {changed}"):
        status, again, body = base("/digits.txt", "-H", header)
        assert status == 304 and body == b"", header
        assert again.get("etag") == tag
    for header in ('If-None-Match: "other"', "If-Modified-Since: Thu, 01 Jan 1998 00:00:00 GMT",
                   "If-Modified-Since: nonsense", "X: y"):
        assert base("/digits.txt", "-H", header)[0] == 200, header
    # If-None-Match wins over If-Modified-Since.
    assert base("/digits.txt", "-H", 'If-None-Match: "x"', "-H", f"If-Modified-Since: {changed}")[0] == 200
    assert base("/digits.txt", "-H", "Range: bytes=0-1", "-H", 'If-Range: "other"')[0] == 200
    assert base("/digits.txt", "-H", "If-Match: \"other\"")[0] == 412


def test_caching_fields(web):
    assert "max-age=43200" in web("/digits.txt")[1]["cache-control"]


# What is never served ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [
    "/../outside.txt", "/..%2foutside.txt", "/%2e%2e/outside.txt", "/%2e%2e%2foutside.txt", "/sub/../../outside.txt",
    "/..\\outside.txt", "/..%5coutside.txt", "/%252e%252e/outside.txt", "/..%00/outside.txt", "/digits.txt%00.html",
    "/.%2e/outside.txt", "//../outside.txt", "/%c0%ae%c0%ae/outside.txt", "/./../outside.txt", "/sub/%2e%2e/%2e%2e/outside.txt",
    "/....//outside.txt", "/etc/passwd", "//etc/passwd", "/%2fetc/passwd", "/link-out", "/dir-out/outside.txt",
    "/dir-out/.crossbar/config.json", "/.hidden", "/%2ehidden", "/sub/.%2f.%2f.hidden",
    "/files/../digits.txt", "/files/../../outside.txt", "/files/%2e%2e/digits.txt", "/spa/../../outside.txt",
])
def test_traversal(web, path):
    status, _, body = web(path)
    assert b"outside secret" not in body and b"root:" not in body and b"workers" not in body and body != b"hidden"
    if "spa" not in path:
        assert status in (400, 403, 404) or (status in (301, 302, 308)) or body == b"0123456789"
    if "files" in path or "dir-out" in path:
        assert body != b"0123456789"


def test_links_inside_and_well_known(web):
    assert web("/link-in")[2] == b"0123456789"
    assert web("/.well-known/security.txt")[2].startswith(b"Contact")


@pytest.fixture(scope="module")
def note_node(tmp_path_factory, pki):
    """The 2014 note's own layout: the served directory is the parent of the one that holds key and config."""
    base = tmp_path_factory.mktemp("note")
    port = free_port()
    (base / "index.html").write_text("front page")
    keys = base / "keys"
    keys.mkdir()
    for name in ("rsa.key", "rsa_chain.pem"):
        (keys / name).write_bytes((pki / name).read_bytes())
    cbdir = write_config(base, router_config([
        {"type": "web",
         "endpoint": tcp(port, {"key": "server_key.pem", "certificate": "server_cert.pem"}),
         "paths": {"/": {"type": "static", "directory": "..", "options": {"enable_directory_listing": True}},
                   "ws": {"type": "websocket"}}},
        {"type": "websocket", "endpoint": tcp(other := free_port(), {"key": "../keys/rsa.key", "certificate": "../keys/rsa_chain.pem"})},
        {"type": "websocket", "endpoint": {"type": "unix", "path": "../wamp.sock"}},
    ]))
    (cbdir / "server_key.pem").write_bytes((pki / "ecdsa.key").read_bytes())
    for key in (keys / "rsa.key", cbdir / "server_key.pem"):
        key.chmod(0o600)
    (cbdir / "server_cert.pem").write_bytes((pki / "ecdsa_chain.pem").read_bytes())
    (base / "plain").symlink_to(cbdir)
    (base / "innocent.txt").symlink_to(cbdir / "server_key.pem")
    (base / "hard.txt").hardlink_to(cbdir / "server_key.pem")
    with Node(["--cbdir", cbdir], base, [port, other]):
        yield lambda path: fetch(f"https://localhost:{port}{path}", "--cacert", pki / "root.pem")


@pytest.mark.parametrize("path", [
    "/.crossbar/server_key.pem", "/.crossbar/config.json", "/.crossbar/", "/.crossbar", "/%2ecrossbar/config.json",
    "/.%63rossbar/server_key.pem", "/x/../.crossbar/config.json", "/./.crossbar/server_key.pem", "/plain/server_key.pem",
    "/plain/config.json", "/innocent.txt", "/keys/rsa.key", "/keys/../.crossbar/server_key.pem", "//.crossbar/config.json",
    "/.crossbar%2fserver_key.pem", "/.CROSSBAR/config.json", "/wamp.sock", "/hard.txt", "/.crossbar/node.pid",
])
def test_key_and_config_are_never_served(note_node, path):
    status, _, body = note_node(path)
    assert status in (400, 404), (status, body[:100])
    assert b"PRIVATE KEY" not in body and b"workers" not in body


def test_the_rest_of_that_directory_is_served(note_node):
    assert note_node("/")[2] == b"front page"
    listing = note_node("/keys/")
    assert b"rsa.key" not in listing[2]


def test_a_root_inside_the_node_directory_is_meant(tmp_path):
    """`directory: web` lies below the node directory by configuration: served, but nothing beside it."""
    port = free_port()
    cbdir = write_config(tmp_path, router_config([
        {"type": "web", "endpoint": tcp(port), "paths": {"/": {"type": "static", "directory": "web"}}}]))
    (cbdir / "web").mkdir()
    (cbdir / "web" / "index.html").write_text("inside")
    with Node(["--cbdir", cbdir], tmp_path, [port]):
        assert fetch(f"http://localhost:{port}/")[2] == b"inside"
        assert fetch(f"http://localhost:{port}/../config.json")[0] in (400, 404)


# Other services ------------------------------------------------------------------------------------------------------

def test_redirect(web):
    status, fields, _ = web("/old")
    assert status == 302 and fields["location"] == "https://example.net/new"


def test_json(web):
    status, fields, body = web("/value")
    assert status == 200 and fields["content-type"].startswith("application/json")
    assert json.loads(body) == {"a": [1, 2.5, "x"], "b": None}
    assert web("/value", "-X", "POST", "-d", "x")[0] == 405


def test_nested_paths(web):
    assert json.loads(web("/deep/")[2]) == "deep root"
    assert json.loads(web("/deep/er/value")[2]) == 42
    assert web("/deep/er/nothing")[0] == 404


def test_nodeinfo(web):
    status, fields, body = web("/info")
    assert status == 200 and b"/tmp" not in body and str(harness.ROOT).encode() not in body


def test_hsts_only_over_tls(shared):
    named = fetch(f"https://localhost:{shared.tls}/", "--cacert", shared.ca, "-H", "Host: node.example")[1]
    assert "max-age=63072000" in named["strict-transport-security"]
    # For localhost it would cover every port of the developer's browser, so it is never sent there.
    assert "strict-transport-security" not in fetch(f"https://localhost:{shared.tls}/", "--cacert", shared.ca)[1]
    assert "strict-transport-security" not in fetch(f"http://localhost:{shared.web}/")[1]


@pytest.mark.parametrize("method,wanted", [("POST", 405), ("PUT", 405), ("DELETE", 405), ("BREW", {400, 405, 501}), ("TRACE", {405, 501})])
def test_methods_that_files_do_not_know(web, method, wanted):
    status, fields, _ = web("/digits.txt", "-X", method)
    assert status == wanted or (isinstance(wanted, set) and status in wanted)
    if status == 405:
        assert "GET" in fields["allow"]


# The protocol below ----------------------------------------------------------------------------------------------------

GET = "GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n"


def test_keep_alive_and_pipelining(shared):
    with connect(shared.web) as sock:
        for _ in range(3):
            sock.sendall(GET.format("/digits.txt", "").encode())
            assert read_responses(sock, 1)[0][2] == b"0123456789"
        paths = ["/digits.txt", "/nothing", "/value", "/sub/more.txt", "/old", "/digits.txt"] * 5
        sock.sendall("".join(GET.format(path, "") for path in paths).encode())
        statuses = [status for status, _, _ in read_responses(sock, len(paths))]
        assert statuses == [200, 404, 200, 200, 302, 200] * 5, "in order"


def test_a_request_in_single_octets(shared):
    with connect(shared.web) as sock:
        for octet in GET.format("/digits.txt", "X: y\r\n").encode():
            sock.sendall(bytes([octet]))
        assert read_responses(sock, 1)[0][2] == b"0123456789"


def test_http_1_0_closes(shared):
    status, fields, body = http(shared.web, "GET /digits.txt HTTP/1.0\r\n\r\n")
    assert status == 200 and body == b"0123456789"


def test_a_body_is_read_past(shared):
    """A request with a body, plain or chunked, does not disturb the next one."""
    with connect(shared.web) as sock:
        sock.sendall(b"POST /value HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello" + GET.format("/value", "").encode())
        assert [answer[0] for answer in read_responses(sock, 2)] == [405, 200]
        sock.sendall(b"POST /value HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: v\r\n\r\n"
                     + GET.format("/digits.txt", "").encode())
        assert [answer[0] for answer in read_responses(sock, 2)] == [405, 200]


@pytest.mark.parametrize("request_text,wanted", [
    ("GET / HTTP/1.1\r\n\r\n", {400}), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", {400, 505}), ("GET / HTTP/9\r\nHost: a\r\n\r\n", {400, 505}),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", {400}), ("GET / HTTP/1.1\nHost: a\n\n", {400}),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", {400}), ("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", {400}),
    ("GET / HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n", {400}), ("garbage\r\n\r\n", {400, 501}), ("\x16\x03\x01\x02\x00\x01\r\n\r\n", {400}),
    ("GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n", {400}), ("GET relative HTTP/1.1\r\nHost: a\r\n\r\n", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", {400, 501}),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", {400}),
    ("POST /value HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n", {413}),
    ("GET /" + "a" * 100000 + " HTTP/1.1\r\nHost: a\r\n\r\n", {414, 431}),
    ("GET / HTTP/1.1\r\nHost: a\r\n" + "".join(f"h{i}: {i}\r\n" for i in range(5000)) + "\r\n", {431}),
], ids=lambda value: repr(value)[:50])
def test_bad_requests(shared, request_text, wanted):
    status, fields, _ = http(shared.web, request_text)
    assert status in wanted
    assert fields.get("connection", "close").lower() == "close"


def test_a_large_file_is_streamed(shared):
    """300 MB to a reader, and to one that stops reading: the node never holds the file."""
    before = shared.node.rss_kib()
    with connect(shared.web, receive_buffer=8192) as lazy:
        lazy.sendall(GET.format("/large.bin", "").encode())
        process = subprocess.Popen(["curl", "-s", f"http://localhost:{shared.web}/large.bin"], stdout=subprocess.PIPE)
        size, peak = 0, before
        while chunk := process.stdout.read(4 << 20):
            size += len(chunk)
            peak = max(peak, shared.node.rss_kib())
        assert process.wait() == 0 and size == 300 << 20
        assert peak - before < (32 << 10) * (8 if harness.SANITIZED else 1), f"grew by {peak - before} KiB"
    assert hashlib.sha256(fetch(f"https://localhost:{shared.tls}/large.bin", "--cacert", shared.ca, "-r", "1000000-1999999")[2]
                          ).digest() == hashlib.sha256(bytes(1000000)).digest()


def test_who_leaves_in_the_middle_leaves_nothing(shared):
    """Descriptors of files go when the client goes."""
    files = shared.node.open_files()
    for _ in range(20):
        with connect(shared.web, receive_buffer=8192) as sock:
            sock.sendall(GET.format("/large.bin", "").encode())
            sock.recv(1000)
    harness.wait_for(lambda: shared.node.open_files() <= files, "the descriptors to be closed")


@pytest.mark.slow
def test_a_head_that_never_ends(shared):
    """One octet at a time is no way to hold a connection: the deadline for a head is absolute."""
    with connect(shared.web, timeout=0.5) as sock:
        began = time.monotonic()
        closed = False
        while not closed and time.monotonic() - began < 20:
            try:
                sock.sendall(b"G" if time.monotonic() - began < 0.1 else b"E")
                closed = not sock.recv(1000)
            except TimeoutError:
                pass
            except ConnectionError:
                closed = True
        assert closed and time.monotonic() - began < 13


def test_files_that_change_and_vanish(shared, web):
    path = pathlib.Path(shared.base / "web" / "changing.txt")
    path.write_text("one")
    _, fields, _ = web("/changing.txt")
    path.write_text("two!")
    status, _, body = web("/changing.txt", "-H", f"If-None-Match: {fields['etag']}")
    assert (status, body) == (200, b"two!")
    path.unlink()
    assert web("/changing.txt")[0] == 404
