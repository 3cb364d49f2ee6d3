"""Clients that nobody here wrote: python3-autobahn, npm autobahn and npm wampy, each serializer, ws and wss."""
import itertools

import pytest

from peers import LIBRARIES, Peer, tag, untag

SERIALIZERS = ["json", "msgpack", "cbor"]
CASES = list(itertools.product(LIBRARIES, SERIALIZERS, ["ws", "wss"]))
_serial = itertools.count()


def url_of(shared, scheme):
    return f"wss://localhost:{shared.tls}/ws" if scheme == "wss" else f"ws://localhost:{shared.web}/ws"


def join(shared, library, serializer, scheme, **more):
    peer = Peer(library, url_of(shared, scheme), serializer=serializer, ca=shared.ca if scheme == "wss" else None, **more)
    assert peer.refused is None, peer.refused
    assert 1 <= peer.session <= 2**53
    return peer


def payload_for(*libraries_and_serializers):
    """A nested payload with all that these clients can carry."""
    octets_work = all(library == "autobahn-python" or serializer in ("msgpack", "cbor")
                      for library, serializer in libraries_and_serializers)
    args = [1, -7, 9007199254740991, 1.5, "grüße ☃ 𝄞", None, True, [], {}, {"deep": [[{"er": [1, [2, [3]]]}]]}]
    return args + [bytes(range(256))] if octets_work else args


@pytest.mark.parametrize("library,serializer,scheme", CASES)
def test_publish_and_call(shared, library, serializer, scheme):
    name = f"com.clients.n{next(_serial)}"
    args = payload_for((library, serializer))
    with join(shared, library, serializer, scheme) as one, join(shared, library, serializer, scheme) as two:
        one.do("subscribe", topic=f"{name}.topic")
        two.do("publish", topic=f"{name}.topic", args=tag(args), kwargs={"key": "value"})
        event = one.next_event(f"{name}.topic")
        assert untag(event["args"]) == args and event["kwargs"] == {"key": "value"}

        one.do("register", procedure=f"{name}.echo")
        one.do("register", procedure=f"{name}.fail", kind="fail")
        assert untag(two.do("call", procedure=f"{name}.echo", args=[tag(args)])["result"]) == args
        failure = two.do("call", procedure=f"{name}.fail", args=[7], kwargs={"why": "asked"})
        assert failure["error"] == "com.test.error.failed"
        assert failure["args"] == [7] and failure["kwargs"] == {"why": "asked"}
        assert two.do("call", procedure=f"{name}.nobody")["error"] == "wamp.error.no_such_procedure"

        one.do("unregister", procedure=f"{name}.echo")
        assert two.do("call", procedure=f"{name}.echo", args=[1])["error"] == "wamp.error.no_such_procedure"
        one.do("unsubscribe", topic=f"{name}.topic")
        two.do("publish", topic=f"{name}.topic", args=["nobody hears this"])
        # A library that is sent an EVENT after UNSUBSCRIBED drops the connection: a last round trip shows it lives.
        one.do("register", procedure=f"{name}.alive")
        assert two.do("call", procedure=f"{name}.alive", args=["yes"])["result"] == "yes"

        goodbye = one.do("leave")["reason"]
        assert goodbye in ("wamp.close.goodbye_and_out", "wamp.error.goodbye_and_out", "closed"), goodbye
        assert two.do("call", procedure=f"{name}.alive")["error"] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_client_offers_by_itself(shared, library):
    """python3-autobahn offers eight subprotocols, cbor.batched first; autobahn-js two; wampy one."""
    name = f"com.clients.n{next(_serial)}"
    with join(shared, library, None, "ws") as one, join(shared, library, None, "wss") as two:
        one.do("subscribe", topic=name)
        two.do("publish", topic=name, args=["x"])
        assert one.next_event(name)["args"] == ["x"]
        wanted = {"autobahn-python": "wamp.2.cbor", "autobahn-js": "wamp.2.json"}.get(library)
        assert wanted in (None, one.hello.get("protocol"))


def test_all_clients_in_one_realm(shared):
    """Three libraries with three serializers hear and call each other."""
    topic = f"com.clients.n{next(_serial)}"
    mix = [("autobahn-python", "cbor", "wss"), ("autobahn-js", "msgpack", "ws"), ("wampy", "json", "wss")]
    peers = [join(shared, *what) for what in mix]
    try:
        for index, peer in enumerate(peers):
            peer.do("subscribe", topic=topic)
            peer.do("register", procedure=f"{topic}.p{index}")
        args = payload_for(("wampy", "json"))
        for sender in peers:
            sender.do("publish", topic=topic, args=tag(args))
            for receiver in peers:
                if receiver is not sender:
                    assert untag(receiver.next_event(topic)["args"]) == args
            for index in range(len(peers)):
                answer = sender.do("call", procedure=f"{topic}.p{index}", args=[tag(args)])
                assert untag(answer["result"]) == args, (sender.library, index)
    finally:
        for peer in peers:
            peer.close()


@pytest.mark.parametrize("library", LIBRARIES)
def test_ticket(shared, library):
    url = f"ws://localhost:{shared.web}/ticket"
    with Peer(library, url, realm="guarded", authid="joe", ticket="secret!!!") as peer:
        assert peer.refused is None
        assert (peer.hello["authid"], peer.hello["authrole"]) == ("joe", "member")
    with Peer(library, url, realm="guarded", authid="joe", ticket="wrong") as peer:
        assert peer.refused, "a wrong ticket was let in"


@pytest.mark.parametrize("library", LIBRARIES)
def test_unknown_realm(shared, library):
    with Peer(library, f"ws://localhost:{shared.web}/ws", realm="nowhere") as peer:
        assert peer.refused and "no_such_realm" in peer.refused
