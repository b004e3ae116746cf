// wampy.js in Node.js: `node wampy_js.cjs CONFIG...`. What to do is in scenario.cjs.
'use strict';

const { Wampy } = require('wampy');
const { play, saw, serving } = require('./scenario.cjs');

const SERIALIZERS = {
  json: () => new (require('wampy/JsonSerializer.js').JsonSerializer)(),
  msgpack: () => new (require('wampy/MsgpackSerializer.js').MsgpackSerializer)(),
  cbor: () => new (require('wampy/CborSerializer.js').CborSerializer)(),
};

function client(config, more = {}) {
  const options = { ws: WebSocket, realm: config.realm, serializer: SERIALIZERS[config.serializer](), maxRetries: 0 };
  return new Wampy(config.url, { ...options, reconnectInterval: 300, ...more });
}

const unpacked = ({ argsList = [], argsDict = {}, details }) => ({ args: argsList, kwargs: argsDict, details });
const packed = ({ args: argsList = [], kwargs: argsDict = {} }) => ({ argsList, argsDict });

class Session {
  cancelModes = ['kill', 'killnowait'];

  constructor(wampy, details) {
    Object.assign(this, { wampy, details, id: wampy.getSessionId() });
  }

  call(procedure, args, kwargs, { onProgress, ...options } = {}) {
    if (onProgress) options.progress_callback = (result) => onProgress(unpacked(result));
    const promise = this.wampy.call(procedure, packed({ args, kwargs }), options);
    const { reqId } = this.wampy.getOpStatus();
    const result = promise.then(unpacked, (error) => {
      throw { error: error.errorUri, args: error.argsList, kwargs: error.argsDict };
    });
    return { result, cancel: (mode) => this.wampy.cancel(reqId, { mode }) };
  }

  register(procedure, endpoint, options) {
    const invoked = async (invocation) => {
      const progress = (args) => invocation.result_handler({ argsList: args, options: { progress: true } });
      try {
        return packed(await endpoint(invocation.argsList ?? [], invocation.argsDict ?? {}, progress));
      } catch ({ error, args, kwargs }) {
        throw { error, argsList: args, argsDict: kwargs };
      }
    };
    return this.wampy.register(procedure, invoked, options);
  }

  subscribe(topic, received, options) {
    return this.wampy.subscribe(topic, (event) => received({ ...unpacked(event), ...event.details }), options);
  }

  async publish(topic, args, kwargs, options) {
    return (await this.wampy.publish(topic, packed({ args, kwargs }), options)).publicationId;
  }

  async leave() {
    await this.wampy.disconnect();
    return 'wamp.close.goodbye_and_out'; // it does not tell
  }
}

async function join(config, ticket) {
  const proof = ticket === undefined ? {} : { authid: config.authid, authmethods: ['ticket'], onChallenge: () => ticket };
  const wampy = client(config, { autoReconnect: false, ...proof });
  try {
    return new Session(wampy, await wampy.connect());
  } catch (error) {
    throw { error: error.errorUri ?? String(error) };
  }
}

async function serve(config) {
  // It registers and subscribes again by itself, all at once.
  const wampy = client(config, { onReconnectSuccess: () => setTimeout(() => saw('serving', true), 200) });
  await serving(config, new Session(wampy, await wampy.connect()));
}

play({ join, serve });
