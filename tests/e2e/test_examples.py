"""The programs in examples/ do what they say."""
import json
import os
import shutil
import subprocess

import pytest

import harness
from harness import E2E, NODE_JS, ROOT, Node, clean_env, free_port, transom

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The examples with the packages that `npm install` would put beside them."""
    base = tmp_path_factory.mktemp("examples") / "examples"
    shutil.copytree(EXAMPLES, base, ignore=shutil.ignore_patterns("node_modules"))
    (base / "node_modules").symlink_to(E2E / "node_modules")
    return base


def environment(default_node):
    return clean_env(default_node.home, NODE_EXTRA_CA_CERTS=default_node.ca, SSL_CERT_FILE=default_node.ca,
                     TRANSOM_URL=f"wss://localhost:{default_node.port}/ws",
                     PATH=f"{NODE_JS.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize("name,lines", [
    ("hello.mjs", ["joined realm1", "event: Hello, world", "result: 5"]),
    ("publish_subscribe.mjs", ["event 1: Hello, world", "event 3: Hello, world"]),
    ("rpc.mjs", ["2 + 3 = 5", "com.example.error.not_a_number"]),
    ("python/publish_subscribe.py", ["event 1: Hello, world", "event 3: Hello, world"]),
    ("python/rpc.py", ["2 + 3 = 5", "com.example.error.not_a_number"]),
])
def test_example(default_node, copy, name, lines):
    program = "node" if name.endswith(".mjs") else "/usr/bin/python3"
    done = subprocess.run([program, copy / name], cwd=default_node.base, env=environment(default_node), capture_output=True,
                          text=True, timeout=30 * harness.PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in lines:
        assert line in done.stdout, done.stdout


def test_no_example_is_forgotten():
    programs = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*")
                if path.suffix in (".mjs", ".py") and "node_modules" not in path.parts}
    assert programs == {"hello.mjs", "publish_subscribe.mjs", "rpc.mjs", "python/publish_subscribe.py", "python/rpc.py"}


def test_the_example_config(copy, tmp_path):
    """examples/config is a node directory; only its port is changed here."""
    cbdir = tmp_path / ".crossbar"
    shutil.copytree(copy / "config", cbdir)
    config = json.loads((cbdir / "config.json").read_text())
    port = free_port()
    config["workers"][0]["transports"][0]["endpoint"]["port"] = port
    (cbdir / "config.json").write_text(json.dumps(config))
    env = clean_env(JOES_TICKET="secret")
    assert transom("check", "--cbdir", cbdir, env=env).returncode == 0
    with Node(["--cbdir", cbdir], tmp_path, [port], env=env):
        done = subprocess.run(["curl", "-sS", f"http://localhost:{port}/"], capture_output=True, text=True, check=True)
        assert "Transom" in done.stdout
