"""Chromium and the default page: refused before the CA is trusted, a live round trip after."""
import subprocess

import pytest

from harness import clean_env, transom, wait_for
from test_default_node import Impostor, stolen  # noqa: F401  (a fixture)
from webdriver import Chromium, PageError

pytestmark = pytest.mark.browser


def trust(default_node, home):
    done = transom("ca", "trust", "--store", "chromium", cwd=default_node.base, env=clean_env(home))
    assert done.returncode == 0, done.stdout + done.stderr
    # Where Chromium keeps its store depends on which of the two exists; each test shows that it found it.
    stores = [path for path in (home / ".pki" / "nssdb", home / ".local" / "share" / "pki" / "nssdb") if path.is_dir()]
    listed = [subprocess.run(["certutil", "-d", f"sql:{store}", "-L"], capture_output=True, text=True, check=True).stdout
              for store in stores]
    assert any("transom" in text.lower() for text in listed), listed


def test_trust_reaches_the_store_that_chromium_made(default_node, tmp_path):
    """A Chromium that ran before has made ~/.local/share/pki/nssdb: trusting must reach it, too."""
    with Chromium(tmp_path) as browser:
        browser.open("about:blank")
    trust(default_node, tmp_path)
    with Chromium(tmp_path) as browser:
        browser.open(f"https://localhost:{default_node.port}/")


def test_refused_before_trust(default_node, tmp_path):
    with Chromium(tmp_path) as browser:
        with pytest.raises(PageError, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.open(f"https://localhost:{default_node.port}/")


def test_the_page_shows_its_live_round_trip(default_node, tmp_path):
    """<body data-wamp="ok"> is set by the page once an event and a call have made their way through the router."""
    trust(default_node, tmp_path)
    with Chromium(tmp_path) as browser:
        for host in ("localhost", "127.0.0.1"):
            browser.open(f"https://{host}:{default_node.port}/")
            wait_for(lambda: browser.run("return document.body.dataset.wamp") == "ok",
                     f"the page's round trip; it says {browser.run('return document.body.innerText')!r}", 20)
        loaded = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
        assert all(name.startswith("https://127.0.0.1:") for name in loaded), loaded


def test_trust_twice_and_under_a_fresh_home(default_node, tmp_path):
    trust(default_node, tmp_path)
    trust(default_node, tmp_path)


def test_chromium_refuses_other_names(default_node, stolen, tmp_path):  # noqa: F811
    trust(default_node, tmp_path)
    with Impostor(stolen, "localhost") as good, Impostor(stolen, "example.com") as bad:
        with Chromium(tmp_path, "--host-resolver-rules=MAP example.com 127.0.0.1") as browser:
            browser.open(f"https://localhost:{good.port}/")
            with pytest.raises(PageError, match="ERR_CERT"):
                browser.open(f"https://example.com:{bad.port}/")
