"""Stock WAMP clients, each a process of its own that obeys one JSON line a command and answers in lines.

In:  {"id": 1, "do": "subscribe", "topic": ...} and publish, register, unregister, unsubscribe, call, leave.
Out: {"joined": session...} or {"refused": uri} first; {"id": 1, ...} for each command; {"event": topic, args, kwargs},
     {"invocation": uri, args, kwargs} and {"left": reason} when they happen.
"""
import json
import queue
import subprocess
import threading

from harness import E2E, NODE_JS, PATIENCE, clean_env

LIBRARIES = {
    "autobahn-python": ["/usr/bin/python3", E2E / "peers" / "autobahn_python.py"],
    "autobahn-js": [NODE_JS, E2E / "peers" / "autobahn_js.mjs"],
    "wampy": [NODE_JS, E2E / "peers" / "wampy.mjs"],
}
DEADLINE = 15 * PATIENCE


def tag(value):
    """The same tags as the peers use, for what a test wants to send or see."""
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, float):
        return {"$float": repr(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"$int": str(value)}
    if isinstance(value, list):
        return [tag(item) for item in value]
    if isinstance(value, dict):
        return {key: tag(item) for key, item in value.items()}
    return value


def untag(value, numbers_alike=False):
    """Back to Python values; numbers_alike for JavaScript, which has no difference between 1 and 1.0."""
    if isinstance(value, list):
        return [untag(item, numbers_alike) for item in value]
    if isinstance(value, dict):
        if "$bytes" in value:
            return bytes.fromhex(value["$bytes"])
        if "$float" in value:
            return float(value["$float"])
        if "$int" in value:
            return int(value["$int"])
        return {key: untag(item, numbers_alike) for key, item in value.items()}
    return value


class Peer:
    def __init__(self, library, url, realm="realm1", serializer=None, ca=None, **options):
        self.library = library
        options.update(url=url, realm=realm, serializer=serializer, ca=str(ca) if ca else None)
        env = clean_env(**({"NODE_EXTRA_CA_CERTS": ca} if ca else {}))
        self.process = subprocess.Popen([*map(str, LIBRARIES[library]), json.dumps(options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=E2E)
        self.lines, self.kept, self.number = queue.Queue(), [], 0
        self.noise = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()
        first = self.wait_line(lambda line: "joined" in line or "refused" in line)
        self.refused, self.session = first.get("refused"), first.get("joined")
        self.hello = first

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.put(json.loads(line))
        self.lines.put(None)

    def _read_errors(self):
        self.noise.extend(self.process.stderr)

    def wait_line(self, wanted):
        """The first line, kept or new, that `wanted` accepts."""
        for index, line in enumerate(self.kept):
            if wanted(line):
                return self.kept.pop(index)
        while True:
            try:
                line = self.lines.get(timeout=DEADLINE)
            except queue.Empty:
                raise AssertionError(f"{self.library}: nothing came in {DEADLINE} s; {''.join(self.noise)[-2000:]}") from None
            if line is None:
                self.lines.put(None)
                raise AssertionError(f"{self.library} ended: {self.kept} {''.join(self.noise)[-2000:]}")
            if wanted(line):
                return line
            self.kept.append(line)

    def start(self, verb, **fields):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, "do": verb, **fields}) + "\n")
        self.process.stdin.flush()
        return self.number

    def result(self, number):
        return self.wait_line(lambda line: line.get("id") == number)

    def do(self, verb, **fields):
        answer = self.result(self.start(verb, **fields))
        assert "failed" not in answer, f"{self.library} {verb} {fields}: {answer['failed']}"
        return answer

    def next_event(self, topic):
        return self.wait_line(lambda line: line.get("event") == topic)

    def next_invocation(self, procedure):
        return self.wait_line(lambda line: line.get("invocation") == procedure)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
