"""Headless Chromium through chromedriver's plain HTTP interface; no library needed."""
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request

from harness import accepts, clean_env, free_port, wait_for

FLAGS = ["--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]


class PageError(Exception):
    """Chromium's own net::ERR_... text, or the driver's."""


class Chromium:
    def __init__(self, home, *flags):
        self.port = free_port()
        self.profile = tempfile.TemporaryDirectory()
        env = clean_env(home)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            env.pop(name, None)
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", "--silent"], env=env,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: accepts(self.port), "chromedriver", 20)
        flags = [*FLAGS, *flags, "--no-proxy-server", f"--user-data-dir={self.profile.name}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": False, "goog:chromeOptions": {"args": flags}}}})["sessionId"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise PageError(json.load(error)["value"]["message"]) from None

    def open(self, url):
        """Loads a page; a certificate that Chromium refuses becomes a PageError with its NET::ERR_... code."""
        self.ask("POST", f"/session/{self.session}/url", {"url": url})
        refused = self.run("return document.querySelector('#error-code, .error-code')?.textContent")
        if refused:
            raise PageError(refused)

    def run(self, script):
        return self.ask("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": []})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait()
            try:
                self.profile.cleanup()
            except OSError:
                pass
