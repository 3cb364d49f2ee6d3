"""Headless Firefox through Marionette, its own remote control: JSON over TCP, each message behind its length and ":"."""
import json
import pathlib
import socket
import subprocess

from harness import clean_env, wait_for

# What would talk to the world, and the port: any that is free.
PREFERENCES = {
    "marionette.port": 0, "datareporting.policy.dataSubmissionEnabled": False, "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore", "services.settings.server": "https://127.0.0.1:1/",
    "extensions.getAddons.cache.enabled": False, "browser.safebrowsing.downloads.remote.enabled": False,
    "network.proxy.type": 0, "toolkit.telemetry.enabled": False, "extensions.update.enabled": False,
}


class PageError(Exception):
    """Firefox's own words, such as "insecure certificate"."""


def make_profile(home, name="default-release"):
    """Has Firefox make a profile below `home`, with its profiles.ini; returns the profile's directory."""
    subprocess.run(["firefox-esr", "--headless", "--CreateProfile", name], env=clean_env(home), check=True,
                   capture_output=True, timeout=60)
    ini = next(pathlib.Path(home).rglob("profiles.ini"))
    profile = next(path for path in ini.parent.iterdir() if path.name.endswith("." + name))
    lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    return profile


class Firefox:
    """One that runs with the profile of `make_profile`."""

    def __init__(self, home, profile, name="default-release"):
        self.count = 0
        port_file = pathlib.Path(profile) / "MarionetteActivePort"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(["firefox-esr", "--headless", "--no-remote", "--marionette", "-P", name],
                                        env=clean_env(home, MOZ_CRASHREPORTER_DISABLE=1), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        port = int(wait_for(lambda: port_file.exists() and port_file.read_text().strip(), "Firefox to listen", 60))
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")
        assert self.receive()["marionetteProtocol"] == 3
        self.ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": False}}})

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            octet = self.stream.read(1)
            assert octet, "Firefox has closed its remote control"
            length += octet
        return json.loads(self.stream.read(int(length[:-1])))

    def ask(self, command, parameters=None):
        self.count += 1
        message = json.dumps([0, self.count, command, parameters or {}]).encode()
        self.stream.write(b"%d:%s" % (len(message), message))
        self.stream.flush()
        kind, number, error, result = self.receive()
        assert (kind, number) == (1, self.count)
        if error:
            raise PageError(f"{error['error']}: {error['message']}")
        return result

    def open(self, url):
        """Loads a page; one that Firefox refuses becomes a PageError."""
        self.ask("WebDriver:Navigate", {"url": url})

    def run(self, script):
        return self.ask("WebDriver:ExecuteScript", {"script": script, "args": []})["value"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("Marionette:Quit", {"flags": ["eForceQuit"]})
            self.process.wait(30)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        finally:
            self.stream.close()
