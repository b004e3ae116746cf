// The scenario, for every JavaScript client. What must be seen is in scenario.py.
//
// A client brings `join(config, ticket)` and `serve(config)`, and sessions with `id`, `details`, `cancelModes`, `call`,
// `register`, `subscribe`, `publish` and `leave`, so that their differences end there.
'use strict';

const PATIENCE = 5000; // milliseconds to wait for what must come

const saw = (what, value) => process.stdout.write(JSON.stringify({ saw: what, value: value ?? null }) + '\n');

// A promise with its `resolve`, for what must happen.
function awaited(what) {
  let resolve;
  const promise = new Promise((done, fail) => {
    const alarm = setTimeout(() => fail(new Error(`no ${what}`)), PATIENCE);
    resolve = (value) => {
      clearTimeout(alarm);
      done(value);
    };
  });
  return Object.assign(promise, { resolve });
}

const refused = (promise) =>
  promise.then(
    (value) => ({ unexpected: value }),
    (error) => error,
  );

async function converse(config, { join }) {
  const one = await join(config);
  const other = await join(config);
  saw('welcome', one.details.authrole);
  await calls(config, one, other);
  await cancellations(config, one, other);
  await shared(config, one, other);
  await events(config, one, other);
  await publications(config, one, other);
  saw('goodbye', await one.leave());
}

async function calls({ prefix, binary }, one, other) {
  await other.register(`${prefix}.answer`, (args, kwargs) => ({ args, kwargs }));
  await other.register(`${prefix}.fail`, () => {
    throw { error: 'com.example.error.broken', args: ['why'], kwargs: { how: 'badly' } };
  });
  await other.register(`${prefix}.count`, ([to], _, progress) => {
    for (let number = 0; number < to; number++) progress?.([number]);
    return { args: ['done'] };
  });
  const answer = await one.call(`${prefix}.answer`, [1, 'zwei', 'три'], { four: 4.5, none: null }).result;
  saw('call', [answer.args, answer.kwargs]);
  saw('call without arguments', (await one.call(`${prefix}.answer`).result).args[0]);
  if (binary) {
    const [octets] = (await one.call(`${prefix}.answer`, [Buffer.from([0, 1, 254, 255])], {}).result).args;
    saw('binary', [octets instanceof Uint8Array, Buffer.from(octets).toString('hex')]);
  }
  const many = Array.from({ length: 50 }, (_, n) => one.call(`${prefix}.answer`, [n, 'x'.repeat((n % 5) * 5000)]).result);
  saw('many calls at once', (await Promise.all(many)).every(({ args }, n) => args[0] === n));
  const failure = await refused(one.call(`${prefix}.fail`).result);
  saw('error', [failure.error, failure.args, failure.kwargs]);
  saw('no such procedure', (await refused(one.call(`${prefix}.nothing`).result)).error);
  const progress = [];
  const onProgress = ({ args }) => progress.push(args[0]);
  const done = await one.call(`${prefix}.count`, [3], {}, { onProgress }).result;
  saw('progressive results', [progress, done.args[0]]);
}

async function cancellations({ prefix }, one, other) {
  let invoked;
  await other.register(`${prefix}.sleep`, () => {
    invoked.resolve();
    return new Promise(() => {});
  });
  for (const mode of one.cancelModes) {
    invoked = awaited('INVOCATION');
    const call = one.call(`${prefix}.sleep`);
    const canceled = refused(call.result);
    await invoked;
    call.cancel(mode);
    saw(`cancel, ${mode}`, (await canceled).error);
  }
  invoked = awaited('INVOCATION');
  saw('timeout', (await refused(one.call(`${prefix}.sleep`, [], {}, { timeout: 100 }).result)).error);
}

async function shared({ prefix }, one, other) {
  const procedure = `${prefix}.shared`;
  await one.register(procedure, () => ({ args: ['one'] }), { invoke: 'roundrobin' });
  await other.register(procedure, () => ({ args: ['other'] }), { invoke: 'roundrobin' });
  const answers = [];
  for (let turn = 0; turn < 4; turn++) answers.push((await one.call(procedure).result).args[0]);
  saw('shared registration', answers);
}

async function events({ prefix }, one, other) {
  const received = {};
  for (const [match, topic] of [
    ['exact', `${prefix}.topic.one`],
    ['prefix', `${prefix}.top`],
    ['wildcard', `${prefix}..one`],
  ]) {
    received[match] = awaited(`EVENT of the ${match} subscription`);
    await other.subscribe(topic, received[match].resolve, { match });
  }
  const publication = await one.publish(`${prefix}.topic.one`, [1, 'zwei'], { three: [3] });
  for (const match in received) {
    const event = await received[match];
    // Only a pattern subscription is told the topic; autobahn.js fills in the one of an exact subscription.
    saw(`event, ${match}`, [event.args, event.kwargs, (event.topic ?? `${prefix}.topic.one`) === `${prefix}.topic.one`]);
    if (event.publication) saw(`publication, ${match}`, event.publication === publication);
  }
}

async function publications({ prefix }, one, other) {
  const topic = `${prefix}.news`;
  const received = { one: [], other: [] };
  const ended = { one: awaited('last EVENT of one'), other: awaited('last EVENT of other') };
  const reader = (name) => (event) => (event.args[0] === 'end' ? ended[name].resolve() : received[name].push(event.args[0]));
  await one.subscribe(topic, reader('one'));
  await other.subscribe(topic, reader('other'));
  await one.publish(topic, ['to others']);
  await one.publish(topic, ['to all'], {}, { exclude_me: false });
  await one.publish(topic, ['to other'], {}, { exclude_me: false, eligible: [other.id] });
  await one.publish(topic, ['not to other'], {}, { exclude_me: false, exclude: [other.id] });
  await one.publish(topic, ['end']);
  await other.publish(topic, ['end']);
  await Promise.all([ended.one, ended.other]);
  saw('receivers', received);
}

async function authenticate(config, { join }) {
  const { authid, authrole, authmethod } = (await join(config, config.ticket)).details;
  saw('welcome', [authid, authrole, authmethod]);
  saw('wrong ticket', (await refused(join(config, 'wrong'))).error);
  saw('no ticket', (await refused(join(config))).error);
}

// Registers and subscribes, each time anew that a session is joined.
async function serving({ prefix }, session) {
  const seen = [];
  await session.register(`${prefix}.echo`, (args) => ({ args: [args] }));
  await session.register(`${prefix}.relay`, async ([procedure, ...args]) => session.call(procedure, args, {}).result);
  await session.register(`${prefix}.progress`, async ([procedure]) => {
    const progress = [];
    const onProgress = ({ args }) => progress.push(args[0]);
    const { args } = await session.call(procedure, [], {}, { onProgress }).result;
    return { args: [[progress, args[0]]] };
  });
  await session.register(`${prefix}.publish`, async ([topic, ...args]) => ({
    args: [(await session.publish(topic, args, {}, { exclude_me: false })) > 0],
  }));
  await session.register(`${prefix}.seen`, () => ({ args: [seen] }));
  await session.subscribe(`${prefix}.inbox`, (event) => seen.push(event.args[0]));
  saw('serving', true);
}

async function play(client) {
  const configs = process.argv.slice(2).map((config) => JSON.parse(config));
  const plays = { converse, authenticate, serve: client.serve };
  try {
    for (const config of configs) {
      saw('way', [config.transport, config.serializer]);
      await plays[config.play](config, client);
    }
    if (configs[0].play !== 'serve') process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

module.exports = { play, saw, serving };
