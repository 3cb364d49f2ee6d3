"""Ports below 1024 and giving up root: capabilities, socket activation, --user, and an OpenSSL of one's own.

Most of it needs root to set up; as an ordinary user those tests are skipped and say so.
"""
import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

import harness
from harness import BINARY, Node, free_port, router_config, tcp, wait_for, write_config

USER = pwd.getpwnam("nobody")
AS_NOBODY = ["setpriv", f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups"]
NET_BIND_SERVICE = 1 << 10
FIRST_FREE_PORT = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: run the tests as root to try this")
needs_refusal = pytest.mark.skipif(FIRST_FREE_PORT <= 512,
                                   reason=f"here everybody may take ports from {FIRST_FREE_PORT} (ip_unprivileged_port_start)")


def env(**more):
    """A process with changed ids cannot be looked into by the leak checker of the sanitizer builds."""
    return harness.clean_env(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0", **more)


def low_port():
    for port in range(600, 1023):
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
    raise AssertionError("no free port below 1024")


@pytest.fixture
def place():
    """A directory that other users can enter, too."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="transom-ports-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def program(place):
    """A copy of the program where everybody can execute it."""
    copy = place / "transom"
    shutil.copy(BINARY, copy)
    copy.chmod(0o755)
    return copy


def owned(path, user=USER):
    os.chown(path, user.pw_uid, user.pw_gid)
    for below in pathlib.Path(path).rglob("*"):
        os.chown(below, user.pw_uid, user.pw_gid)
    return path


def plain_node(place, program, port, prefix=(), arguments=(), **more):
    """A websocket node whose directory belongs to nobody, started by way of `prefix`."""
    cbdir = write_config(place, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    owned(cbdir)
    node = Node([], place, [port], env=env(**more))
    node.command = [*map(str, prefix), str(program), "start", "--cbdir", str(cbdir), *arguments]
    node.cbdir = cbdir
    return node


def status_of(pid, task=None):
    text = pathlib.Path(f"/proc/{pid}/task/{task}/status" if task else f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def capabilities(pid, which="CapEff"):
    return int(status_of(pid)[which], 16)


# -- the refusal, and two ways around it -----------------------------------------------------------------------------


@needs_root
@needs_refusal
def test_the_refusal_names_every_way(place, program):
    port = low_port()
    cbdir = owned(write_config(place, router_config([{"type": "websocket", "endpoint": tcp(port)}])))
    done = subprocess.run([*AS_NOBODY, program, "start", "--cbdir", cbdir], env=env(), capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1
    for words in (f"port {port}: Permission denied", f"sudo setcap cap_net_bind_service=+ep {program}\n",
                  "AmbientCapabilities=CAP_NET_BIND_SERVICE", f"ListenStream={port}", "transom start --user", "docs/ports.md"):
        assert words in done.stderr, done.stderr


@needs_root
def test_file_capability(place, program):
    port = low_port()
    subprocess.run(["setcap", "cap_net_bind_service=+ep", program], check=True)
    with plain_node(place, program, port, AS_NOBODY, LD_LIBRARY_PATH="/nonexistent") as node:
        assert status_of(node.pid)["Uid"].split() == [str(USER.pw_uid)] * 4
        assert capabilities(node.pid) == NET_BIND_SERVICE


@needs_root
@needs_refusal
def test_a_file_capability_in_vain_is_told(place, program):
    subprocess.run(["setcap", "cap_net_bind_service=+ep", program], check=True)
    cbdir = owned(write_config(place, router_config([{"type": "websocket", "endpoint": tcp(low_port())}])))
    done = subprocess.run([*AS_NOBODY, "setpriv", "--no-new-privs", program, "start", "--cbdir", cbdir], env=env(), capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1 and "it has one without effect: NoNewPrivileges=" in done.stderr


@needs_root
def test_ambient_capability(place, program):
    prefix = [*AS_NOBODY, "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service", "--bounding-set=-all,+net_bind_service"]
    with plain_node(place, program, low_port(), prefix) as node:
        assert capabilities(node.pid) == NET_BIND_SERVICE


# -- socket activation -----------------------------------------------------------------------------------------------

LAUNCHER = """
import json, os, socket, sys
sockets = []
for family, address, *options in json.loads(sys.argv[1]):
    made = socket.socket(getattr(socket, family))
    for level, name, value in options:
        made.setsockopt(getattr(socket, level), getattr(socket, name), value)
    made.bind(tuple(address) if isinstance(address, list) else address)
    made.listen()
    sockets.append(os.dup(made.detach()))
spare = [os.dup2(fd, 100 + number) for number, fd in enumerate(sockets)]
for number, fd in enumerate(spare):
    os.dup2(fd, 3 + number, inheritable=True)
os.closerange(3 + len(spare), 200)
os.environ.update(LISTEN_FDS=str(len(spare)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(["web"] * len(spare)))
os.execv(sys.argv[2], sys.argv[2:])
"""


def activated(base, endpoints, sockets, wait_on, **more):
    """A node that gets `sockets` from its parent; each is [family, address, [level, option, value]...]."""
    cbdir = write_config(base, router_config([{"type": "websocket", "endpoint": endpoint} for endpoint in endpoints]))
    return Node(["--cbdir", cbdir], base, wait_on, prefix=[sys.executable, "-c", LAUNCHER, json.dumps(sockets)], **more)


def inode_of(path):
    return os.stat(path).st_ino


def test_inherited_sockets_are_used(tmp_path):
    given, own, unused = free_port(), free_port(), free_port()
    path = str(tmp_path / "s.sock")
    sockets = [["AF_INET", ["127.0.0.1", given]], ["AF_UNIX", path], ["AF_INET", ["127.0.0.1", unused]]]
    endpoints = [tcp(given), tcp(own), {"type": "unix", "path": path}]
    with activated(tmp_path, endpoints, sockets, [given, own, path]) as node:
        node.wait_log(rf"the inherited socket 127\.0\.0\.1:{unused} \(web\) is closed: no endpoint")
        assert not harness.accepts(unused)
        before = inode_of(path)
        assert node.stop() == 0
        assert inode_of(path) == before, "the socket belongs to whoever made it"
    assert "web" in node.log()


def test_a_socket_for_both_versions_of_ip(tmp_path):
    if not harness.has_ipv6_loopback():
        pytest.skip("no IPv6 here")
    first, second = free_port(), free_port()
    dual = [["IPPROTO_IPV6", "IPV6_V6ONLY", 0]]
    sockets = [["AF_INET6", ["::", first], *dual], ["AF_INET6", ["::", second], *dual]]
    endpoints = [{"type": "tcp", "port": first}, {"type": "tcp", "port": second, "version": "dual"}]
    wait_on = [(host, port) for host in ("127.0.0.1", "::1") for port in (first, second)]
    with activated(tmp_path, endpoints, sockets, wait_on) as node:
        node.wait_log("listening")  # that it accepts says nothing: the sockets were there before the node
        assert "is closed" not in node.log()


def test_announcements_for_another_process_are_ignored(tmp_path):
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    with Node(["--cbdir", cbdir], tmp_path, [port], env=env(LISTEN_FDS="3", LISTEN_PID="1")) as node:
        assert "inherited" not in node.log()


def test_with_systemds_own_activation(tmp_path):
    if not shutil.which("systemd-socket-activate"):
        pytest.skip("systemd-socket-activate is not here (package systemd)")
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    node = Node(["--cbdir", cbdir], tmp_path, [port])
    node.command = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--fdname=web", *node.command]
    with node:
        node.wait_log(rf"listening: tcp 127\.0\.0\.1:{port}")
        assert "is closed" not in node.log()


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_service_manager_is_told(tmp_path, abstract):
    port = free_port()
    name = f"@transom-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(15 * harness.PATIENCE)
        node = harness.websocket_node(tmp_path, port)
        node.env = env(NOTIFY_SOCKET=name)
        with node:
            assert manager.recv(64) == b"READY=1"
            node.stop()
            assert manager.recv(64) == b"STOPPING=1"


# -- from root to a user ---------------------------------------------------------------------------------------------


def dropping(place, pki, user_in_config=True, key_group=None):
    """A node with a TLS web transport on a port below 1024 and a Unix one; the key belongs to root alone."""
    (place / "web").mkdir()
    (place / "web" / "index.html").write_text("served")
    keys = place / "keys"
    keys.mkdir()
    for name in ("ecdsa.key", "ecdsa_chain.pem"):
        shutil.copy(pki / name, keys / name)
    (keys / "ecdsa.key").chmod(0o600)
    if key_group is not None:
        os.chown(keys / "ecdsa.key", 0, key_group)
        (keys / "ecdsa.key").chmod(0o640)
    port = low_port()
    config = router_config([
        {"type": "web", "endpoint": tcp(port, {"key": str(keys / "ecdsa.key"), "certificate": str(keys / "ecdsa_chain.pem")}),
         "paths": {"/": {"type": "static", "directory": "../web"}}},
        {"type": "websocket", "endpoint": {"type": "unix", "path": "wamp.sock"}}])
    if user_in_config:
        config["controller"] = {"user": "nobody"}
    cbdir = write_config(place, config)
    node = Node(["--cbdir", cbdir, "--cores", "2", *([] if user_in_config else ["--user", "nobody"])], place, [port], env=env())
    return cbdir, port, node


def page(pki, port):
    return subprocess.run(["curl", "-sS", "--cacert", pki / "root.pem", f"https://localhost:{port}/"], capture_output=True,
                          text=True, check=False).stdout


@needs_root
@pytest.mark.parametrize("user_in_config", [True, False], ids=["controller", "option"])
def test_root_is_given_up(place, pki, user_in_config):
    cbdir, port, node = dropping(place, pki, user_in_config)
    with node:
        node.wait_log("now user nobody")
        assert page(pki, port) == "served"
        for task in os.listdir(f"/proc/{node.pid}/task"):
            status = status_of(node.pid, task)
            assert status["Uid"].split() == [str(USER.pw_uid)] * 4, task
            assert status["Gid"].split() == [str(USER.pw_gid)] * 4, task
            assert set(status["Groups"].split()) <= set(map(str, os.getgrouplist("nobody", USER.pw_gid)))
            assert status["NoNewPrivs"] == "1", task
            for which in ("CapEff", "CapPrm", "CapAmb"):
                assert int(status[which], 16) == 0, (task, which)
        for name in ("control.sock", "node.lock", "node.pid", "wamp.sock"):
            assert os.stat(cbdir / name).st_uid == USER.pw_uid, name
        assert os.stat(cbdir / "config.json").st_uid == 0
        assert "serving as root" not in node.log()
        assert node.log().count("cannot read") == 1 and "a reload will fail" in node.log()
        assert harness.transom("status", "--cbdir", cbdir).stdout.startswith("Status is RUNNING")
        since = len(node.log())
        os.kill(node.pid, signal.SIGHUP)
        node.wait_log(r"(?i)ecdsa\.key.*Permission denied|the old .* stays", since=since)
        assert page(pki, port) == "served"
        assert harness.transom("stop", "--cbdir", cbdir).returncode == 0
    assert (cbdir / "node.pid").read_text() == "", "no stale number where the directory is not the user's"
    with node:
        assert page(pki, port) == "served", "what the last run left does not hold up the next"


@needs_root
def test_with_a_readable_key_reload_goes_on_working(place, pki):
    _, port, node = dropping(place, pki, key_group=USER.pw_gid)
    with node:
        node.wait_log("now user nobody")
        assert "cannot read" not in node.log()
        before = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", place / "keys" / "ecdsa_chain.pem"],
                                capture_output=True, text=True, check=True).stdout
        (place / "keys" / "ecdsa_chain.pem").write_bytes((pki / "rsa_chain.pem").read_bytes())
        shutil.copyfile(pki / "rsa.key", place / "keys" / "ecdsa.key")
        os.kill(node.pid, signal.SIGHUP)

        def served():
            shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                                   capture_output=True, check=False).stdout
            return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, capture_output=True,
                                  check=False).stdout.decode()

        wait_for(lambda: served() not in ("", before), "the new certificate")


@pytest.mark.parametrize("user_in_config", [True, False], ids=["controller", "option"])
@needs_root
def test_the_user_may_own_the_key(place, pki, user_in_config):
    cbdir, port, node = dropping(place, pki, user_in_config)
    os.chown(place / "keys" / "ecdsa.key", USER.pw_uid, USER.pw_gid)
    with node:
        node.wait_log("now user nobody")
        reloaded = harness.transom("reload", "--cbdir", cbdir)
        assert reloaded.returncode == 0, reloaded.stdout + reloaded.stderr
    os.chown(place / "keys" / "ecdsa.key", 1, 1)
    refused = harness.transom("start", "--cbdir", cbdir, *([] if user_in_config else ["--user", "nobody"]), env=env())
    assert refused.returncode == 1 and "chmod 600" in refused.stderr


@needs_root
def test_the_group_may_be_named(place):
    port = free_port()
    group = grp.getgrnam("daemon")
    owned(write_config(place, router_config([{"type": "websocket", "endpoint": tcp(port)}])))
    with Node(["--cbdir", place / ".crossbar", "--user", "nobody:daemon"], place, [port], env=env()) as node:
        node.wait_log("listening")  # from here on a signal ends it in order
        assert status_of(node.pid)["Gid"].split() == [str(group.gr_gid)] * 4
    assert not (place / ".crossbar" / "node.pid").exists()
    assert not (place / ".crossbar" / "control.sock").exists()


def test_the_default_node_has_no_user(tmp_path):
    done = harness.transom("start", "--user", "nobody", cwd=tmp_path)
    assert done.returncode == 1 and "start the default node as that user" in done.stderr
    assert not (tmp_path / ".transom").exists()


@needs_root
@pytest.mark.parametrize("user,words", [("no-such-user", "no user \"no-such-user\""), ("root", "is root"),
                                        ("nobody:no-such-group", "no group \"no-such-group\""),
                                        ("nobody:", "names no user"), ("nobody:x:y", "names no user")])
def test_wrong_users(tmp_path, user, words):
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port())}]))
    done = harness.transom("start", "--cbdir", cbdir, "--user", user)
    assert done.returncode == 1 and words in done.stderr, done.stderr


@needs_root
def test_an_empty_user_never_means_root(tmp_path):
    config = router_config([{"type": "websocket", "endpoint": tcp(free_port())}])
    config["controller"] = {"user": "nobody"}
    cbdir = write_config(tmp_path, config)
    for line in (["--user", ""], ["--user="]):
        done = harness.transom("start", "--cbdir", cbdir, *line)
        assert done.returncode == 2 and "--user is empty: leave it out" in done.stderr, done.stderr
    config["controller"] = {"user": ""}
    write_config(tmp_path, config)
    for command in ("check", "start"):
        done = harness.transom(command, "--cbdir", cbdir)
        assert done.returncode == 1 and "controller.user: the name of the user is empty" in done.stdout + done.stderr
    assert not (cbdir / "node.pid").exists()


def test_check_judges_the_user(tmp_path):
    config = router_config([{"type": "websocket", "endpoint": tcp(free_port())}])
    for user, code, words in (("no-such-user", 0, "warning: controller.user: there is no user \"no-such-user\""),
                              ("nosuch:", 1, "error: controller.user: \"nosuch:\" names no user"),
                              ("root:x:y", 1, "error: controller.user:"), ("nobody", 0, "Ok, node configuration looks good!")):
        config["controller"] = {"user": user}
        done = harness.transom("check", "--cbdir", write_config(tmp_path, config))
        assert done.returncode == code and words in done.stdout, done.stdout


@needs_root
def test_only_root_can_change_user(place, program):
    port = free_port()
    with plain_node(place, program, port, AS_NOBODY, ["--user", "nobody"]) as node:
        assert "now user" not in node.log()
    done = subprocess.run([*AS_NOBODY, program, "start", "--cbdir", node.cbdir, "--user", "daemon"], env=env(),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "only root can change to user \"daemon\"" in done.stderr


@needs_root
def test_serving_as_root_is_warned_of_once(tmp_path):
    with harness.websocket_node(tmp_path, free_port()) as node:
        assert node.log().count("serving as root") == 1


# -- an OpenSSL in a directory of its own ----------------------------------------------------------------------------

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(facts LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(OpenSSL 3.0 REQUIRED)
add_library(transom_options INTERFACE)
include({root}/cmake/RunPath.cmake)
add_executable(facts main.cc {root}/src/tls/library_facts.cc)
target_include_directories(facts PRIVATE {root}/src)
target_link_libraries(facts PRIVATE transom_options OpenSSL::SSL ${{CMAKE_DL_LIBS}})
install(TARGETS facts RUNTIME DESTINATION bin)
"""
MAIN = """
#include <cstdio>
#include "tls/library_facts.h"
int main() {
  const auto facts = transom::tls::library_facts();
  std::printf("%s\\n%s\\n", facts.ssl_file.c_str(), facts.crypto_file.c_str());
}
"""


def private_openssl(prefix):
    """The system's OpenSSL once more, as somebody would install a newer one beside it."""
    (prefix / "lib" / "pkgconfig").mkdir(parents=True)

    def variable(package, name):
        return subprocess.run(["pkg-config", f"--variable={name}", package], capture_output=True, text=True,
                              check=True).stdout.strip()

    library, include = pathlib.Path(variable("libssl", "libdir")), pathlib.Path(variable("libssl", "includedir"))
    for name in ("libssl", "libcrypto"):
        real = (library / f"{name}.so").resolve()
        shutil.copy(real, prefix / "lib" / real.name)
        (prefix / "lib" / f"{name}.so").symlink_to(real.name)
    shutil.copytree(include / "openssl", prefix / "include" / "openssl")
    for more in include.glob("*-linux-gnu*/openssl"):  # what depends on the architecture
        shutil.copytree(more, prefix / "include" / "openssl", dirs_exist_ok=True)
    for name in ("openssl", "libssl", "libcrypto"):
        text = (library / "pkgconfig" / f"{name}.pc").read_text()
        text = re.sub(r"(?m)^prefix=.*", f"prefix={prefix}", text)
        text = re.sub(r"(?m)^libdir=.*", "libdir=${prefix}/lib", text)
        (prefix / "lib" / "pkgconfig" / f"{name}.pc").write_text(re.sub(r"(?m)^includedir=.*", "includedir=${prefix}/include", text))
    return prefix


@needs_root
@pytest.mark.skipif(harness.SANITIZED, reason="the same build as with release")
@pytest.mark.parametrize("way", ["root_dir", "pkg_config"])
def test_a_private_openssl_is_found_without_ld_library_path(place, way):
    prefix = private_openssl(place / "ossl")
    (place / "CMakeLists.txt").write_text(PROJECT.format(root=harness.ROOT))
    (place / "main.cc").write_text(MAIN)
    build_env = harness.clean_env(**({"PKG_CONFIG_PATH": prefix / "lib" / "pkgconfig"} if way == "pkg_config" else {}))
    hint = [f"-DOPENSSL_ROOT_DIR={prefix}"] if way == "root_dir" else []
    for command in (["cmake", "-S", place, "-B", place / "build", "-G", "Ninja", *hint], ["cmake", "--build", place / "build"],
                    ["cmake", "--install", place / "build", "--prefix", place / "installed"]):
        subprocess.run(command, env=build_env, check=True, capture_output=True)
    for program in (place / "build" / "facts", place / "installed" / "bin" / "facts"):
        dynamic = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        assert re.findall(r"\((RPATH|RUNPATH)\).*\[(.*)\]", dynamic) == [("RPATH", str(prefix / "lib"))], "nothing relative"
        subprocess.run(["setcap", "cap_net_bind_service=+ep", program], check=True)
        shown = subprocess.run([*AS_NOBODY, program], env={"LD_LIBRARY_PATH": "/nonexistent"}, capture_output=True, text=True,
                               check=True).stdout
        assert shown.split() == [str((prefix / "lib" / f"{name}.so").resolve()) for name in ("libssl", "libcrypto")]


def test_version_shows_the_library(tmp_path):
    shown = harness.transom("version").stdout
    maps = re.search(r"libssl +(/\S+)\n +libcrypto +(/\S+)\n", shown)
    assert maps and all(os.path.exists(path) for path in maps.groups()), shown
    assert re.search(r"compiled against +OpenSSL 3\.", shown) and re.search(r"X25519MLKEM768 +(yes|no)", shown)
