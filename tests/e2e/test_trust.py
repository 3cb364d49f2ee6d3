"""ca trust and ca untrust: real Chromium, real Firefox, and the system's store inside a mount namespace of its own."""
import datetime
import ipaddress
import os
import re
import shlex
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from conftest import openssl
from harness import BINARY, NODE_JS, clean_env, transom, wait_for
from marionette import Firefox, make_profile
from marionette import PageError as FirefoxError
from webdriver import Chromium, PageError

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)


def make_root(path, name="Own Root", key=None, begin=-1, end=30, authority=True, signer=None, more=b"", limits=None):
    """Writes a certificate, by default a root without constraints; returns its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody Else")]) if signer else subject
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(NOW + begin * DAY)
               .not_valid_after(NOW + end * DAY)
               .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if limits:
        builder = builder.add_extension(limits, critical=True)
    certificate = builder.sign(signer or key, hashes.SHA256())
    path.write_bytes(more + certificate.public_bytes(serialization.Encoding.PEM))
    return key


def fingerprint(path):
    text = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", path, text=True).stdout
    return text.strip().partition("=")[2]


@pytest.fixture(scope="session")
def own_root(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "root.pem"
    make_root(path)
    return path


def nss(directory, *arguments):
    done = subprocess.run(["certutil", arguments[0], "-d", f"sql:{directory}", *map(str, arguments[1:])], text=True,
                          capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_store(directory):
    directory.mkdir(parents=True)
    nss(directory, "-N", "--empty-password")
    return directory


def run(command, *arguments, home, code=0, **more):
    """`transom ca trust` or `untrust` under a home; returns what it printed."""
    done = transom("ca", command, *arguments, env=clean_env(home, **more.pop("env", {})), **more)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


# ---- browsers

@pytest.mark.browser
def test_chromium_refuses_shows_and_refuses_again(default_node, tmp_path):
    def shows():
        with Chromium(tmp_path) as browser:
            try:
                browser.open(f"https://localhost:{default_node.port}/")
                return True
            except PageError as error:
                assert "ERR_CERT_AUTHORITY_INVALID" in str(error)
                return False

    assert not shows()
    assert "trusts it now" in run("trust", "--ca", default_node.ca, "--store", "chromium", home=tmp_path)
    assert shows()
    assert "does not trust it any more" in run("untrust", "--ca", default_node.ca, "--store", "chromium", home=tmp_path)
    assert not shows()


@pytest.mark.browser
def test_firefox_refuses_shows_and_refuses_again(default_node, tmp_path):
    """Firefox makes the profile itself, wherever it does so today; the page does its round trip over wss."""
    profile = make_profile(tmp_path)

    def shows():
        with Firefox(tmp_path, profile) as browser:
            try:
                browser.open(f"https://localhost:{default_node.port}/")
            except FirefoxError as error:
                assert "insecure certificate" in str(error)
                return False
            wait_for(lambda: browser.run("return document.body.dataset.wamp") == "ok", "the page's round trip", 20)
            return True

    assert not shows()
    printed = run("trust", "--store", "firefox", home=tmp_path, cwd=default_node.base)
    assert f"Firefox, {profile}:\n  running: certutil -A -d sql:{profile} -t C,, -n " in printed
    assert shows()
    assert "does not trust it any more" in run("untrust", "--store", "firefox", home=tmp_path, cwd=default_node.base)
    assert not shows()


def test_profiles_of_firefox_wherever_they_are(own_root, tmp_path):
    home = tmp_path / "home"
    stores = [home / ".mozilla/firefox/abc.default", home / ".config/mozilla/firefox/x y.default",
              home / "snap/firefox/common/.mozilla/firefox/snap.default",
              home / ".var/app/org.mozilla.firefox/.mozilla/firefox/flat.default", tmp_path / "elsewhere"]
    for store in stores:
        make_store(store)
    (home / ".mozilla/firefox/Crash Reports").mkdir()
    (home / ".mozilla/firefox/profiles.ini").write_text(
        f"[Profile1]\nIsRelative=1\nPath=abc.default\n\n[Profile0]\nIsRelative=0\nPath={tmp_path}/elsewhere\n"
        "[Profile2]\nIsRelative=1\nPath=../../gone\n")
    printed = run("trust", "--ca", own_root, "--store", "firefox", home=home)
    assert printed.count("trusts it now") == len(stores)
    for store in stores:
        assert re.search(r"Own Root \(SHA-256 [0-9A-F]{16}\)", nss(store, "-L")), store
    assert run("untrust", "--ca", own_root, "--store", "firefox", home=home).count("any more") == len(stores)
    for store in stores:
        assert "Own Root" not in nss(store, "-L")


def test_every_store_of_chromium(own_root, tmp_path):
    stores = [tmp_path / ".pki/nssdb", tmp_path / ".local/share/pki/nssdb", tmp_path / "snap/chromium/7/.pki/nssdb"]
    for store in stores:
        make_store(store)
    (tmp_path / "snap/chromium/current").symlink_to("7")
    assert run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path).count("trusts it now") == len(stores)


# ---- what a store of browsers holds afterwards

def test_twice_is_once_and_a_dry_run_changes_nothing(own_root, tmp_path):
    both = ("--ca", own_root, "--store", "chromium")
    printed = run("trust", *both, "--dry-run", home=tmp_path)
    assert "would run: certutil -A" in printed and "running:" not in printed
    assert not list(tmp_path.iterdir())
    assert "running: certutil -N" in run("trust", *both, home=tmp_path)
    listed = nss(tmp_path / ".pki/nssdb", "-L")
    again = run("trust", *both, home=tmp_path)
    assert "trusts it already" in again and "running:" not in again
    assert "would run: certutil -D" in run("untrust", *both, "--dry-run", home=tmp_path)
    assert nss(tmp_path / ".pki/nssdb", "-L") == listed
    assert "running: certutil -D" in run("untrust", *both, home=tmp_path)
    again = run("untrust", *both, home=tmp_path)
    assert "does not have it" in again and "running:" not in again


def test_another_authority_of_the_same_name_stays(own_root, tmp_path):
    make_root(tmp_path / "other.pem")
    for path in (own_root, tmp_path / "other.pem"):
        run("trust", "--ca", path, "--store", "chromium", home=tmp_path)
    run("untrust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    store = tmp_path / ".pki/nssdb"
    short = fingerprint(tmp_path / "other.pem").replace(":", "")[:16]
    assert re.findall(r"Own Root \(SHA-256 (\w+)\)", nss(store, "-L")) == [short]
    assert "trusts it already" in run("trust", "--ca", tmp_path / "other.pem", "--store", "chromium", home=tmp_path)


def test_found_by_what_it_is_not_by_its_nickname(own_root, tmp_path):
    store = make_store(tmp_path / ".pki/nssdb")
    nss(store, "-A", "-t", "C,,", "-n", "imported by hand", "-i", own_root)
    assert "trusts it already" in run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    nss(store, "-M", "-t", ",,", "-n", "imported by hand")
    assert "trusts it now" in run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    run("untrust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    assert "by hand" not in nss(store, "-L")


def test_a_nickname_alone_proves_nothing(own_root, tmp_path):
    store = make_store(tmp_path / ".pki/nssdb")
    make_root(tmp_path / "other.pem", name="Another")
    nickname = f"Fake (SHA-256 {fingerprint(own_root).replace(':', '')[:16]})"
    nss(store, "-A", "-t", "C,,", "-n", nickname, "-i", tmp_path / "other.pem")
    assert "does not have it" in run("untrust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    assert nickname in nss(store, "-L")
    assert "trusts it now" in run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path)


def test_two_of_one_subject_under_one_nickname_are_left_and_told(own_root, tmp_path):
    store = make_store(tmp_path / ".pki/nssdb")
    make_root(tmp_path / "other.pem")
    for path in (own_root, tmp_path / "other.pem"):
        nss(store, "-A", "-t", "C,,", "-n", "twins", "-i", path)
    for path in (own_root, tmp_path / "other.pem"):
        printed = run("untrust", "--ca", path, "--store", "chromium", home=tmp_path, code=1)
        assert re.search(r"left: it has this authority and another one of the same subject.*certutil -D .* -n twins", printed)
    assert nss(store, "-L").count("twins") == 2


def test_what_was_judged_is_what_goes_in(tmp_path):
    """What stands around the certificate in the file reaches no store, and whoever changes it meanwhile changes nothing."""
    make_root(tmp_path / "root.pem", more=b"Bag Attributes: whatever\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    real = shutil.which("certutil")
    tools.joinpath("certutil").write_text(f'#!/bin/sh\n[ "$1" = -A ] && : > {tmp_path}/root.pem\nexec {real} "$@"\n')
    tools.joinpath("certutil").chmod(0o755)
    expected = fingerprint(tmp_path / "root.pem")
    printed = run("trust", "--ca", tmp_path / "root.pem", "--store", "chromium", home=tmp_path,
                  env={"PATH": f"{tools}:{os.environ['PATH']}"})
    assert "trusts it now" in printed and not (tmp_path / "root.pem").read_bytes()
    assert expected.replace(":", "")[:16] in nss(tmp_path / ".pki/nssdb", "-L")


def test_without_its_file(own_root, tmp_path):
    run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path)
    printed = run("untrust", "--fingerprint", fingerprint(own_root).lower(), "--store", "chromium", home=tmp_path)
    assert "does not trust it any more" in printed
    assert "64 hexadecimal digits" in run("untrust", "--fingerprint", "12:34", home=tmp_path, code=1)
    assert "exclude each other" in run("untrust", "--fingerprint", "12", "--ca", own_root, home=tmp_path, code=2)


# ---- what is said

def test_fingerprint_scope_and_warning(default_node, own_root, tmp_path):
    printed = run("trust", "--store", "chromium", "--dry-run", home=tmp_path, cwd=default_node.base)
    assert f"SHA-256:     {fingerprint(default_node.ca)}\n" in printed
    assert "Vouches for: localhost, 127.0.0.0/8, ::1\n" in printed and "WARNING" not in printed
    assert fingerprint(default_node.ca) in default_node.node.log(), "start shows the same to compare"
    printed = run("trust", "--ca", own_root, "--store", "chromium", "--dry-run", home=tmp_path)
    assert "Vouches for: any host name, any IP address\n" in printed and printed.count("WARNING") == 1


NETWORK = x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))
NO_ADDRESS = [x509.IPAddress(ipaddress.ip_network(text)) for text in ("0.0.0.0/0", "::/0")]
DOMAIN = x509.DNSName("example.com")


@pytest.mark.parametrize("permitted, excluded, scope, warned", [
    ([DOMAIN], NO_ADDRESS, "example.com", False),
    ([DOMAIN, NETWORK], None, "example.com, 10.0.0.0/8", False),
    ([DOMAIN], NO_ADDRESS[:1], "any IP address, example.com", True),
    ([NETWORK], None, "any host name, 10.0.0.0/8", True),
    (None, [DOMAIN], "any host name, any IP address", True),
    ([x509.DNSName(""), *NO_ADDRESS], None, "any host name, any IP address", True),
    ([DOMAIN, NO_ADDRESS[1]], None, "any IP address, example.com", True),
    ([DOMAIN, *(x509.IPAddress(ipaddress.ip_network(half)) for half in ("0.0.0.0/1", "128.0.0.0/1"))], None,
     "any IP address, example.com", True),
    ([x509.DNSName("a\x1b[2Jb"), NETWORK], None, "a?[2Jb, 10.0.0.0/8", False),
])
def test_scope(tmp_path, permitted, excluded, scope, warned):
    make_root(tmp_path / "root.pem", limits=x509.NameConstraints(permitted, excluded))
    printed = run("trust", "--ca", tmp_path / "root.pem", "--how", home=tmp_path)
    assert re.search(rf"Vouches for: {re.escape(scope)}[\n,]", printed) and ("WARNING" in printed) == warned, printed


def test_stores_are_named(own_root, tmp_path):
    assert 'did you mean "firefox"?' in run("trust", "--ca", own_root, "--store", "system,firefix", home=tmp_path, code=2)
    assert "Firefox: no profile here" in run("trust", "--ca", own_root, "--store", "firefox", home=tmp_path, code=1)
    assert "Firefox: no profile here" in run("untrust", "--ca", own_root, "--store", "firefox", home=tmp_path)


def test_what_cannot_be_read_is_left_and_said(own_root, tmp_path):
    home = tmp_path / "home"
    store = make_store(home / ".pki/nssdb")
    for command in ("trust", "untrust"):
        printed = run(command, "--ca", own_root, "--store", "chromium", home=home, code=1, env={"PATH": tmp_path})
        assert "left: there is no certutil on this machine; install it: sudo apt install libnss3-tools" in printed
    (store / "cert9.db").write_text("no database")
    for command in ("trust", "untrust"):
        printed = run(command, "--ca", own_root, "--store", "chromium", home=home, code=1)
        assert "left: certutil cannot read it: " in printed


def test_a_home_of_another_user(own_root, tmp_path):
    make_store(tmp_path / ".pki/nssdb")
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory to another user")
    os.chown(tmp_path / ".pki/nssdb", 65534, 65534)
    printed = run("trust", "--ca", own_root, "--store", "chromium", home=tmp_path, code=1)
    assert "belongs to another user; run this as that user, without sudo" in printed


def bad_authorities(base):
    """(file, what the refusal says) of everything that nobody should trust."""
    key = make_root(base / "good.pem")
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    make_root(base / "leaf.pem", authority=False)
    make_root(base / "intermediate.pem", signer=key)
    make_root(base / "expired.pem", begin=-30, end=-1)
    make_root(base / "future.pem", begin=2)
    make_root(base / "weak.pem", key=rsa.generate_private_key(65537, 1024))
    make_root(base / "withkey.pem", more=secret)
    (base / "two.pem").write_bytes((base / "good.pem").read_bytes() * 2)
    hidden = openssl("x509", "-in", base / "good.pem", "-trustout").stdout
    (base / "hidden.pem").write_bytes((base / "good.pem").read_bytes() + hidden)
    (base / "garbage.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (base / "empty.pem").write_bytes(b"")
    der = bytearray(openssl("x509", "-in", base / "good.pem", "-outform", "DER").stdout)
    der[-1] ^= 1
    (base / "forged.pem").write_bytes(openssl("x509", "-inform", "DER", input=bytes(der)).stdout)
    return [("leaf", "no certificate of an authority"), ("intermediate", 'issued by "CN=Somebody Else"; trust that root'),
            ("expired", "has expired"), ("future", "not valid yet"), ("weak", r"its key \(RSA 1024\) is too weak"),
            ("withkey", "there is a private key in this file"), ("two", "there are 2 certificates"),
            ("hidden", 'besides the root certificate there is a block "TRUSTED CERTIFICATE"'), ("garbage", "garbage.pem"),
            ("empty", "empty.pem"), ("forged", "signature is wrong"), ("missing", "No such file")]


def test_refusals(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name, reason in bad_authorities(tmp_path):
        # A store is named so that a fault here does not reach that of this machine.
        printed = run("trust", "--ca", tmp_path / f"{name}.pem", "--store", "chromium", home=home, code=1)
        assert re.search(reason, printed), printed
        assert "running" not in printed and printed.count("\n") == 1, printed
    assert not list(home.iterdir())
    assert "there is no local CA" in run("trust", home=home, cwd=home, code=1)


def test_what_has_expired_can_be_taken_out(tmp_path):
    make_root(tmp_path / "expired.pem", begin=-30, end=-1)
    store = make_store(tmp_path / ".pki/nssdb")
    nss(store, "-A", "-t", "C,,", "-n", "old", "-i", tmp_path / "expired.pem")
    run("untrust", "--ca", tmp_path / "expired.pem", "--store", "chromium", home=tmp_path)
    assert "old" not in nss(store, "-L")


def test_the_advice_for_programs_is_right(default_node, tmp_path):
    """Those lines of --how that this machine has a program for, run as they stand."""
    printed = run("trust", "--how", home=tmp_path, cwd=default_node.base)
    assert "certutil -addstore -f Root transom-" in printed and "running:" not in printed
    sha1 = openssl("x509", "-noout", "-fingerprint", "-sha1", "-in", default_node.ca, text=True).stdout.partition("=")[2]
    assert f"thumbprint (SHA-1): {sha1}" in printed
    url = f"https://localhost:{default_node.port}/"
    node_code = f"fetch({url!r}).then(answer => console.log(answer.status))"
    python_code = f"import urllib.request as u; print(u.build_opener(u.ProxyHandler({{}})).open({url!r}).status)"
    for start, replacements in (
            (r"NODE_EXTRA_CA_CERTS=.* node PROGRAM", {" node PROGRAM": f" {NODE_JS} -e {shlex.quote(node_code)}"}),
            (r"curl --cacert .* URL", {"URL": f"--noproxy '*' -so /dev/null -w '%{{http_code}}' {url}"}),
            (r"SSL_CERT_FILE=.* PROGRAM", {"python3 PROGRAM": f"/usr/bin/python3 -c {shlex.quote(python_code)}"})):
        line = re.search(start, printed).group()
        for old, new in replacements.items():
            line = line.replace(old, new)
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=clean_env(tmp_path), timeout=60)
        assert done.stdout.strip() == "200", line + done.stdout + done.stderr
    gone = run("untrust", "--how", home=tmp_path, cwd=default_node.base)
    assert "certutil -delstore Root " + sha1.strip().replace(":", "") in gone


# ---- the system's store, in a mount namespace: nothing outside of it changes

NAMESPACE = """set -e
mount -t tmpfs none "$SCRATCH"
for place in /etc /usr/local; do
  mkdir -p "$SCRATCH$place/upper" "$SCRATCH$place/work"
  mount -t overlay overlay -o "lowerdir=$place,upperdir=$SCRATCH$place/upper,workdir=$SCRATCH$place/work" "$place"
done
set +e
"""


def unshare():
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


@pytest.fixture(scope="session")
def inside(tmp_path_factory):
    """Runs a script where /etc and /usr/local are copies that vanish; returns what it prints."""
    scratch = tmp_path_factory.mktemp("scratch")
    home = tmp_path_factory.mktemp("home")
    env = clean_env(home, SCRATCH=scratch, TRANSOM=BINARY)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "SUDO_USER"):
        env.pop(name, None)

    def run_inside(script, **more):
        done = subprocess.run([*unshare(), "bash", "-c", NAMESPACE + script], env={**env, **more}, text=True,
                              capture_output=True, timeout=60)
        return done.stdout + done.stderr

    if "ready" not in run_inside("echo ready"):
        pytest.skip("no mount namespace with an overlay of /etc can be had here (containers often forbid it)")
    return run_inside


def listing(directory):
    return sorted((name, os.lstat(os.path.join(directory, name)).st_mtime) for name in os.listdir(directory))


def test_debian_curl_refuses_takes_and_refuses_again(default_node, inside):
    if not shutil.which("update-ca-certificates", path="/usr/sbin:/usr/bin"):
        pytest.skip("update-ca-certificates is not here (Debian's ca-certificates)")
    places = ("/etc/ssl/certs", "/usr/local/share/ca-certificates")
    before = [listing(place) for place in places]
    printed = inside(f"""
      ask() {{ curl --noproxy '*' -so /dev/null -w "curl %{{exitcode}}\\n" https://localhost:{default_node.port}/; }}
      ca() {{ "$TRANSOM" ca "$@" --store system --ca {shlex.quote(str(default_node.ca))}; echo "code $?"; }}
      ls /etc/ssl/certs > $SCRATCH/names
      ask; ca trust; ask; ca trust; ca untrust; ask; ca untrust
      ls /etc/ssl/certs | diff $SCRATCH/names - && echo as before
      ls /usr/local/share/ca-certificates | grep transom""")
    steps = re.findall(r"^ *(curl \d+|code \d|running: \S+|trusts .*|does not .*|as before|transom-.*)", printed, re.M)
    assert steps == ["curl 60", "running: install", "running: /usr/sbin/update-ca-certificates", "trusts it now", "code 0",
                     "curl 0", "trusts it already", "code 0", "running: rm",
                     "running: /usr/sbin/update-ca-certificates", "does not trust it any more", "code 0", "curl 60", "does not have it", "code 0", "as before"], printed
    assert [listing(place) for place in places] == before, "the real store was touched"


def test_debian_a_copy_that_its_program_does_not_read(own_root, inside):
    if not shutil.which("update-ca-certificates", path="/usr/sbin:/usr/bin"):
        pytest.skip("update-ca-certificates is not here (Debian's ca-certificates)")
    printed = inside(f"""
      cp {shlex.quote(str(own_root))} /usr/local/share/ca-certificates/root.pem
      for command in trust untrust; do "$TRANSOM" ca $command --store system --ca {shlex.quote(str(own_root))}; done
      ls /usr/local/share/ca-certificates""")
    assert "trusts it now" in printed and "does not trust it any more" in printed, printed
    assert not re.search(r"^(root\.pem|transom-.*)$", printed, re.M), printed


FAMILIES = {
    "Fedora": ("/etc/pki/ca-trust/source/anchors", "/etc/pki/tls/certs/ca-bundle.crt", "update-ca-trust", "extract"),
    "Arch": ("/etc/ca-certificates/trust-source/anchors", "/etc/ssl/certs/ca-certificates.crt", "trust", "extract-compat"),
}


def stand_in(family):
    """Script: the directories of a family of systems, and a program that makes the bundle out of the directory's files."""
    directory, bundle, program, argument = FAMILIES[family]
    return f"""
      mkdir -p {directory} $(dirname {bundle}) /usr/local/bin; : > {bundle}
      printf '#!/bin/sh\\n[ "$1" = {argument} ] && cat /dev/null {directory}/* > {bundle}; exit 0\\n' > /usr/local/bin/{program}
      chmod 755 /usr/local/bin/{program}; PATH=/usr/local/bin:$PATH
      """


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families(family, own_root, inside):
    directory, _, program, argument = FAMILIES[family]
    printed = inside(stand_in(family) + f"""
      for command in trust trust untrust untrust; do
        "$TRANSOM" ca $command --store system --ca {shlex.quote(str(own_root))}; echo "code $?"; ls {directory}
      done""")
    name = "transom-" + fingerprint(own_root).replace(":", "").lower()[:16] + ".crt"
    assert printed.count("code 0") == 4 and printed.count(f"\n{name}\n") == 2, printed
    assert f"system, {directory}:\n  running: install -m 0644 /dev/stdin {directory}/{name} < {own_root}\n" in printed
    assert f"running: /usr/local/bin/{program} {argument}\n  trusts it now" in printed
    assert "trusts it already" in printed and "does not trust it any more" in printed and "does not have it" in printed


def test_a_failing_program_is_told(own_root, inside):
    printed = inside(stand_in("Fedora") + f"""
      printf '#!/bin/sh\\necho the disk is full; exit 3\\n' > /usr/local/bin/update-ca-trust
      "$TRANSOM" ca trust --store system --ca {shlex.quote(str(own_root))}; echo "code $?" """)
    assert "the disk is full\n  this failed; nothing more was done here" in printed and "code 1" in printed, printed


def test_found_in_the_system_under_another_name(own_root, inside):
    directory = FAMILIES["Fedora"][0]
    printed = inside(stand_in("Fedora") + f"""
      install -m 644 {shlex.quote(str(own_root))} {directory}/by-hand.crt; update-ca-trust extract
      for command in trust untrust; do "$TRANSOM" ca $command --store system --ca {shlex.quote(str(own_root))}; done""")
    assert "trusts it already" in printed, printed
    assert f"running: rm -f {directory}/by-hand.crt" in printed
    assert "does not trust it any more" in printed


def test_who_is_not_root_gets_the_sudo_line_and_the_rest(own_root, tmp_path):
    user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if subprocess.run([*user, "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespace can be had here")
    done = subprocess.run([*user, BINARY, "ca", "trust", "--ca", own_root], env=clean_env(tmp_path), text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1, done.stdout
    line = shlex.join(["sudo", str(BINARY), "ca", "trust", "--ca", str(own_root), "--store", "system"])
    assert f"  left: only root may change it; run: {line}\n" in done.stdout
    assert re.search(r"Chromium, .*(\n  running.*)+\n  trusts it now", done.stdout), done.stdout


def test_under_sudo_the_system_alone(own_root, inside):
    ca_trust = f'"$TRANSOM" ca trust --ca {shlex.quote(str(own_root))}; echo "code $?"'
    printed = inside(stand_in("Arch") + ca_trust, SUDO_USER="you")
    assert "Under sudo this is about the system's store only" in printed and "code 0" in printed
    assert "Chromium" not in printed
