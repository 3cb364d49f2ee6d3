#!/usr/bin/python3
"""Publish and subscribe with python3-autobahn: one session that hears its own three events.

    SSL_CERT_FILE=.transom/ca/root_cert.pem /usr/bin/python3 examples/python/publish_subscribe.py
"""
import asyncio
import os
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.types import PublishOptions

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TRANSOM_URL", "wss://localhost:8443/ws")
TOPIC = "com.example.greetings.python"


class Greeter(ApplicationSession):
    async def onJoin(self, details):
        await self.subscribe(self.on_greeting, TOPIC)
        for number in (1, 2, 3):
            self.publish(TOPIC, number, "Hello, world", options=PublishOptions(exclude_me=False))

    def on_greeting(self, number, text):
        print(f"event {number}: {text}")
        if number == 3:
            self.leave()

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    ApplicationRunner(URL, "realm1").run(Greeter, log_level="warn")
