"""The Basic Profile, message by message, with a client that can do wrong."""
import itertools

import pytest

import rawws
from rawws import *  # noqa: F403  (the message codes)
from rawws import Closed, Wamp

SERIALIZERS = ["json", "msgpack", "cbor"]
_serial = itertools.count()


def fresh(name="x"):
    return f"com.wamp.{name}{next(_serial)}"


@pytest.fixture
def one(shared):
    with Wamp(shared.web).join() as peer:
        yield peer


@pytest.fixture
def two(shared):
    with Wamp(shared.plain).join() as peer:
        yield peer


# Opening and closing ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_welcome(shared, serializer):
    with Wamp(shared.web, serializer=serializer).join() as peer:
        assert isinstance(peer.session, int) and 1 <= peer.session <= 2**53
        details = peer.details
        assert details["realm"] == "realm1"
        assert details["authrole"] == "anonymous" and details["authmethod"] == "anonymous"
        assert isinstance(details["authid"], str) and details["authid"]
        for role in ("broker", "dealer"):
            features = details["roles"][role]["features"]
            assert all(value is True for value in features.values()), "only what is true is announced"


def test_session_ids_are_random(shared):
    ids = set()
    for _ in range(8):
        with Wamp(shared.plain).join() as peer:
            ids.add(peer.session)
    assert len(ids) == 8 and max(ids) > 2**40


@pytest.mark.parametrize("reason", ["wamp.close.close_realm", "wamp.close.normal", "wamp.close.logout"])
def test_client_says_goodbye(one, reason):
    one.send([GOODBYE, {}, reason])
    one.expect(GOODBYE, {}, "wamp.close.goodbye_and_out")
    one.close()
    assert one.wait_closed() == 1000


def test_a_new_hello_after_goodbye_or_a_close(one):
    """The transport may stay open for another session; either is fine, hanging is not."""
    one.send([GOODBYE, {}, "wamp.close.close_realm"])
    one.expect(GOODBYE)
    try:
        one.hello("realm2")
        assert one.expect(WELCOME)[2]["realm"] == "realm2"
    except (Closed, OSError):
        pass


@pytest.mark.parametrize("realm,reason", [
    ("nowhere", "wamp.error.no_such_realm"), ("realm1 ", None), ("", None), ("realm1\n", None), ("..", None)])
def test_realms_that_are_not(shared, realm, reason):
    with Wamp(shared.web) as peer:
        peer.hello(realm)
        message = peer.expect_abort(reason)
        assert message[2] in ("wamp.error.no_such_realm", "wamp.error.invalid_uri")
        assert peer.wait_closed() is not None


def test_a_client_may_abort(shared):
    with Wamp(shared.web) as peer:
        peer.send([ABORT, {"message": "changed my mind"}, "wamp.error.cannot_authenticate"])
        code = peer.wait_closed()
        assert code in (None, 1000)


# Protocol violations ---------------------------------------------------------------------------------------------

def violate(peer, message):
    peer.send(message)
    peer.expect_abort("wamp.error.protocol_violation")
    assert peer.wait_closed() in (1000, 1002)


@pytest.mark.parametrize("message", [
    [HELLO, "realm1", {"roles": {"caller": {}}}],
    [WELCOME, 1, {}], [CHALLENGE, "ticket", {}], [AUTHENTICATE, "x", {}],
    [], [999], [0], [-1], [7], [300, 1, {}], ["16", 1, {}, "com.x"], [16.5, 1, {}, "com.x"], [None], [True],
    [PUBLISH], [PUBLISH, 1], [PUBLISH, 1, {}], [PUBLISH, 1, [], "com.x"], [PUBLISH, "1", {}, "com.x"],
    [PUBLISH, 1, {}, 7], [PUBLISH, 1, {}, "com.x", {}], [PUBLISH, 1, {}, "com.x", [], []],
    [PUBLISH, 1, {}, "com.x", [], {}, 1], [PUBLISH, 0, {}, "com.x"], [PUBLISH, -1, {}, "com.x"],
    [PUBLISH, 2**53 + 1, {}, "com.x"], [PUBLISH, 1, {"acknowledge": 1}, "com.x"],
    [PUBLISH, 1, {"exclude_me": "yes"}, "com.x"],
    [SUBSCRIBE, 1, {}], [SUBSCRIBE, 1, {}, None], [SUBSCRIBE, 1, {"match": "glob"}, "com.x"],
    [SUBSCRIBE, 1, {"match": 1}, "com.x"], [SUBSCRIBE, 1, {}, "com.x", 1],
    [UNSUBSCRIBE, 1], [UNSUBSCRIBE, 1, "x"], [UNSUBSCRIBE, 1, 1, 1],
    [CALL, 1, {}], [CALL, 1, {}, "com.x", "args"], [CALL, 1, {"timeout": "1"}, "com.x"],
    [CANCEL, 1], [CANCEL, 1, {"mode": "softly"}],
    [REGISTER, 1, {}], [REGISTER, 1, {"invoke": 3}, "com.x"], [UNREGISTER, 1, {}],
    [YIELD, 1, {}], [YIELD, 99, {}, []], [ERROR, INVOCATION, 99, {}, "com.x.error"], [ERROR, CALL, 1, {}, "com.x.error"],
    [ERROR, INVOCATION, 1, {}],
    [PUBLISHED, 1, 1], [SUBSCRIBED, 1, 1], [EVENT, 1, 1, {}], [RESULT, 1, {}], [INVOCATION, 1, 1, {}], [INTERRUPT, 1, {}],
    [GOODBYE], [GOODBYE, {}, 3], {}, "text", 16, None,
], ids=repr)
def test_violation_in_a_session(shared, message):
    with Wamp(shared.web).join() as peer:
        violate(peer, message)


@pytest.mark.parametrize("message", [
    [PUBLISH, 1, {}, "com.x"], [SUBSCRIBE, 1, {}, "com.x"], [CALL, 1, {}, "com.x"], [GOODBYE, {}, "wamp.close.normal"],
    [ERROR, INVOCATION, 1, {}, "com.x"], [AUTHENTICATE, "x", {}], [YIELD, 1, {}], [INVOCATION, 1, 1, {}], [], [999],
    [HELLO], [HELLO, "realm1"], [HELLO, 7, {}], [HELLO, "realm1", []], [HELLO, "realm1", {"roles": []}],
    [HELLO, "realm1", {"roles": {"caller": 1}}], [HELLO, "realm1", {"roles": {}, "authmethods": "ticket"}],
], ids=repr)
def test_violation_before_hello(shared, message):
    with Wamp(shared.web) as peer:
        peer.send(message)
        aborted = peer.expect_abort(None)
        assert aborted[2] in ("wamp.error.protocol_violation", "wamp.error.no_such_role")
        assert peer.wait_closed() in (1000, 1002)


@pytest.mark.parametrize("serializer,octets", [
    ("json", b"[16,"), ("json", b""), ("json", b"[1,'x']"), ("json", b"\xef\xbb\xbf[]"), ("json", b"[" * 2000 + b"]" * 2000),
    ("json", b'[16,1,{"a":1,"a":2},"com.x"]x'), ("json", b'[16,1,{},"com.x"] [1]'),
    ("msgpack", b"\xc1"), ("msgpack", b""), ("msgpack", b"\x94\x10"), ("msgpack", b"\xdd\xff\xff\xff\xff"),
    ("msgpack", b"\x94\x10\x01\x80\xa1\xff"), ("msgpack", b"\x90\x90"), ("msgpack", b"\x91" * 3000),
    ("cbor", b"\xff"), ("cbor", b""), ("cbor", b"\x84\x10"), ("cbor", b"\x9b" + b"\xff" * 8), ("cbor", b"\x1c"),
    ("cbor", b"\x84\x10\x01\xa0\x61\xff"), ("cbor", b"\x80\x80"), ("cbor", b"\x81" * 3000), ("cbor", b"\x9f" * 3000),
], ids=repr)
def test_octets_that_are_no_message(shared, serializer, octets):
    with Wamp(shared.web, serializer=serializer).join() as peer:
        peer.send_frame(peer.opcode, octets)
        peer.expect_abort("wamp.error.protocol_violation")
        assert peer.wait_closed() in (1000, 1002, 1003, 1007)


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_text_and_binary_must_fit_the_serializer(shared, serializer):
    with Wamp(shared.web, serializer=serializer).join() as peer:
        wrong = rawws.BINARY if peer.opcode == rawws.TEXT else rawws.TEXT
        peer.send_frame(wrong, b"[]")
        peer.expect_abort("wamp.error.protocol_violation")
        assert peer.wait_closed() in (1000, 1002, 1003)


def test_a_violation_ends_one_session_only(shared, one, two):
    topic = fresh()
    two.subscribe(topic)
    with Wamp(shared.web).join() as bad:
        violate(bad, [999])
    one.publish(topic, 1)
    two.expect(EVENT)


def test_unknown_options_and_features_are_ignored(shared):
    with Wamp(shared.web) as peer:
        peer.join(x_unknown={"a": [1]}, agent="test", roles={**rawws.ROLES, "stranger": {"features": {"flying": True}}})
        topic = fresh()
        peer.subscribe(topic, x_unknown=1, some_new_thing=[1, 2])
        peer.publish(topic, options={"x_future": {"a": 1}, "exclude_me": False})
        assert peer.recv_until(EVENT)[0] == EVENT


# Broker ----------------------------------------------------------------------------------------------------------

def test_the_publisher_is_excluded_by_default(one, two):
    topic = fresh()
    one.subscribe(topic)
    two.subscribe(topic)
    one.publish(topic, "not to me")
    two.expect(EVENT)
    one.publish(topic, "to me too", options={"exclude_me": False})
    assert one.recv_until(EVENT)[4] == ["to me too"]
    assert two.recv_until(EVENT)[4] == ["to me too"]


def test_nothing_answers_an_unacknowledged_publication(one):
    for options in ({}, {"acknowledge": False}):
        one.send([PUBLISH, one.request(), options, fresh()])
        one.send([PUBLISH, one.request(), options, "wamp.reserved"])
        one.send([PUBLISH, one.request(), options, "not a uri"])
    one.sync()
    assert one.held == [] and one.is_quiet()


@pytest.mark.parametrize("topic", ["wamp.x", "wamp.session.on_join", "a..b", "", ".a", "a.", "with space", "a#b", "tab\t"])
def test_publish_to_a_bad_uri(one, topic):
    answer = one.ask(PUBLISH, {"acknowledge": True}, topic, answer=PUBLISHED)
    assert answer[:3] == [ERROR, PUBLISH, one.last_request] and answer[4] == "wamp.error.invalid_uri", answer


@pytest.mark.parametrize("uri", ["a..b", "", "with space", "a#b", "a."])
def test_subscribe_to_a_bad_uri(one, uri):
    answer = one.ask(SUBSCRIBE, {}, uri, answer=SUBSCRIBED)
    assert answer[:3] == [ERROR, SUBSCRIBE, one.last_request] and answer[4] == "wamp.error.invalid_uri", answer


def test_a_second_subscription_of_a_session_is_the_same(one, two):
    topic = fresh()
    first = one.subscribe(topic)
    assert one.subscribe(topic) == first
    assert two.subscribe(topic) == first
    assert 1 <= first < 2**32, "small ids: JavaScript binary serializers make floats of large ones"
    two.publish(topic, 1)
    assert one.expect(EVENT)[1] == first
    one.sync()
    assert one.held == [], "one EVENT for one subscription"


@pytest.mark.parametrize("subscription", [1, 2**40, 2**53])
def test_unsubscribe_what_is_not(one, subscription):
    answer = one.ask(UNSUBSCRIBE, subscription, answer=UNSUBSCRIBED)
    assert answer[:3] == [ERROR, UNSUBSCRIBE, one.last_request] and answer[4] == "wamp.error.no_such_subscription"


def test_unsubscribe_what_is_another_s(one, two):
    subscription = one.subscribe(fresh())
    answer = two.ask(UNSUBSCRIBE, subscription, answer=UNSUBSCRIBED)
    assert answer[0] == ERROR and answer[4] == "wamp.error.no_such_subscription"


def test_no_event_after_unsubscribed(shared, one):
    """A publisher that never stops: after UNSUBSCRIBED not one more EVENT comes."""
    topic = fresh()
    with Wamp(shared.plain).join() as publisher:
        for _ in range(20):
            subscription = one.subscribe(topic)
            for number in range(50):
                publisher.send([PUBLISH, publisher.request(), {}, topic, [number]])
            request = one.ask(UNSUBSCRIBE, subscription)
            while one.recv()[:2] != [UNSUBSCRIBED, request]:
                pass
            publisher.sync()
            one.sync()
            assert [message for message in one.held if message[0] == EVENT] == []


def test_events_keep_their_order_over_topics(shared):
    """Per publisher and subscriber: publish order, across topics and cores."""
    topics = [fresh("order") for _ in range(5)]
    with Wamp(shared.web).join() as publisher:
        receivers = [Wamp(shared.plain, serializer=serializer).join() for serializer in SERIALIZERS * 2]
        for receiver in receivers:
            for topic in topics:
                receiver.subscribe(topic)
        count = 1000
        for number in range(count):
            publisher.send([PUBLISH, publisher.request(), {}, topics[number % len(topics)], [number]])
        for receiver in receivers:
            assert [receiver.recv_until(EVENT)[4][0] for _ in range(count)] == list(range(count))
            receiver.sock.close()


def test_events_of_a_closed_subscriber_go_nowhere(shared, one):
    topic = fresh()
    with Wamp(shared.web).join() as leaving:
        leaving.subscribe(topic)
    with Wamp(shared.web).join() as staying:
        staying.subscribe(topic)
        for number in range(10):
            one.publish(topic, number)
        assert [staying.recv_until(EVENT)[4][0] for _ in range(10)] == list(range(10))


# Dealer ----------------------------------------------------------------------------------------------------------

def test_call_and_invocation_ids(one, two):
    """INVOCATION.Request counts 1, 2, 3 for each callee."""
    procedure = fresh()
    registration = one.register(procedure)
    for wanted in (1, 2, 3):
        number = two.ask(CALL, {}, procedure, [wanted])
        invocation = one.expect(INVOCATION)
        assert invocation[1] == wanted and invocation[2] == registration and invocation[4] == [wanted]
        one.send([YIELD, invocation[1], {}, [wanted * 2]])
        assert two.expect(RESULT) == [RESULT, number, {}, [wanted * 2]]


def test_a_callee_may_call_itself(one):
    procedure = fresh()
    one.register(procedure)
    number = one.ask(CALL, {}, procedure, [1])
    invocation = one.expect(INVOCATION)
    one.send([YIELD, invocation[1], {}, [2]])
    one.expect(RESULT, number, {}, [2])


def test_calls_keep_their_order(one, two):
    procedures = [fresh() for _ in range(3)]
    for procedure in procedures:
        one.register(procedure)
    for number in range(300):
        two.ask(CALL, {}, procedures[number % 3], [number])
    assert [one.recv_until(INVOCATION)[4][0] for _ in range(300)] == list(range(300))


def test_nobody_to_call(one):
    answer = one.call(fresh())
    assert answer[:3] == [ERROR, CALL, one.last_request] and answer[4] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("uri", ["a..b", "", "with space", "a#b"])
def test_bad_procedure_uris(one, uri):
    for code, reply in ((CALL, RESULT), (REGISTER, REGISTERED)):
        answer = one.ask(code, {}, uri, answer=reply)
        assert answer[:2] == [ERROR, code] and answer[4] == "wamp.error.invalid_uri", answer


def test_register_reserved(one):
    answer = one.ask(REGISTER, {}, "wamp.mine", answer=REGISTERED)
    assert answer[0] == ERROR and answer[4] == "wamp.error.invalid_uri"


def test_register_twice(one, two):
    procedure = fresh()
    registration = one.register(procedure)
    assert 1 <= registration < 2**32
    for peer in (one, two):
        answer = peer.ask(REGISTER, {}, procedure, answer=REGISTERED)
        assert answer[0] == ERROR and answer[4] == "wamp.error.procedure_already_exists"


def test_unregister(one, two):
    procedure = fresh()
    registration = one.register(procedure)
    answer = two.ask(UNREGISTER, registration, answer=UNREGISTERED)
    assert answer[0] == ERROR and answer[4] == "wamp.error.no_such_registration", "not its own"
    assert one.ask(UNREGISTER, registration, answer=UNREGISTERED) == [UNREGISTERED, one.last_request]
    answer = one.ask(UNREGISTER, registration, answer=UNREGISTERED)
    assert answer[0] == ERROR and answer[4] == "wamp.error.no_such_registration", "not any more"
    assert two.call(procedure)[4] == "wamp.error.no_such_procedure"
    two.register(procedure)


def test_the_callee_leaves_during_a_call(shared, one):
    for way in ("goodbye", "drop"):
        procedure = fresh()
        with Wamp(shared.plain).join() as callee:
            callee.register(procedure)
            number = one.ask(CALL, {}, procedure)
            callee.expect(INVOCATION)
            if way == "goodbye":
                callee.send([GOODBYE, {}, "wamp.close.normal"])
                callee.recv_until(GOODBYE)
            else:
                callee.sock.close()
            answer = one.expect(ERROR)
            assert answer[:3] == [ERROR, CALL, number] and answer[4] == "wamp.error.canceled"
        assert one.call(procedure)[4] == "wamp.error.no_such_procedure", "registrations go with their session"


def test_the_caller_leaves_during_a_call(shared, one):
    procedure = fresh()
    one.register(procedure)
    with Wamp(shared.plain).join() as caller:
        caller.ask(CALL, {}, procedure)
        invocation = one.expect(INVOCATION)
    interrupt = one.expect(INTERRUPT, invocation[1])
    assert interrupt[2].get("mode") == "killnowait"
    # The answer crosses the caller's leave: no violation, simply dropped.
    one.send([YIELD, invocation[1], {}, ["late"]])
    one.sync()
    assert one.held == []


def test_no_interrupt_for_who_cannot_take_it(shared):
    """wampy drops the connection when it is sent INTERRUPT, which it never announced."""
    procedure = fresh()
    with Wamp(shared.web).join(roles={"callee": {}, "subscriber": {}}) as callee:
        callee.register(procedure)
        with Wamp(shared.web).join() as caller:
            caller.ask(CALL, {}, procedure)
            invocation = callee.expect(INVOCATION)
        callee.sync()
        assert callee.held == []
        callee.send([YIELD, invocation[1], {}])
        callee.sync()


def test_answering_twice_is_a_violation_or_ignored_but_never_a_second_result(one, two):
    procedure = fresh()
    one.register(procedure)
    two.ask(CALL, {}, procedure)
    invocation = one.expect(INVOCATION)
    one.send([YIELD, invocation[1], {}, [1]])
    one.send([YIELD, invocation[1], {}, [2]])
    assert two.expect(RESULT)[3] == [1]
    two.sync()
    assert two.held == []


def test_error_of_the_callee_reaches_the_caller(one, two):
    procedure = fresh()
    one.register(procedure)
    number = two.ask(CALL, {}, procedure)
    invocation = one.expect(INVOCATION)
    one.send([ERROR, INVOCATION, invocation[1], {}, "com.my.error", ["a", 1], {"b": 2}])
    assert two.expect(ERROR) == [ERROR, CALL, number, {}, "com.my.error", ["a", 1], {"b": 2}]


def test_integral_floats_as_ids(shared):
    """JavaScript's binary serializers send large integers as floats."""
    with Wamp(shared.web, serializer="cbor").join() as peer:
        peer.send([SUBSCRIBE, 1.0, {}, fresh()])
        answer = peer.expect(SUBSCRIBED)
        assert answer[1] == 1 and isinstance(answer[1], int)
        peer.send([UNSUBSCRIBE, 2.0, float(answer[2])])
        peer.expect(UNSUBSCRIBED, 2)


# Realms ----------------------------------------------------------------------------------------------------------

def test_realms_do_not_hear_each_other(shared):
    topic = fresh()
    with Wamp(shared.web).join("realm1") as here, Wamp(shared.web).join("realm2") as there, \
            Wamp(shared.web).join("realm2") as sender:
        here.subscribe(topic)
        there.subscribe(topic)
        here.register(topic)
        sender.publish(topic, 1)
        there.expect(EVENT)
        here.sync()
        assert here.held == []
        assert sender.call(topic)[4] == "wamp.error.no_such_procedure"


def test_unix_socket_and_nested_path(shared):
    topic = fresh()
    with Wamp(shared.unix).join() as one, Wamp(shared.web, path="/deep/er/ws").join() as two:
        one.subscribe(topic)
        two.publish(topic, 1)
        one.expect(EVENT)


# Authentication and permissions ----------------------------------------------------------------------------------

def ticket(shared, authid, secret, path="/ticket", **more):
    peer = Wamp(shared.web, path=path)
    peer.hello("guarded", authmethods=["ticket"], authid=authid, **more)
    peer.expect(CHALLENGE, "ticket", {})
    peer.send([AUTHENTICATE, secret, {}])
    return peer


def test_ticket_is_good(shared):
    with ticket(shared, "joe", "secret!!!") as peer:
        details = peer.expect(WELCOME)[2]
        assert (details["authid"], details["authrole"], details["authmethod"]) == ("joe", "member", "ticket")
        assert details["authprovider"] == "static"


def test_a_wrong_ticket_and_an_unknown_authid_look_alike(shared):
    seen = []
    for authid, secret in [("joe", "wrong"), ("joe", ""), ("nobody", "secret!!!"), ("nobody", ""), ("ann", "secret!!!")]:
        with ticket(shared, authid, secret) as peer:
            message = peer.expect_abort(None)
            seen.append((message[2], message[1]["message"].replace(authid, "*")))
            assert peer.wait_closed() is not None
    assert len(set(seen)) == 1, seen
    assert seen[0][0] in ("wamp.error.authentication_failed", "wamp.error.not_authorized")
    assert "secret" not in shared.node.log(), "no secret in the log"


@pytest.mark.parametrize("details", [
    {}, {"authmethods": ["anonymous"]}, {"authmethods": []}, {"authmethods": ["wampcra"], "authid": "joe"}], ids=repr)
def test_no_common_method(shared, details):
    with Wamp(shared.web, path="/ticket") as peer:
        peer.hello("guarded", **details)
        message = peer.expect_abort(None)
        assert message[2] in ("wamp.error.no_matching_auth_method", "wamp.error.no_auth_method", "wamp.error.not_authorized")


def test_the_client_s_order_of_methods_counts(shared):
    with Wamp(shared.web, path="/both") as peer:
        peer.hello("guarded", authmethods=["anonymous", "ticket"], authid="joe")
        assert peer.expect(WELCOME)[2]["authmethod"] == "anonymous"
    with Wamp(shared.web, path="/both") as peer:
        peer.hello("guarded", authmethods=["ticket", "anonymous"], authid="joe")
        peer.expect(CHALLENGE, "ticket")


@pytest.mark.parametrize("message", [
    [PUBLISH, 1, {}, "com.x"], [HELLO, "guarded", {"roles": {"caller": {}}}], [AUTHENTICATE, 7, {}],
    [AUTHENTICATE, "secret!!!"], [GOODBYE, {}, "wamp.close.normal"]], ids=repr)
def test_nothing_but_authenticate_answers_a_challenge(shared, message):
    with Wamp(shared.web, path="/ticket") as peer:
        peer.hello("guarded", authmethods=["ticket"], authid="joe")
        peer.expect(CHALLENGE)
        peer.send(message)
        peer.expect_abort("wamp.error.protocol_violation")


@pytest.mark.parametrize("uri,allowed", [
    ("com.open.topic", "psrc"), ("com.open.a.b.c", "psrc"), ("com.openness", ""), ("com.other", ""),
    ("com.open.readonly.x", "sc"), ("com.open.other.secret", ""), ("com.open.public.secret", "psrc"),
    ("com.open.readonly.secret", ""),
])
def test_permissions(shared, uri, allowed):
    """exact > wildcard > longest prefix > deny."""
    with ticket(shared, "joe", "secret!!!") as peer:
        peer.expect(WELCOME)
        for letter, code, reply, options in [("p", PUBLISH, PUBLISHED, {"acknowledge": True}),
                                             ("s", SUBSCRIBE, SUBSCRIBED, {}), ("r", REGISTER, REGISTERED, {})]:
            answer = peer.ask(code, options, uri, answer=reply)
            if letter in allowed:
                assert answer[0] == reply, answer
            else:
                assert answer[:2] == [ERROR, code] and answer[4] == "wamp.error.not_authorized", answer
        if "r" not in allowed:
            # A denied call says so, whether the procedure exists or not.
            wanted = "wamp.error.no_such_procedure" if "c" in allowed else "wamp.error.not_authorized"
            assert peer.call(uri)[4] == wanted


def test_a_role_without_permissions_may_nothing(shared):
    with Wamp(shared.web, path="/both").join("guarded") as peer:
        answer = peer.ask(SUBSCRIBE, {}, "com.open.topic", answer=SUBSCRIBED)
        assert answer[0] == ERROR and answer[4] == "wamp.error.not_authorized"
        peer.send([PUBLISH, peer.request(), {}, "com.open.topic"])
        answer = peer.call("com.open.x")
        assert answer[4] == "wamp.error.not_authorized"
        assert peer.held == []
