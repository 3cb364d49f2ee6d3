// An npm autobahn session driven by lines of JSON on standard input; see ../peers.py.
import autobahn from 'autobahn';
import { obey, options, pack, say, unpack } from './common.mjs';

const makers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};
const connection = new autobahn.Connection({
  url: options.url,
  realm: options.realm,
  max_retries: 0,
  ...(options.serializer && { serializers: [makers[options.serializer]()] }),
  ...(options.ticket && { authmethods: ['ticket'], authid: options.authid, onchallenge: () => options.ticket }),
  ...(options.certificate && { authmethods: ['tls'], ...(options.authid && { authid: options.authid }) }),
});
const subscriptions = new Map();
const registrations = new Map();

let joined = false; // `connection.session` is there before WELCOME, too
connection.onclose = (reason, details) => {
  say(joined ? { left: details.reason ?? reason } : { refused: details.reason ?? reason });
  return true;
};
connection.onopen = (session, details) => {
  joined = true;
  say({ joined: session.id, authid: details.authid, authrole: details.authrole, authmethod: details.authmethod, protocol: connection.transport?.info?.protocol });
  obey({
    async subscribe({ topic, options: how }) {
      const onEvent = (args, kwargs) => say({ event: topic, args: pack(args ?? []), kwargs: pack(kwargs ?? {}) });
      subscriptions.set(topic, await session.subscribe(topic, onEvent, how));
    },
    async unsubscribe({ topic }) {
      await session.unsubscribe(subscriptions.get(topic));
    },
    async publish({ topic, args, kwargs, options: how }) {
      await session.publish(topic, unpack(args ?? []), unpack(kwargs ?? {}), { acknowledge: true, ...how });
    },
    async register({ procedure, kind, options: how }) {
      const endpoint = (args, kwargs) => {
        say({ invocation: procedure, args: pack(args ?? []), kwargs: pack(kwargs ?? {}) });
        if (kind === 'fail') throw new autobahn.Error('com.test.error.failed', args, kwargs);
        return args?.length ? args[0] : null;
      };
      registrations.set(procedure, await session.register(procedure, endpoint, how));
    },
    async unregister({ procedure }) {
      await session.unregister(registrations.get(procedure));
    },
    async call({ procedure, args, kwargs }) {
      try {
        return { result: pack(await session.call(procedure, unpack(args ?? []), unpack(kwargs ?? {}))) };
      } catch (error) {
        if (!(error instanceof autobahn.Error)) throw error;
        return { error: error.error, args: pack(error.args ?? []), kwargs: pack(error.kwargs ?? {}) };
      }
    },
    leave() {
      return new Promise((resolve) => {
        let joined = false; // `connection.session` is there before WELCOME, too
connection.onclose = (reason, details) => {
          resolve({ reason: details.reason ?? reason });
          return true;
        };
        connection.close();
      });
    },
  });
};
connection.open();
