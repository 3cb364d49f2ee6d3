// WAMP in its raw form, with nothing but Node.js 22 or newer: subscribe, publish, register and call over one WebSocket.
//
//   NODE_EXTRA_CA_CERTS=.transom/ca/root_cert.pem node examples/hello.mjs
//
// Every message is a JSON array that begins with a number saying its type; the client libraries hide just this.
if (typeof WebSocket === 'undefined') {
  console.error(`This example needs Node.js 22 or newer, which has a WebSocket built in; this is ${process.version}.`);
  process.exit(1);
}
const url = process.argv[2] ?? process.env.TRANSOM_URL ?? 'wss://localhost:8443/ws';
const socket = new WebSocket(url, 'wamp.2.json');
const send = (...message) => socket.send(JSON.stringify(message));

const topic = 'com.example.hello';
const procedure = 'com.example.add';

socket.onopen = () => send(1, 'realm1', { roles: { subscriber: {}, publisher: {}, caller: {}, callee: {} } });
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  switch (message[0]) {
    case 2: // WELCOME
      console.log(`joined realm1 as session ${message[1]}`);
      send(32, 1, {}, topic);
      break;
    case 33: // SUBSCRIBED: from now on events come; exclude_me false, so that we hear ourselves
      send(16, 2, { exclude_me: false }, topic, ['Hello, world']);
      break;
    case 36: // EVENT
      console.log(`event: ${message[4][0]}`);
      send(64, 3, {}, procedure);
      break;
    case 65: // REGISTERED: now anybody may call it, we too
      send(48, 4, {}, procedure, [2, 3]);
      break;
    case 68: // INVOCATION
      send(70, message[1], {}, [message[4][0] + message[4][1]]);
      break;
    case 50: // RESULT
      console.log(`result: ${message[3][0]}`);
      send(6, {}, 'wamp.close.normal');
      break;
    case 6: // GOODBYE
      socket.close();
      break;
    default:
      console.error(`unexpected: ${data}`);
      process.exitCode = 1;
      socket.close();
  }
};
socket.onerror = (event) => {
  console.error(`cannot connect to ${url}: ${event.error?.cause?.message ?? event.message ?? 'refused'}`);
  process.exitCode = 1;
};
