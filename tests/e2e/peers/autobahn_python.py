"""A python3-autobahn session driven by lines of JSON on standard input; see ../peers.py."""
import asyncio
import json
import ssl
import sys
from urllib.parse import urlsplit

import txaio

txaio.use_asyncio()

from autobahn.asyncio.wamp import ApplicationSession  # noqa: E402
from autobahn.asyncio.websocket import WampWebSocketClientFactory  # noqa: E402
from autobahn.wamp import serializer as serializers  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.types import PublishOptions, RegisterOptions, SubscribeOptions  # noqa: E402

SERIALIZERS = {"json": serializers.JsonSerializer, "msgpack": serializers.MsgPackSerializer,
               "cbor": serializers.CBORSerializer}


def pack(value):
    """Tags what JSON would blur: octets, floats and large integers."""
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, float):
        return {"$float": repr(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"$int": str(value)}
    if isinstance(value, (list, tuple)):
        return [pack(item) for item in value]
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    return value


def unpack(value):
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if isinstance(value, dict):
        if "$bytes" in value:
            return bytes.fromhex(value["$bytes"])
        if "$float" in value:
            return float(value["$float"])
        if "$int" in value:
            return int(value["$int"])
        return {key: unpack(item) for key, item in value.items()}
    return value


def say(**line):
    print(json.dumps(line), flush=True)


class Session(ApplicationSession):
    def __init__(self):
        super().__init__()
        self.joined = asyncio.get_event_loop().create_future()
        self.left = asyncio.get_event_loop().create_future()
        self.subscriptions, self.registrations = {}, {}

    def onConnect(self):
        if OPTIONS.get("ticket"):
            self.join(OPTIONS["realm"], ["ticket"], OPTIONS["authid"])
        elif OPTIONS.get("certificate"):
            self.join(OPTIONS["realm"], ["tls"], OPTIONS.get("authid"))
        else:
            self.join(OPTIONS["realm"])

    def onChallenge(self, challenge):
        return OPTIONS["ticket"]

    def onJoin(self, details):
        self.joined.set_result(details)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(RuntimeError(details.reason))
        if not self.left.done():
            self.left.set_result(details.reason)
        super().onLeave(details)

    def onDisconnect(self):
        if not self.joined.done():
            self.joined.set_exception(RuntimeError("disconnected"))
        if not self.left.done():
            self.left.set_result("disconnected")

    async def do_subscribe(self, topic, options=None):
        def on_event(*args, **kwargs):
            say(event=topic, args=pack(args), kwargs=pack(kwargs))
        self.subscriptions[topic] = await self.subscribe(on_event, topic, options and SubscribeOptions(**options))

    async def do_unsubscribe(self, topic):
        await self.subscriptions.pop(topic).unsubscribe()

    async def do_publish(self, topic, args=(), kwargs=None, options=None):
        options = PublishOptions(acknowledge=True, **(options or {}))
        await self.publish(topic, *unpack(list(args)), options=options, **unpack(kwargs or {}))

    async def do_register(self, procedure, kind="echo", options=None):
        def echo(*args, **kwargs):
            say(invocation=procedure, args=pack(args), kwargs=pack(kwargs))
            if kind == "fail":
                raise ApplicationError("com.test.error.failed", *args, **kwargs)
            return args[0] if args else None
        self.registrations[procedure] = await self.register(echo, procedure, options and RegisterOptions(**options))

    async def do_unregister(self, procedure):
        await self.registrations.pop(procedure).unregister()

    async def do_call(self, procedure, args=(), kwargs=None):
        try:
            return {"result": pack(await self.call(procedure, *unpack(list(args)), **unpack(kwargs or {})))}
        except ApplicationError as error:
            return {"error": error.error, "args": pack(error.args), "kwargs": pack(error.kwargs or {})}

    async def do_leave(self):
        self.leave()
        return {"reason": await self.left}


async def main():
    url = urlsplit(OPTIONS["url"])
    chosen = [SERIALIZERS[OPTIONS["serializer"]]()] if OPTIONS.get("serializer") else None
    session = Session()
    factory = WampWebSocketClientFactory(lambda: session, url=OPTIONS["url"], serializers=chosen)
    context = ssl.create_default_context(cafile=OPTIONS["ca"]) if url.scheme == "wss" else None
    if OPTIONS.get("certificate"):
        context.load_cert_chain(OPTIONS["certificate"], OPTIONS["key"])
    loop = asyncio.get_event_loop()
    await loop.create_connection(factory, url.hostname, url.port, ssl=context,
                                 server_hostname="localhost" if context else None)
    try:
        details = await asyncio.wait_for(session.joined, 15)
    except RuntimeError as refusal:
        return say(refused=str(refusal))
    say(joined=details.session, authid=details.authid, authrole=details.authrole,
        authmethod=details.authmethod, protocol=session._transport.websocket_protocol_in_use)
    session.left.add_done_callback(lambda left: say(left=left.result()))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def run(line):
        command = json.loads(line)
        number, verb = command.pop("id"), command.pop("do")
        try:
            say(id=number, **(await getattr(session, "do_" + verb)(**command) or {}))
        except Exception as error:  # Told to the test, which judges it.
            say(id=number, failed=f"{type(error).__name__}: {getattr(error, 'error', error)}")

    while line := await reader.readline():
        await run(line)


OPTIONS = json.loads(sys.argv[1])
asyncio.get_event_loop().run_until_complete(main())
