// Publish and subscribe with npm autobahn: two sessions, one listens, the other publishes three events.
//
//   npm install --prefix examples
//   NODE_EXTRA_CA_CERTS=.transom/ca/root_cert.pem node examples/publish_subscribe.mjs
import autobahn from 'autobahn';

const url = process.argv[2] ?? process.env.TRANSOM_URL ?? 'wss://localhost:8443/ws';
const topic = 'com.example.greetings';

function join() {
  const connection = new autobahn.Connection({ url, realm: 'realm1', max_retries: 0 });
  return new Promise((resolve, reject) => {
    connection.onopen = (session) => resolve({ connection, session });
    connection.onclose = (reason, details) => {
      reject(new Error(details.reason ?? reason));
      return true;
    };
    connection.open();
  });
}

const listener = await join();
const publisher = await join();

const heard = new Promise((resolve) => {
  listener.session.subscribe(topic, ([number, text]) => {
    console.log(`event ${number}: ${text}`);
    if (number === 3) resolve();
  }).then(async () => {
    for (const number of [1, 2, 3]) {
      await publisher.session.publish(topic, [number, 'Hello, world'], {}, { acknowledge: true });
    }
  });
});
await heard;
publisher.connection.close();
listener.connection.close();
