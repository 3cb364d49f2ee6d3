"""`check` and `start` read Crossbar's configuration, and say what is wrong with it."""
import json
import re

import pytest

import harness
from harness import Node, free_port, router_config, tcp, transom, write_config
from rawws import Wamp, http

HEAD = "Checking local node configuration file: "
FINE = "Ok, node configuration looks good!"


def check(cbdir, *more):
    done = transom("check", "--cbdir", cbdir, *more)
    return done.returncode, done.stdout + done.stderr


def good(port=None):
    return router_config([{"type": "websocket", "endpoint": tcp(port or free_port())}])


def test_a_good_config(tmp_path):
    cbdir = write_config(tmp_path, good())
    code, out = check(cbdir)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == f"{HEAD}{cbdir / 'config.json'}" and FINE in lines


def test_yaml(tmp_path):
    port = free_port()
    cbdir = write_config(tmp_path, f"""\
# A comment.
version: 2
workers:
- type: router
  realms:
  - name: realm1
    roles:
    - name: anonymous
      permissions:
      - uri: ""
        match: prefix
        allow: {{call: true, register: true, publish: true, subscribe: true}}
  transports:
  - type: web
    endpoint: {{type: tcp, interface: 127.0.0.1, port: {port}}}
    paths:
      "/": {{type: json, value: ["a", 1, "2", 1.5, true, null]}}
      ws: {{type: websocket}}
""", "config.yaml")
    assert check(cbdir)[0] == 0
    with Node(["--cbdir", cbdir], tmp_path, [port]):
        with Wamp(port).join() as peer:
            peer.sync()
        body = http(port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[2]
        assert json.loads(body) == ["a", 1, "2", 1.5, True, None]


def test_yaml_comes_before_json(tmp_path):
    cbdir = write_config(tmp_path, good())
    (cbdir / "config.yaml").write_text("version: 2\nworkers: []\n")
    assert "config.yaml" in check(cbdir)[1].splitlines()[0]


def test_quoted_yaml_numbers_are_text(tmp_path):
    cbdir = write_config(tmp_path, """\
version: 2
workers:
- type: router
  realms: [{name: realm1, roles: []}]
  transports:
  - {type: websocket, endpoint: {type: tcp, port: "8080"}}
""", "config.yaml")
    code, out = check(cbdir)
    assert code == 1 and re.search(r"config\.yaml:6:\d+", out) and "port" in out


# Each row: what is put where, and the words that the error must hold. The place is the line of the text MARK.
BAD = [
    ('{"version": 2, "workers": [], "MARK": 1}', ["MARK"]),
    ('{"version": 3}', ["version", "2"]),
    ('{"version": 1, "workers": []}', ["version", "1"]),
    ('{"workers": []}', ["version"]),
    ('{"version": 2, "workers": {}}', ["workers", "list"]),
    ("[]", ["config"]),
    ('{"version": 2,\n "workers": [],\n}', [":3:"]),
    ('{"version": 2,\n "version": 2}', [":2:", "version"]),
    ('{"version": 2, "workers": [{"type": "ruoter"}]}', ["ruoter", "router", "workers[0]"]),
    ("", ["config"]), ("{", ["config"]), ('{"version": 2} x', ["config"]), ("\0", ["config"]),
]


@pytest.mark.parametrize("text,words", BAD, ids=lambda value: repr(value)[:40])
def test_bad_files(tmp_path, text, words):
    cbdir = write_config(tmp_path, text)
    code, out = check(cbdir)
    assert code == 1 and FINE not in out
    assert re.search(r"config\.json:\d+:\d+", out), out
    for word in words:
        assert word in out, (word, out)
    assert transom("start", "--cbdir", cbdir).returncode == 1


def websocket(**more):
    return {"type": "websocket", "endpoint": tcp(12345), **more}


def realm(**more):
    return {"name": "realm1", "roles": [], **more}


def web(paths):
    return {"type": "web", "endpoint": tcp(12345), "paths": paths}


def permission(**more):
    return [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", **more}]}]}]


BAD_ITEMS = [
    (dict(transports=[websocket(endpoint=tcp(True))]), ["port", "workers[0].transports[0].endpoint.port"]),
    (dict(transports=[websocket(endpoint=tcp("8080"))]), ["port"]),
    (dict(transports=[websocket(endpoint=tcp(0))]), ["port", "65535"]),
    (dict(transports=[websocket(endpoint=tcp(70000))]), ["port", "65535"]),
    (dict(transports=[websocket(endpoint=tcp(80.5))]), ["port"]),
    (dict(transports=[websocket(endpoint=tcp("$NOT_SET_ANYWHERE"))]), ["NOT_SET_ANYWHERE"]),
    (dict(transports=[websocket(endpoint=tcp(12345, version=5))]), ["version"]),
    (dict(transports=[websocket(endpoint=tcp(12345, backlog=0))]), ["backlog"]),
    (dict(transports=[websocket(endpoint=tcp(12345, shared=1))]), ["shared"]),
    (dict(transports=[websocket(endpoint=tcp(12345, interface=1))]), ["interface"]),
    (dict(transports=[websocket(endpoint=tcp(12345, interfce="x"))]), ["interfce", "interface"]),
    (dict(transports=[websocket(endpoint={"type": "udp", "port": 1})]), ["udp", "tcp"]),
    (dict(transports=[websocket(endpoint={"type": "unix"})]), ["path"]),
    (dict(transports=[{"type": "websocket"}]), ["endpoint"]),
    (dict(transports=[{"type": "webscoket", "endpoint": tcp(1)}]), ["webscoket", "websocket"]),
    (dict(transports=[websocket(serializers=["json", "xml"])]), ["xml", "json"]),
    (dict(transports=[websocket(serializers=[])]), ["serializers"]),
    (dict(transports=[websocket(serializers="json")]), ["serializers"]),
    (dict(transports=[websocket(url="http://x/")]), ["url"]),
    (dict(transports=[websocket(options={"auto_ping_intervall": 1000})]), ["auto_ping_intervall", "auto_ping_interval"]),
    (dict(transports=[websocket(options={"auto_ping_interval": 10})]), ["auto_ping_interval", "1000"]),
    (dict(transports=[websocket(options={"auto_ping_timeout": -1})]), ["auto_ping_timeout"]),
    (dict(transports=[websocket(options={"auto_ping_size": 5})]), ["auto_ping_size", "125"]),
    (dict(transports=[websocket(options={"max_message_size": 67108865})]), ["max_message_size"]),
    (dict(transports=[websocket(options={"max_frame_size": -1})]), ["max_frame_size"]),
    (dict(transports=[websocket(options={"fail_by_drop": "no"})]), ["fail_by_drop"]),
    (dict(transports=[websocket(options={"allowed_origins": "*"})]), ["allowed_origins"]),
    (dict(transports=[websocket(auth={"oauth": {}})]), ["oauth", "ticket"]),
    (dict(transports=[websocket(auth={"ticket": {"principals": {}}})]), ["type"]),
    (dict(transports=[websocket(auth={"ticket": {"type": "static"}})]), ["principals"]),
    (dict(transports=[websocket(auth={"ticket": {"type": "static", "principals": {"joe": {"role": "x"}}}})]), ["ticket", "joe"]),
    (dict(transports=[websocket(), websocket()]), ["12345"]),
    (dict(transports=[web({"a/b": {"type": "json", "value": 1}})]), ["a/b"]),
    (dict(transports=[web({"/": {"type": "statics", "directory": "."}})]), ["statics", "static"]),
    (dict(transports=[web({"/": {"type": "static"}})]), ["directory"]),
    (dict(transports=[web({"/": {"directory": "."}})]), ["type"]),
    (dict(transports=[web({"/": {"type": "redirect"}})]), ["url"]),
    (dict(transports=[web({"/": {"type": "json"}})]), ["value"]),
    (dict(transports=[{"type": "web", "endpoint": tcp(12345)}]), ["paths"]),
    (dict(realms=[{"roles": []}]), ["name"]),
    (dict(realms=[realm(name="1bad")]), ["1bad"]),
    (dict(realms=[realm(rolls=[])]), ["rolls", "roles"]),
    (dict(realms=[realm(options={"uri_check": "lose"})]), ["lose", "loose"]),
    (dict(realms=[realm(), realm()]), ["realm1"]),
    (dict(realms=permission(allow={"calls": True})), ["calls", "call"]),
    (dict(realms=permission(allow={"call": 1})), ["call"]),
    (dict(realms=permission(publish=True)), ["publish"]),
    (dict(realms=permission(match="glob")), ["glob", "prefix"]),
    (dict(realms=[{"name": "realm1", "roles": [{"name": "x", "permissions": [{"allow": {}}]}]}]), ["uri"]),
]


@pytest.mark.parametrize("change,words", BAD_ITEMS, ids=lambda value: json.dumps(value)[:60])
def test_bad_items(tmp_path, change, words):
    """Everything that Crossbar's checker lets through is found, with its place and its path."""
    config = good()
    config["workers"][0].update(change)
    cbdir = write_config(tmp_path, config)
    code, out = check(cbdir)
    assert code == 1 and FINE not in out, out
    assert re.search(r"config\.json:\d+:\d+", out), out
    for word in words:
        assert word in out, (word, out)
    started = transom("start", "--cbdir", cbdir)
    assert started.returncode == 1 and words[0] in started.stdout + started.stderr


def test_every_error_at_once_with_its_line(tmp_path):
    text = """\
{
  "version": 2,
  "wrokers": [],
  "workers": [
    {"type": "router",
     "realms": [{"name": "realm1", "roles": [], "optoins": {}}],
     "transports": [
       {"type": "websocket",
        "endpoint": {"type": "tcp", "port": "x"}}
     ]}
  ]
}
"""
    code, out = check(write_config(tmp_path, text))
    assert code == 1
    for place in ("config.json:3:3", "config.json:6:", "config.json:9:"):
        assert place in out, out
    for hint in ("workers", "options"):
        assert hint in out


# What restricts access and is not built yet: `check` says so, `start` refuses; it is never silently open.
NOT_YET = [
    ("wampcra", lambda c: c.update(auth={"wampcra": {"type": "static", "users": {"joe": {"secret": "s", "role": "anonymous"}}}})),
    ("scram", lambda c: c.update(auth={"scram": {"type": "static", "principals": {}}})),
    ("cryptosign", lambda c: c.update(auth={"cryptosign": {"type": "static", "principals": {}}})),
    ("cookie", lambda c: c.update(auth={"cookie": {}})),
    ("cookie", lambda c: c.update(cookie={"name": "cbtid", "secure": True, "http_strict": True, "store": {"type": "memory"}},
                                 options={"allowed_origins": ["https://example.com"]})),
    ("dynamic", lambda c: c.update(auth={"ticket": {"type": "dynamic", "authenticator": "com.auth"}})),
    ("dynamic", lambda c: c.update(auth={"anonymous": {"type": "dynamic", "authenticator": "com.auth"}})),
]
NOT_YET_REALM = [
    ("authorizer", [{"name": "realm1", "roles": [{"name": "anonymous", "authorizer": "com.authorize"}]}]),
    ("validate", permission(allow={"call": True}, validate={"call": "x"})),
]


def assert_refused(cbdir, name):
    code, out = check(cbdir)
    assert code == 0 and name in out and "not yet supported" in out, out
    done = transom("start", "--cbdir", cbdir)
    assert done.returncode == 1 and name in done.stdout + done.stderr


@pytest.mark.parametrize("name,change", NOT_YET)
def test_restrictions_that_are_not_built_yet(tmp_path, name, change):
    config = good()
    change(config["workers"][0]["transports"][0])
    assert_refused(write_config(tmp_path, config), name)


@pytest.mark.parametrize("name,realms", NOT_YET_REALM)
def test_restrictions_in_realms(tmp_path, name, realms):
    config = good()
    config["workers"][0]["realms"] = realms
    assert_refused(write_config(tmp_path, config), name)


@pytest.mark.parametrize("name,change", [
    ("compression", lambda w: w["transports"][0].update(options={"compression": {"deflate": {}}})),
    ("manhole", lambda w: w.update(manhole={"users": []})),
    ("cpu_affinity", lambda w: w.update(options={"cpu_affinity": [0]})),
    ("bridge_meta_api", lambda w: w["realms"][0].update(options={"bridge_meta_api": True})),
    ("store", lambda w: w["realms"][0].update(store={"type": "memory", "limit": 100})),
    ("allowed_origins", lambda w: None),
])
def test_conveniences_are_warned_of_once(tmp_path, name, change):
    """What only adds something does not stop a node; the last row: `*` by default is warned of by `check`."""
    port = free_port()
    config = good(port)
    change(config["workers"][0])
    cbdir = write_config(tmp_path, config)
    code, out = check(cbdir)
    assert code == 0 and FINE in out
    assert name in out and re.search("(?i)warn", out), out
    with Node(["--cbdir", cbdir], tmp_path, [port]):
        with Wamp(port).join() as peer:
            peer.sync()


def test_crossbar_s_own_template(tmp_path):
    """`crossbar init`'s transports as people have them, but for RawSocket, which comes later."""
    port = free_port()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "README.md").write_text("hello")
    config = {
        "$schema": "https://raw.githubusercontent.com/crossbario/crossbar/master/crossbar.json",
        "version": 2, "controller": {},
        "workers": [{"type": "router", "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [
            {"uri": "", "match": "prefix", "allow": {"call": True, "register": True, "publish": True, "subscribe": True},
             "disclose": {"caller": False, "publisher": False}, "cache": True}]}]}],
            "transports": [{"type": "web", "endpoint": {"type": "tcp", "port": port, "backlog": 1024}, "paths": {
                "/": {"type": "static", "directory": "../web", "options": {"enable_directory_listing": True}},
                "ws": {"type": "websocket", "serializers": ["cbor", "msgpack", "json"], "options": {
                    "allowed_origins": ["*"], "allow_null_origin": True, "enable_webstatus": True,
                    "max_frame_size": 1048576, "max_message_size": 1048576, "auto_fragment_size": 65536,
                    "fail_by_drop": True, "open_handshake_timeout": 2500, "close_handshake_timeout": 1000,
                    "auto_ping_interval": 10000, "auto_ping_timeout": 5000, "auto_ping_size": 12,
                    "auto_ping_restart_on_any_traffic": True,
                    "compression": {"deflate": {"request_no_context_takeover": False, "request_max_window_bits": 13,
                                                "no_context_takeover": False, "max_window_bits": 13, "memory_level": 5}}}},
                "info": {"type": "nodeinfo"}}}]}]}
    cbdir = write_config(tmp_path, config)
    code, out = check(cbdir)
    assert code == 0 and FINE in out, out
    with Node(["--cbdir", cbdir], tmp_path, [port]):
        with Wamp(port).join() as peer:
            peer.sync()
        assert b"README.md" in http(port, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[2]


def test_tickets_from_the_environment(tmp_path):
    port = free_port()
    config = good(port)
    config["workers"][0]["transports"][0]["auth"] = {"ticket": {"type": "static", "principals": {
        "joe": {"ticket": "${JOES_TICKET}", "role": "anonymous"}}}}
    cbdir = write_config(tmp_path, config)
    with Node(["--cbdir", cbdir], tmp_path, [port], env=harness.clean_env(JOES_TICKET="from-the-environment")) as node:
        with Wamp(port) as peer:
            peer.hello(authmethods=["ticket"], authid="joe")
            peer.expect(4)
            peer.send([5, "from-the-environment", {}])
            peer.expect(2)
        with Wamp(port) as peer:
            peer.hello(authmethods=["ticket"], authid="joe")
            peer.expect(4)
            peer.send([5, "${JOES_TICKET}", {}])
            peer.expect(3)
        assert "from-the-environment" not in node.log()


def test_init(tmp_path):
    """What init writes is good, starts, and is never written over."""
    done = transom("init", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    cbdir = tmp_path / ".crossbar"
    assert check(cbdir)[0] == 0
    before = (cbdir / "config.json").read_bytes()
    assert transom("init", cwd=tmp_path).returncode != 0
    assert (cbdir / "config.json").read_bytes() == before
