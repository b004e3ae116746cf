// autobahn.js in Node.js: `node autobahn_js.cjs CONFIG...`. What to do is in scenario.cjs.
'use strict';

const { play, serving } = require('./scenario.cjs');

const SERIALIZERS = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' };

globalThis.XMLHttpRequest ??= require('./xml_http_request.cjs'); // Node.js has none; long-poll needs it

console.warn = console.error; // it tells about every connection on the standard output otherwise

function connection(config) {
  const autobahn = require(config.package);
  return new autobahn.Connection({
    transports: [{ type: config.transport, url: config.url, serializers: [new autobahn.serializer[SERIALIZERS[config.serializer]]()] }],
    realm: config.realm,
    initial_retry_delay: 0.2,
    max_retry_delay: 0.5,
    use_deferred: require('when').defer, // plain promises have no progress
    on_user_error: () => {}, // procedures fail on purpose here
  });
}

class Session {
  // It forgets a call that it cancels in another mode, and closes the connection at the router's answer.
  cancelModes = ['kill'];

  constructor(autobahn, session, details) {
    Object.assign(this, { autobahn, session, details, id: session.id });
  }

  unpacked(result) {
    if (result instanceof this.autobahn.Result) return result;
    return { args: result === null ? [] : [result], kwargs: {} };
  }

  call(procedure, args, kwargs, { onProgress, ...options } = {}) {
    if (onProgress) options.receive_progress = true;
    const promise = this.session.call(procedure, args, kwargs, options);
    const result = promise.then((value) => this.unpacked(value), null, (value) => onProgress?.(this.unpacked(value)));
    return { result, cancel: (mode) => promise.cancel({ mode }) };
  }

  register(procedure, endpoint, options) {
    const invoked = async (args, kwargs, details) => {
      try {
        const { args: results = [], kwargs: more = {} } = await endpoint(args, kwargs, details.progress);
        return new this.autobahn.Result(results, more);
      } catch (error) {
        throw new this.autobahn.Error(error.error, error.args, error.kwargs);
      }
    };
    return this.session.register(procedure, invoked, options);
  }

  subscribe(topic, received, options) {
    return this.session.subscribe(topic, (args, kwargs, event) => received({ args, kwargs, ...event }), options);
  }

  async publish(topic, args, kwargs, options) {
    const published = await this.session.publish(topic, args, kwargs, { acknowledge: true, ...options });
    return published.id;
  }

  leave() {
    return new Promise((resolve) => {
      this.connection.onclose = (_, details) => resolve(details.reason);
      this.connection.close();
    });
  }
}

function join(config) {
  return new Promise((resolve, reject) => {
    const opened = connection(config);
    opened.onopen = (session, details) => {
      const joined = new Session(require(config.package), session, details);
      joined.connection = opened;
      resolve(joined);
    };
    opened.onclose = (reason, details) => {
      reject({ error: details.reason ?? reason });
      return true;
    };
    opened.open();
  });
}

function serve(config) {
  const opened = connection(config);
  opened.onopen = (session, details) => serving(config, new Session(require(config.package), session, details));
  opened.open();
}

play({ join, serve });
