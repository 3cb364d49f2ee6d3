"""Starting, stopping, and the commands that speak to a running node."""
import json
import os
import signal
import stat
import subprocess
import time

import pytest

import harness
from harness import Node, free_port, router_config, tcp, transom, wait_for, websocket_node, write_config
from rawws import CLOSE, GOODBYE, Closed, Wamp, WebSocket, connect, trusting


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path, pki, with_signal):
    """GOODBYE wamp.close.system_shutdown, WebSocket close 1001, exit 0; over ws and wss, joined or not."""
    ws, wss = free_port(), free_port()
    tls = {"key": str(pki / "rsa.key"), "certificate": str(pki / "rsa_chain.pem")}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(ws)},
                                                  {"type": "websocket", "endpoint": tcp(wss, tls)}]))
    node = Node(["--cbdir", cbdir, "--cores", "2"], tmp_path, [ws, wss]).start()
    peers = [Wamp(ws).join(), Wamp(wss, tls=trusting(pki / "root.pem")).join(), Wamp(ws, serializer="cbor").join()]
    waiting, silent = WebSocket(ws), connect(ws)
    node.process.send_signal(with_signal)
    for peer in peers:
        peer.expect(GOODBYE, None, "wamp.close.system_shutdown")
        peer.send([GOODBYE, {}, "wamp.close.goodbye_and_out"])
        assert peer.wait_closed() == 1001
    assert waiting.wait_closed() in (1001, None)
    assert node.stop() == 0
    silent.close()


def test_who_does_not_answer_does_not_hold_it_up(tmp_path):
    with websocket_node(tmp_path, port := free_port()) as node:
        mute = Wamp(port).join()
        began = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - began < 12 * harness.PATIENCE
        mute.sock.close()


def test_an_idle_node_stops_at_once(tmp_path):
    node = websocket_node(tmp_path, free_port()).start()
    began = time.monotonic()
    assert node.stop() == 0
    assert time.monotonic() - began < 3 * harness.PATIENCE


def test_calls_in_flight_end_with_an_error_or_a_goodbye(tmp_path):
    with websocket_node(tmp_path, port := free_port()) as node:
        callee, caller = Wamp(port).join(), Wamp(port).join()
        callee.register("com.stop.slow")
        caller.ask(48, {}, "com.stop.slow")
        callee.expect(68)
        node.process.send_signal(signal.SIGTERM)
        assert caller.recv()[0] in (8, GOODBYE)
        for peer in (callee, caller):
            peer.wait_closed()


def test_the_port_is_free_again_at_once(tmp_path):
    port = free_port()
    for _ in range(2):
        with websocket_node(tmp_path, port):
            with Wamp(port).join() as peer:
                peer.sync()


def test_a_stopping_node_accepts_nobody(tmp_path):
    with websocket_node(tmp_path, port := free_port()) as node:
        mute = Wamp(port).join()
        node.process.send_signal(signal.SIGTERM)
        mute.expect(GOODBYE)

        def refused():
            try:
                late = Wamp(port)
                late.hello()
                late.recv()
                return False
            except (OSError, Closed, AssertionError):
                return True
        wait_for(refused, "the node to accept nobody any more")
        mute.close()


# status and stop -------------------------------------------------------------------------------------------------------

def test_status(tmp_path):
    cbdir = tmp_path / ".crossbar"
    with websocket_node(tmp_path, port := free_port()) as node:
        with Wamp(port).join() as peer:
            peer.sync()
            done = transom("status", "--cbdir", cbdir)
            assert done.returncode == 0 and done.stdout.splitlines()[0] == "Status is RUNNING"
            done = transom("status", "--cbdir", cbdir, "--json")
            status = json.loads(done.stdout)
            assert status["status"] == "running" and status["pid"] == node.pid
            assert status["sessions"] == 1
    done = transom("status", "--cbdir", cbdir)
    assert done.returncode == 0 and done.stdout.splitlines()[0] == "Status is STOPPED"
    assert json.loads(transom("status", "--cbdir", cbdir, "--json").stdout)["status"] == "stopped"


@pytest.mark.parametrize("running", [True, False])
def test_status_assert(tmp_path, running):
    node = websocket_node(tmp_path, free_port())
    cbdir = tmp_path / ".crossbar"
    if running:
        node.start()
    assert transom("status", "--cbdir", cbdir, "--assert", "running").returncode == (0 if running else 69)
    assert transom("status", "--cbdir", cbdir, "--assert", "stopped").returncode == (69 if running else 0)
    if running:
        assert node.stop() == 0


def test_stop(tmp_path):
    cbdir = tmp_path / ".crossbar"
    node = websocket_node(tmp_path, free_port()).start()
    done = transom("stop", "--cbdir", cbdir)
    assert done.returncode == 0, done.stdout + done.stderr
    assert node.process.wait(10) == 0, "stop returns when the node is gone"
    done = transom("stop", "--cbdir", cbdir)
    assert done.returncode == 69 and f"from node directory {cbdir}" in done.stdout + done.stderr


def test_stop_never_signals_a_number_from_a_file(tmp_path):
    """A stale node.pid names a stranger's process: it must live on."""
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(free_port())}]))
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (cbdir / "node.pid").write_text(json.dumps({"pid": stranger.pid, "argv": ["transom"], "options": {}}))
        assert transom("stop", "--cbdir", cbdir).returncode == 69
        assert stranger.poll() is None
        assert transom("status", "--cbdir", cbdir).stdout.splitlines()[0] == "Status is STOPPED"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_start_in_the_same_directory(tmp_path):
    with websocket_node(tmp_path, free_port()) as node:
        done = transom("start", "--cbdir", tmp_path / ".crossbar")
        out = done.stdout + done.stderr
        assert done.returncode == 1 and "already running" in out and str(node.pid) in out
        sockets = [path for path in (tmp_path / ".crossbar").iterdir() if path.is_socket()]
        assert sockets and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in sockets)
        assert json.loads((tmp_path / ".crossbar" / "node.pid").read_text())["pid"] == node.pid
    assert not (tmp_path / ".crossbar" / "node.pid").exists()


def test_after_a_crash_it_starts_again(tmp_path):
    """SIGKILL leaves socket, lock and pid behind; none of them stops the next start."""
    port = free_port()
    unix = {"type": "websocket", "endpoint": {"type": "unix", "path": "wamp.sock"}}
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}, unix]))
    node = Node(["--cbdir", cbdir], tmp_path, [port, cbdir / "wamp.sock"]).start()
    node.process.kill()
    node.process.wait()
    with Node(["--cbdir", cbdir], tmp_path, [port, cbdir / "wamp.sock"]):
        with Wamp(cbdir / "wamp.sock").join() as peer:
            peer.sync()


def test_a_busy_port(tmp_path):
    """Named with its holder; nothing of the other transports stays."""
    port, other = free_port(), free_port()
    (tmp_path / "first").mkdir()
    with websocket_node(tmp_path / "first", port):
        cbdir = write_config(tmp_path / "second", router_config([{"type": "websocket", "endpoint": tcp(other)},
                                                                 {"type": "websocket", "endpoint": tcp(port)}]))
        done = transom("start", "--cbdir", cbdir)
        out = done.stdout + done.stderr
        assert done.returncode == 1 and str(port) in out and "in use" in out
    assert not harness.accepts(other)


def test_crossbar_dir(tmp_path):
    """$CROSSBAR_DIR names the node directory where no --cbdir does."""
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = harness.clean_env()
    env["CROSSBAR_DIR"] = str(cbdir)
    with Node([], elsewhere, [port], env=env):
        assert transom("status", cwd=elsewhere, env=env).stdout.splitlines()[0] == "Status is RUNNING"


def test_port_from_the_environment(tmp_path):
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp("$WAMP_PORT")}]))
    with Node(["--cbdir", cbdir], tmp_path, [port], env=harness.clean_env(WAMP_PORT=port)):
        pass


def test_version():
    done = transom("version")
    assert done.returncode == 0 and "0.1.0" in done.stdout and "OpenSSL 3." in done.stdout
    assert "0.1.0" in transom("--version").stdout


def test_help_and_wrong_arguments():
    done = transom("--help")
    assert done.returncode == 0
    for command in ("start", "stop", "status", "check", "init", "version", "ca", "publish", "subscribe", "call"):
        assert command in done.stdout
    assert transom("start", "--help").returncode == 0
    for wrong in (["strat"], ["start", "--prot", "1"], ["start", "--port", "x"], ["start", "--port", "70000"],
                  ["start", "--cores", "0"], ["start", "--loglevel", "loud"]):
        done = transom(*wrong)
        assert done.returncode not in (0, None) and done.stderr, wrong


def test_loglevels(tmp_path):
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    with Node(["--cbdir", cbdir, "--loglevel", "none"], tmp_path, [port]) as node:
        quiet = node.log()
    node.log_path.unlink()
    with Node(["--cbdir", cbdir, "--loglevel", "debug"], tmp_path, [port]) as node:
        with Wamp(port).join() as peer:
            peer.sync()
    assert len(node.log()) > len(quiet)


def test_a_closed_terminal_does_not_end_it(tmp_path):
    """Standard output and error that nobody reads any more are no reason to die."""
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    read_end, write_end = os.pipe()
    process = subprocess.Popen([str(harness.BINARY), "start", "--cbdir", str(cbdir)], cwd=tmp_path, stdin=subprocess.DEVNULL,
                               stdout=write_end, stderr=write_end, start_new_session=True)
    os.close(write_end)
    try:
        wait_for(lambda: harness.accepts(port), "the node")
        os.close(read_end)
        with Wamp(port) as peer:
            peer.hello("nowhere")
            peer.wait_closed()
        with Wamp(port).join() as peer:
            peer.sync()
        process.terminate()
        assert process.wait(10 * harness.PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_close_frame_without_wamp(tmp_path):
    """A bare WebSocket is told 1001, too."""
    with websocket_node(tmp_path, port := free_port()) as node:
        waiting = WebSocket(port)
        node.process.send_signal(signal.SIGTERM)
        opcode, payload, _ = waiting.recv_frame()
        assert opcode == CLOSE and payload[:2] == b"\x03\xe9"
        waiting.sock.close()
