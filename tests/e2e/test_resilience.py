"""Slow, gone and unwelcome clients do not hurt the others."""
import contextlib
import socket
import time

import pytest

import harness
from harness import Node, free_port, has_ipv6_loopback, router_config, tcp, wait_for, websocket_node, write_config
from rawws import CALL, EVENT, INVOCATION, PUBLISH, RESULT, TEXT, YIELD, Closed, Wamp, WebSocket, connect, http

MIB = b"x" * (1 << 20)
pytestmark = pytest.mark.alone


@pytest.mark.heavy
@pytest.mark.parametrize("over_tls", [False, True])
def test_a_slow_reader_is_closed_and_the_others_go_on(shared, over_tls):
    """One subscriber stops reading while megabytes are published: it is closed with a logged reason, memory stays
    bounded, and the healthy subscriber gets every event in order."""
    from rawws import trusting
    tls = trusting(shared.ca) if over_tls else None
    address = shared.tls if over_tls else shared.web
    topic = f"com.slow.reader.{over_tls}"
    before, log = shared.node.rss_kib(), len(shared.node.log())
    with Wamp(shared.web, serializer="cbor").join() as publisher, Wamp(shared.plain, serializer="cbor").join() as healthy, \
            Wamp(address, serializer="cbor", tls=tls, receive_buffer=65536).join() as slow:
        healthy.subscribe(topic)
        slow.subscribe(topic)
        peak, closed_at = before, None
        for number in range(600):
            publisher.publish(topic, number, MIB)
            event = healthy.recv()
            assert event[0] == EVENT and event[4][0] == number and len(event[4][1]) == len(MIB)
            peak = max(peak, shared.node.rss_kib())
            if "slow_consumer" in shared.node.log()[log:]:
                closed_at = number
                break
        assert closed_at is not None, "600 MiB were queued for a client that does not read"
        assert peak - before < 300 << 10, f"the node grew by {peak - before} KiB"
        publisher.publish(topic, "after")
        assert healthy.recv()[4] == ["after"]
        # What the slow one still reads is whole and in order, then the end.
        expected = 0
        with contextlib.suppress(Closed):
            while True:
                message = slow.recv()
                if message[0] == EVENT:
                    assert message[4][0] == expected, "no silent gap"
                    expected += 1
        assert expected <= closed_at + 1


@pytest.mark.heavy
def test_who_does_not_read_answers_stops_being_read(shared):
    """A client that sends requests and never reads the replies is throttled or closed; memory stays bounded."""
    before = shared.node.rss_kib()
    with Wamp(shared.web, receive_buffer=8192).join() as greedy:
        greedy.sock.settimeout(2)
        frame = b"".join(greedy.frame(TEXT, b'[48,%d,{},"com.nobody.home.%s"]' % (n, b"x" * 500)) for n in range(1, 2001))
        sent = 0
        with contextlib.suppress(OSError):
            for _ in range(200):
                greedy.send_raw(frame)
                sent += len(frame)
        assert shared.node.rss_kib() - before < 200 << 10
    with Wamp(shared.web).join() as other:
        other.sync()


def test_resets_leave_nothing(shared):
    """RST in every state: registrations are free again, descriptors go back."""
    import struct
    files = shared.node.open_files()
    for state in ("connected", "upgraded", "joined", "calling"):
        for _ in range(10):
            if state == "connected":
                sock = connect(shared.web)
            else:
                peer = WebSocket(shared.web) if state == "upgraded" else Wamp(shared.web).join()
                if state == "calling":
                    peer.register("com.reset.procedure")
                    peer.ask(CALL, {}, "com.reset.procedure")
                    peer.expect(INVOCATION)
                sock = peer.sock
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            if state == "calling":
                # Everything of a lost session is released at once.
                def free_again():
                    with Wamp(shared.web).join() as probe:
                        return probe.ask(64, {}, "com.reset.procedure", answer=65)[0] == 65
                wait_for(free_again, "the registration to be released")
    wait_for(lambda: shared.node.open_files() <= files, "the descriptors to be closed")


def test_a_busy_session_does_not_block_the_others(shared):
    """A client that pumps messages into a session leaves the round trips of others short."""
    with Wamp(shared.web).join() as pump, Wamp(shared.plain).join() as callee, Wamp(shared.plain).join() as caller:
        callee.register("com.fair.echo")
        burst = b"".join(pump.frame(TEXT, b'[16,%d,{},"com.fair.noise",["%s"]]' % (n, b"x" * 1000)) for n in range(1, 2001))
        pump.send_raw(burst)
        worst = 0
        for number in range(50):
            began = time.monotonic()
            caller.ask(CALL, {}, "com.fair.echo", [number])
            invocation = callee.expect(INVOCATION)
            callee.send([YIELD, invocation[1], {}, [number]])
            caller.expect(RESULT)
            worst = max(worst, time.monotonic() - began)
        assert worst < 1.0 * harness.PATIENCE, f"a round trip took {worst:.3f} s"


@pytest.mark.heavy
@pytest.mark.skipif(harness.SANITIZED, reason="UBSan itself needs descriptors, to look whether an object's memory can be read")
def test_out_of_descriptors(tmp_path):
    """EMFILE: those who are in go on, the node does not spin, and it accepts again when there is room."""
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port, backlog=512)}]))
    node = Node(["--cbdir", cbdir, "--cores", "1"], tmp_path, [port], prefix=["prlimit", "--nofile=64:64"])
    with node, Wamp(port).join() as member:
        crowd = []
        for _ in range(150):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            crowd.append(sock)
        wait_for(lambda: node.open_files() >= 60, "the node to run out of descriptors")
        member.sync()
        began, used = time.monotonic(), node.cpu_seconds()
        while time.monotonic() - began < 1:
            member.sync()
            time.sleep(0.1)  # The time itself is what is measured here.
        assert node.cpu_seconds() - used < 0.5, "the node spins"
        for sock in crowd:
            sock.close()
        with wait_for(lambda: _try_join(port), "the node to accept again") as late:
            late.sync()


def _try_join(port):
    try:
        return Wamp(port).join()
    except (OSError, Closed):
        return None


@pytest.mark.heavy
def test_a_thousand_sessions_come_and_go(shared):
    """Memory and descriptors of sessions come back."""
    files = shared.node.open_files()

    def wave():
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(Wamp(shared.plain).join()) for _ in range(500)]
            for peer in peers:
                peer.subscribe("com.wave.topic")
            with Wamp(shared.web).join() as publisher:
                publisher.publish("com.wave.topic", 1)
            for peer in peers:
                peer.expect(EVENT)
    wave()
    wait_for(lambda: shared.node.open_files() <= files, "the sockets of the first wave to close")
    first = shared.node.rss_kib()
    wave()
    wait_for(lambda: shared.node.open_files() <= files, "the sockets of the second wave to close")
    assert shared.node.rss_kib() - first < 4096 * (8 if harness.SANITIZED else 1)


def test_a_cap_on_those_who_are_not_in_yet(tmp_path):
    """Sockets that never say HELLO cannot crowd out those that do."""
    with websocket_node(tmp_path, port := free_port()) as node, contextlib.ExitStack() as stack:
        for _ in range(600):
            try:
                stack.enter_context(connect(port, timeout=2))
            except OSError:
                break
        with Wamp(port).join() as peer:
            peer.sync()
        assert node.process.poll() is None


def test_two_workers_with_realm1_are_two_realms(tmp_path):
    first, second = free_port(), free_port()
    worker = router_config([{"type": "websocket", "endpoint": tcp(first)}])["workers"][0]
    other = router_config([{"type": "websocket", "endpoint": tcp(second)}])["workers"][0]
    cbdir = write_config(tmp_path, {"version": 2, "workers": [worker, other]})
    with Node(["--cbdir", cbdir], tmp_path, [first, second]):
        with Wamp(first).join() as here, Wamp(second).join() as there, Wamp(second).join() as neighbour:
            for peer in (here, there):
                peer.subscribe("com.workers.topic")
            here.register("com.workers.procedure")
            neighbour.publish("com.workers.topic", 1)
            there.expect(EVENT)
            here.sync()
            assert here.held == []
            assert neighbour.call("com.workers.procedure")[4] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_across_cores(tmp_path, cores):
    """The same conversation whatever the number of cores: order, exclusion, calls both ways."""
    port = free_port()
    cbdir = write_config(tmp_path, router_config([{"type": "websocket", "endpoint": tcp(port)}]))
    with Node(["--cbdir", cbdir, "--cores", cores], tmp_path, [port]), contextlib.ExitStack() as stack:
        peers = [stack.enter_context(Wamp(port).join()) for _ in range(6)]
        for index, peer in enumerate(peers):
            peer.subscribe("com.cores.topic")
            peer.register(f"com.cores.p{index}")
        for sender in peers:
            for number in range(30):
                sender.send([PUBLISH, sender.request(), {}, "com.cores.topic", [sender.session, number]])
        for receiver in peers:
            seen = {}
            for _ in range(30 * (len(peers) - 1)):
                who, number = receiver.recv_until(EVENT)[4]
                assert who != receiver.session and seen.get(who, -1) == number - 1
                seen[who] = number
        for index, callee in enumerate(peers):
            for caller in peers:
                caller.ask(CALL, {}, f"com.cores.p{index}", [caller.session])
                invocation = callee.recv_until(INVOCATION)
                callee.send([YIELD, invocation[1], {}, invocation[4]])
                assert caller.recv_until(RESULT)[3] == [caller.session]


def test_ipv6_and_dual_stack(tmp_path):
    if not has_ipv6_loopback():
        pytest.skip("no IPv6 loopback here")
    six, both = free_port(), free_port()
    cbdir = write_config(tmp_path, router_config([
        {"type": "websocket", "endpoint": {"type": "tcp", "version": 6, "interface": "::1", "port": six}},
        {"type": "websocket", "endpoint": {"type": "tcp", "version": 6, "interface": "::", "port": both}}]))
    with Node(["--cbdir", cbdir], tmp_path, [("::1", six), ("::1", both)]):
        with Wamp(("::1", six)).join() as one, Wamp(("::1", both)).join() as two:
            one.subscribe("com.six")
            two.publish("com.six", 1)
            one.expect(EVENT)
        assert not harness.accepts(six)


def test_the_log_cannot_be_forged(shared):
    """Control characters of a client never start a line of the log."""
    before = len(shared.node.log())
    with Wamp(shared.web) as peer:
        peer.hello("evil\n2026-01-01 forged line\x1b[31m")
        peer.wait_closed()
    http(shared.web, "GET /%0aforged%20line HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    new = shared.node.log()[before:]
    assert "\x1b" not in new and not any(line.startswith(("2026-01-01 forged", "forged")) for line in new.splitlines())


def test_errors_of_clients_are_no_errors_of_ours(shared):
    assert "internal_error" not in shared.node.log()
