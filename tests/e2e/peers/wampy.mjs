// An npm wampy session driven by lines of JSON on standard input; see ../peers.py.
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { obey, options, pack, say, unpack } from './common.mjs';

const makers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };
const wampy = new Wampy(options.url, {
  realm: options.realm,
  ws: globalThis.WebSocket,
  autoReconnect: false,
  ...(options.serializer && { serializer: new makers[options.serializer]() }),
  ...(options.ticket && { authid: options.authid, authmethods: ['ticket'], onChallenge: () => options.ticket }),
  // wampy's own `authmethods` want an authid and a callback for a challenge, and here is neither.
  ...(options.certificate && {
    helloCustomDetails: { authmethods: ['tls'], ...(options.authid && { authid: options.authid }) },
  }),
  onClose: () => say({ left: 'closed' }),
});
const subscriptions = new Map();

// wampy wraps an error of the router; these are the places where it keeps the URI and the payload.
const told = (error) => ({
  error: error.errorUri ?? error.error ?? error.message,
  args: pack(error.argsList ?? []),
  kwargs: pack(error.argsDict ?? {}),
});

let details;
try {
  details = await wampy.connect();
} catch (error) {
  say({ refused: error.errorUri ?? error.message });
  process.exit(0);
}
const payload = (args, kwargs) => ({ argsList: unpack(args ?? []), argsDict: unpack(kwargs ?? {}) });
say({ joined: wampy.getSessionId(), authid: details.authid, authrole: details.authrole, authmethod: details.authmethod });
await obey({
  async subscribe({ topic, options: how }) {
    const onEvent = ({ argsList, argsDict }) =>
      say({ event: topic, args: pack(argsList ?? []), kwargs: pack(argsDict ?? {}) });
    subscriptions.set(topic, await wampy.subscribe(topic, onEvent, how));
  },
  async unsubscribe({ topic }) {
    await wampy.unsubscribe(subscriptions.get(topic).subscriptionKey);
  },
  async publish({ topic, args, kwargs, options: how }) {
    await wampy.publish(topic, payload(args, kwargs), how);
  },
  async register({ procedure, kind, options: how }) {
    await wampy.register(procedure, ({ argsList, argsDict }) => {
      say({ invocation: procedure, args: pack(argsList ?? []), kwargs: pack(argsDict ?? {}) });
      if (kind === 'fail') {
        const failure = new Error('asked to fail');
        Object.assign(failure, { error: 'com.test.error.failed', argsList, argsDict });
        throw failure;
      }
      return { argsList: argsList?.length ? [argsList[0]] : [] };
    }, how);
  },
  async unregister({ procedure }) {
    await wampy.unregister(procedure);
  },
  async call({ procedure, args, kwargs }) {
    try {
      const { argsList } = await wampy.call(procedure, payload(args, kwargs));
      return { result: pack(argsList?.length ? argsList[0] : null) };
    } catch (error) {
      return told(error);
    }
  },
  async leave() {
    await wampy.disconnect();
    return { reason: 'closed' };
  },
});
