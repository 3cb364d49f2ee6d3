#!/usr/bin/python3
"""Remote procedure calls with python3-autobahn: registers a procedure, calls it, and meets an error.

    SSL_CERT_FILE=.transom/ca/root_cert.pem /usr/bin/python3 examples/python/rpc.py
"""
import asyncio
import os
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError

URL = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TRANSOM_URL", "wss://localhost:8443/ws")
PROCEDURE = "com.example.sum.python"


class Calculator(ApplicationSession):
    async def onJoin(self, details):
        await self.register(self.sum, PROCEDURE)
        print(f"2 + 3 = {await self.call(PROCEDURE, 2, 3)}")
        try:
            await self.call(PROCEDURE, 2, "three")
        except ApplicationError as error:
            print(f"2 + three fails: {error.error}")
        self.leave()

    def sum(self, *numbers):
        if not all(isinstance(number, (int, float)) for number in numbers):
            raise ApplicationError("com.example.error.not_a_number", *numbers)
        return sum(numbers)

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


if __name__ == "__main__":
    ApplicationRunner(URL, "realm1").run(Calculator, log_level="warn")
