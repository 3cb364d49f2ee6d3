"""Runs the README's tour: every block fenced as ```console tour, in order, in one shell and one empty directory.

A line that starts with "$ " is a command; the lines under it are what it prints, in this order, where "..." stands for
anything, within a line and for whole lines. A command that ends in "&" keeps running; its lines are waited for.
The directory holds links to the checkout's run, build and examples; PATH starts with build/release and a current Node.
"""
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from harness import BINARY, E2E, NODE_JS, ROOT, clean_env

README = ROOT / "README.md"
DEADLINE = 60


def steps_of(block):
    """[(command, [expected line...])] of one block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0] + "\n" + line[2:], [])
        elif found:
            found[-1][1].append(line)
    return found


def steps():
    """Those of the whole tour."""
    blocks = re.findall(r"^```console tour\n(.*?)^```", README.read_text(), re.M | re.S)
    return [step for block in blocks for step in steps_of(block)]


def missing_line(expected, printed):
    """The first expected line that does not follow in what was printed, or None."""
    position = 0
    for line in expected:
        if line.strip() in ("", "..."):
            continue
        pattern = re.compile(".*?".join(map(re.escape, line.rstrip().split("..."))) + r"\s*$")
        while position < len(printed) and not pattern.match(printed[position]):
            position += 1
        if position == len(printed):
            return line
        position += 1
    return None


class Shell:
    """One bash for the whole tour; its output is read line by line."""

    def __init__(self, directory, env):
        self.process = subprocess.Popen(["bash"], cwd=directory, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line.rstrip("\n")) for line in self.process.stdout], daemon=True).start()

    def step(self, number, command, expected):
        """Runs the command; returns what is wrong, or None."""
        background, mark = command.rstrip().endswith("&"), f"--tour-step-{number}--"
        self.process.stdin.write(f"{command}\n" + ("" if background else f"echo '{mark}' $?\n"))
        self.process.stdin.flush()
        printed, deadline = [], time.monotonic() + DEADLINE
        while True:
            if background and missing_line(expected, printed) is None:
                return None
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                return f"`{command}` did not print {missing_line(expected, printed)!r} in {DEADLINE} s but:\n" + "\n".join(printed)
            if mark in line:
                # What the command printed without a line end stands before the mark.
                before, _, code = line.partition(mark)
                printed += [before] if before else []
                break
            printed.append(line)
        absent = missing_line(expected, printed)
        if absent is not None:
            return f"`{command}` should print {absent!r} but printed:\n" + "\n".join(printed)
        return None if code.strip() == "0" else f"`{command}` ended with {code.strip()}:\n" + "\n".join(printed)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.mark.heavy
def test_the_tour(tmp_path):
    assert README.exists(), "README.md is missing"
    found = steps()
    assert found, "README.md has no block fenced as ```console tour"
    for name in ("run", "build"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "examples" / "node_modules").symlink_to(E2E / "node_modules")
    (tmp_path / "home").mkdir()
    env = clean_env(tmp_path / "home", PATH=f"{BINARY.parent}:{NODE_JS.parent}:{os.environ['PATH']}")
    shell = Shell(tmp_path, env)
    try:
        for number, (command, expected) in enumerate(found):
            wrong = shell.step(number, command, expected)
            assert wrong is None, wrong
    finally:
        shell.close()


def test_the_runner_can_fail(tmp_path):
    shell = Shell(tmp_path, clean_env(tmp_path))
    try:
        assert shell.step(0, "echo one; echo two and three", ["one", "two ... three"]) is None
        assert shell.step(1, "echo one", ["two"])
        assert shell.step(2, "echo two; echo one", ["one", "two"]), "in this order"
        assert shell.step(3, "false", [])
        assert shell.step(4, "(echo late; cat) &", ["late"]) is None
    finally:
        shell.close()
