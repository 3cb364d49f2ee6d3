"""Payloads arrive as they were sent: untouched between equal serializers, faithfully changed between different ones."""
import itertools
import math

import pytest

from rawws import CALL, ERROR, EVENT, INVOCATION, RESULT, YIELD, Wamp

PAIRS = list(itertools.product(["json", "msgpack", "cbor"], repeat=2))
OCTETS = bytes.fromhex("10e3ff9053075c526f5fc06d4fe37cdb")
OCTETS_IN_JSON = "\0EOP/kFMHXFJvX8BtT+N82w=="  # The spec's own example.


def same(left, right):
    """Equality that tells 1 from 1.0 and True."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float):
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return left == right


def octets(serializer, value=OCTETS, text=OCTETS_IN_JSON):
    return text if serializer == "json" else value


def sample(serializer):
    return [
        0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**64 - 1, -(2**63),
        -32, -33, -128, -129, -32769, -(2**31) - 1,
        0.0, 1.0, -1.5, 1e300, 5e-324, 0.1, 123456789012345680.0, -0.0,
        "", "plain", "ünïcode ☃ 𝄞 \" \\ / \b\f\n\r\t", "\u0001control", None, True, False,
        octets(serializer), octets(serializer, b"", "\0"),
        [], {}, [[[[]]]], {"a": {"b": [{"c": None}]}, "ключ": [1.0, 1]},
        "x" * 70000, list(range(300)), {f"k{i}": i for i in range(40)},
    ]


@pytest.fixture(scope="module")
def peers(shared):
    """Two peers of each serializer, on both kinds of transport."""
    made = {}
    for serializer in ("json", "msgpack", "cbor"):
        made[serializer] = [Wamp(shared.web, serializer=serializer).join(), Wamp(shared.plain, serializer=serializer).join()]
    yield made
    for pair in made.values():
        for peer in pair:
            peer.close()
            peer.sock.close()


@pytest.mark.parametrize("source,target", PAIRS)
def test_event(peers, source, target):
    sender, receiver = peers[source][0], peers[target][1]
    topic = f"com.payload.{source}.{target}"
    subscription = receiver.subscribe(topic)
    keywords = {"octets": octets(source), "float": 1.0, "int": 1, "ü": "ü"}
    publication = sender.publish(topic, *sample(source), **keywords)
    event = receiver.recv_until(EVENT)
    assert event[1:3] == [subscription, publication] and isinstance(event[3], dict)
    for wanted, got in zip(sample(target), event[4], strict=True):
        assert same(wanted, got), f"{wanted!r} came as {got!r}"
    assert same(event[5], {**keywords, "octets": octets(target)})


@pytest.mark.parametrize("source,target", PAIRS)
def test_call_result_and_error(peers, source, target):
    caller, callee = peers[source][0], peers[target][1]
    procedure = f"com.payload.call.{source}.{target}"
    registration = callee.register(procedure)
    for fails in (False, True):
        number = caller.ask(CALL, {}, procedure, sample(source), {"k": octets(source)})
        invocation = callee.recv_until(INVOCATION)
        assert invocation[2] == registration
        assert same(invocation[4], sample(target)) and same(invocation[5], {"k": octets(target)})
        if fails:
            callee.send([ERROR, INVOCATION, invocation[1], {}, "com.payload.error", sample(target), {"k": octets(target)}])
            answer = caller.recv_until(ERROR)
            assert answer[:3] == [ERROR, CALL, number] and answer[4] == "com.payload.error"
            tail = answer[5:]
        else:
            callee.send([YIELD, invocation[1], {}, sample(target), {"k": octets(target)}])
            answer = caller.recv_until(RESULT)
            assert answer[1] == number
            tail = answer[3:]
        assert same(tail, [sample(source), {"k": octets(source)}])


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_empty_payloads_stay_short(peers, serializer):
    sender, receiver = peers[serializer]
    receiver.subscribe(f"com.payload.empty.{serializer}")
    sender.publish(f"com.payload.empty.{serializer}")
    assert len(receiver.recv_until(EVENT)) == 4
    sender.publish(f"com.payload.empty.{serializer}", only="kwargs")
    assert receiver.recv_until(EVENT)[4:] == [[], {"only": "kwargs"}]


def test_json_goes_through_untouched(shared):
    """Between two JSON sessions not even spelling changes: number forms, escapes, white space."""
    tail = '[1.0, 1e2 ,0.10,-0,"\\u00fc\\/","\\u0000AA==", 12345678901234567890123]'
    with Wamp(shared.web).join() as sender, Wamp(shared.web).join() as receiver:
        receiver.subscribe("com.payload.verbatim")
        sender.send_frame(1, f'[16,{sender.request()},{{}},"com.payload.verbatim",{tail}]'.encode())
        assert tail.encode() in receiver.recv_message()


@pytest.mark.parametrize("bad", [
    '{"a":1,}', "[nul]", "[01]", "[1.]", '["\\q"]', "[1 2]", "[1,,2]", '["\u0001"]', "[1", '[{"a" 1}]', "[Infinity]",
])
def test_a_malformed_tail_hurts_its_sender_only(shared, bad):
    """Arguments are checked before they go on: no subscriber ever sees broken JSON."""
    with Wamp(shared.web).join() as sender, Wamp(shared.web).join() as receiver, Wamp(shared.web).join() as other:
        receiver.subscribe("com.payload.broken")
        sender.send_frame(1, f'[16,1,{{}},"com.payload.broken",{bad}]'.encode())
        sender.expect_abort("wamp.error.protocol_violation")
        other.publish("com.payload.broken", "good")
        assert receiver.recv()[4] == ["good"]


@pytest.mark.parametrize("serializer", ["msgpack", "cbor"])
def test_not_a_number_never_reaches_json(peers, serializer):
    """JSON has no NaN: the publisher and the binary receivers go on; no JSON session is sent broken text."""
    sender, binary, text = peers[serializer][0], peers[serializer][1], peers["json"][1]
    topic = f"com.payload.nan.{serializer}"
    binary.subscribe(topic)
    text.subscribe(topic)
    sender.publish(topic, float("nan"))
    assert math.isnan(binary.recv_until(EVENT)[4][0])
    sender.publish(topic, "after")
    event = text.recv_until(EVENT)
    if event[4] != ["after"]:
        event = text.recv_until(EVENT)
    assert event[4] == ["after"]
