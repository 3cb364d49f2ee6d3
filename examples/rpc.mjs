// Remote procedure calls with npm autobahn: one session registers, the other calls and meets an error.
//
//   npm install --prefix examples
//   NODE_EXTRA_CA_CERTS=.transom/ca/root_cert.pem node examples/rpc.mjs
import autobahn from 'autobahn';

const url = process.argv[2] ?? process.env.TRANSOM_URL ?? 'wss://localhost:8443/ws';
const procedure = 'com.example.sum';

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

function sum(numbers) {
  if (!numbers.every((number) => typeof number === 'number')) {
    throw new autobahn.Error('com.example.error.not_a_number', numbers);
  }
  return numbers.reduce((left, right) => left + right, 0);
}

const callee = await join();
const caller = await join();

await callee.session.register(procedure, sum);
console.log(`2 + 3 = ${await caller.session.call(procedure, [2, 3])}`);
try {
  await caller.session.call(procedure, [2, 'three']);
} catch (error) {
  console.log(`2 + three fails: ${error.error}`);
}
caller.connection.close();
callee.connection.close();
