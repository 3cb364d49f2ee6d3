"""transom publish, subscribe and call in their minimal form."""
import json
import select
import subprocess

import pytest

from harness import BINARY, clean_env, transom, wait_for
from rawws import Wamp, trusting

# Without --url they speak to wss://localhost:8443/ws; the local CA is found through ./.transom.


def run(node, *arguments, seconds=20):
    command, *rest = arguments
    return transom(command, "--url", f"wss://localhost:{node.port}/ws", *rest, cwd=node.base, env=clean_env(node.home), seconds=seconds)


class Running:
    """A command that stays until it is ended."""

    def __init__(self, node, *arguments):
        command, *rest = arguments
        self.process = subprocess.Popen([str(BINARY), command, "--url", f"wss://localhost:{node.port}/ws", *rest], cwd=node.base,
                                        env=clean_env(node.home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def peer(default_node):
    with Wamp(default_node.port, tls=trusting(default_node.ca)).join() as joined:
        yield joined


def test_publish(default_node, peer):
    peer.subscribe("com.cli.topic")
    done = run(default_node, "publish", "com.cli.topic", "1", '"text"', '{"a": [true, null]}', "plain")
    assert done.returncode == 0, done.stderr
    assert peer.recv_until(36)[4] == [1, "text", {"a": [True, None]}, "plain"]


def test_call(default_node, peer):
    peer.register("com.cli.echo")
    process = subprocess.Popen([str(BINARY), "call", "--url", f"wss://localhost:{default_node.port}/ws", "com.cli.echo", "42"],
                               cwd=default_node.base, env=clean_env(default_node.home), stdout=subprocess.PIPE, text=True)
    invocation = peer.recv_until(68)
    assert invocation[4] == [42]
    peer.send([70, invocation[1], {}, [{"answer": 42}]])
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and json.loads(out) == {"answer": 42}


def test_call_of_nobody(default_node):
    done = run(default_node, "call", "com.cli.nobody")
    assert done.returncode == 1 and "wamp.error.no_such_procedure" in done.stderr


def test_subscribe(default_node, peer):
    with Running(default_node, "subscribe", "com.cli.news") as subscriber:
        def heard():
            peer.publish("com.cli.news", "hello", 1)
            return select.select([subscriber.process.stdout], [], [], 0.05)[0]
        wait_for(heard, "a line of the subscriber")
        line = subscriber.process.stdout.readline()
        assert json.loads(line) == {"topic": "com.cli.news", "args": ["hello", 1], "kwargs": {}}


def test_an_untrusted_server_is_refused(default_node, tmp_path):
    """Away from the node's directory its CA is not known: no connection, and a hint."""
    done = transom("publish", "--url", f"wss://localhost:{default_node.port}/ws", "com.cli.topic", cwd=tmp_path, env=clean_env(tmp_path))
    assert done.returncode == 1 and "certificate" in done.stderr.lower()


def test_nobody_there(tmp_path):
    done = transom("publish", "--url", "ws://127.0.0.1:1/ws", "com.cli.topic", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr
