"""Only begins TLS handshakes, as fast as it can, over COUNT connections at once: handshake_flood.py PORT COUNT VERSION.

The client pays nothing: the same ClientHello each time, and the answer (which cost the server a signature) is thrown away.
Ends when its standard input does, and prints how many handshakes were answered.
"""
import pathlib
import selectors
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import rawtls  # noqa: E402  (found by the path above)

port, count, version = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
HELLO = (rawtls.hello() if version == "1.3" else
         rawtls.hello(rawtls.extensions_12(), suites=rawtls.SUITES_12))
answered = 0
selector = selectors.DefaultSelector()


def begin():
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a RST: no port is left waiting
    sock.connect_ex(("127.0.0.1", port))
    selector.register(sock, selectors.EVENT_WRITE, "connecting")


for _ in range(count):
    begin()
selector.register(sys.stdin, selectors.EVENT_READ, "end")
print("running", flush=True)
while True:
    for key, _ in selector.select():
        if key.data == "end":
            print(answered, flush=True)
            sys.exit()
        try:
            if key.data == "connecting":
                key.fileobj.send(HELLO)
                selector.modify(key.fileobj, selectors.EVENT_READ, "waiting")
                continue
            answered += bool(key.fileobj.recv(65536))
        except OSError:
            pass
        selector.unregister(key.fileobj)
        key.fileobj.close()
        begin()
