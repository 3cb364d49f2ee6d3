"""Runs docs/secure-websocket.md as test_readme runs the README's tour; a block fenced as ```json tour=FILE is that file."""
import os
import re

import pytest

from harness import BINARY, NODE_JS, ROOT, clean_env
from test_readme import Shell, steps_of

GUIDE = ROOT / "docs" / "secure-websocket.md"
BLOCK = re.compile(r"^```(?:console (tour)|\w+ tour=(\S+))\n(.*?)^```", re.M | re.S)


@pytest.mark.heavy
def test_the_guide(tmp_path):
    directory, home = tmp_path / "guide", tmp_path / "home"
    directory.mkdir()
    home.mkdir()
    env = clean_env(home, PATH=f"{BINARY.parent}:{NODE_JS.parent}:{os.environ['PATH']}")
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        env.pop(name, None)
    shell, number = Shell(directory, env), 0
    try:
        for tour, file, text in BLOCK.findall(GUIDE.read_text()):
            if file:
                (directory / file).parent.mkdir(parents=True, exist_ok=True)
                (directory / file).write_text(text)
            for command, expected in steps_of(text) if tour else ():
                wrong = shell.step(number, command, expected)
                assert wrong is None, wrong
                number += 1
    finally:
        shell.close()
    assert number > 20, "the guide's blocks were not found"
