// Catching up against a model: a router that is killed, forgets and loses its history, sessions that end at any moment,
// answers that come late, all in one process and by chance. WAMPLEX_SEED=<n> plays one round again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, NotConnected } from "../../../web/js/link.js";
import { Subscription } from "../../../web/js/subscription.js";

const ROUNDS = 2000;
const STEPS = 120;

// Numbers from 0 to 1 that a seed tells (mulberry32).
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const autobahn = {
  Result: class {
    constructor(args, kwargs) {
      Object.assign(this, { args, kwargs });
    }
  },
  Event: class {
    constructor(publication, topic) {
      Object.assign(this, { publication, topic, retained: false });
    }
  },
};

// A router with one client, whose messages pass one by one in both directions.
class World {
  events = []; // what is stored: {publication, topic}
  published = []; // all there ever was
  own = new Set(); // publications that the client knows to be its own
  retained = new Map(); // topic → event
  unsaved = 0; // how many of the stored ones a kill loses
  epoch = 1;
  forgotten = false;
  link = null;
  wire = { toRouter: [], toClient: [] };
  subscribed = new Map(); // "match topic" → what the session calls

  constructor(random) {
    this.random = random;
    this.limit = random() < 0.3 ? 100_000 : 1 + Math.floor(random() * (random() < 0.5 ? 20 : 1500));
    this.isLasting = random() < 0.7; // in a file
    this.denies = random() < 0.05;
    this.isKind = this.limit === 100_000 && this.isLasting; // nothing is ever lost
  }

  pick(...choices) {
    return choices[Math.floor(this.random() * choices.length)];
  }

  publish({ isOwn = false, isPrivate = false } = {}) {
    const event = { publication: this.published.length + 1, topic: this.pick("a", "a", "a.b", "c"), isOwn, isPrivate };
    this.published.push(event);
    if (!isPrivate) {
      if (this.random() < 0.1) this.retained.set(event.topic, event);
      this.events.push(event);
      this.unsaved += 1;
      if (this.events.length > this.limit) {
        this.events.shift();
        this.forgotten = true;
      }
    }
    if (isOwn) {
      this.unsaved = 0; // it is acknowledged
      this.send(() => this.own.add(event.publication));
    } else if (!this.link) event.isMissed = true;
    else for (const [key, listening] of this.subscribed) if (isOf(event, key)) this.tell(event, listening, false);
  }

  tell({ publication, topic }, listening, retained) {
    this.send(() => {
      for (const [handler, made] of [...listening]) handler([publication], {}, { publication, topic, retained }, made);
    });
  }

  send(act) {
    if (this.link) this.wire.toClient.push(act);
  }

  join(subscriptions) {
    if (this.link) return;
    const session = { isOpen: true, subscriptions: [] };
    const ask = (answer) =>
      new Promise((resolve, reject) => {
        const settle = (value) => (value?.error ? reject(value) : resolve(value));
        this.wire.toRouter.push(() => {
          const { value, act = () => {}, then = () => {} } = answer();
          this.send(() => {
            act();
            settle(value);
          });
          then();
        });
      });
    session.subscribe = (topic, handler, { match = "exact", get_retained }) => {
      const key = `${match} ${topic}`;
      const made = { id: key, active: true, session, on_unsubscribe: new Promise(() => {}) };
      return ask(() => {
        const listening = this.subscribed.get(key) ?? [];
        this.subscribed.set(key, listening);
        const since = this.published.length;
        const value = Object.assign(made, { since });
        const act = () => {
          if (listening.length === 0) session.subscriptions.push(listening.mades ??= []);
          listening.push([handler, made]);
          listening.mades.push(made);
        };
        const retained = [...this.retained.values()].filter((event) => get_retained && isOf(event, key) && !event.isOwn);
        return { value, act, then: () => retained.forEach((event) => this.tell(event, listening, true)) };
      });
    };
    session.unsubscribe = (made) => {
      made.active = false;
      const listening = this.subscribed.get(made.id);
      listening.splice(listening.findIndex(([, one]) => one === made), 1);
      listening.mades.splice(listening.mades.indexOf(made), 1);
      return Promise.resolve();
    };
    session.call = (procedure, [key], filters) =>
      ask(() => {
        this.unsaved = 0; // who reads has it written
        if (this.denies) return { value: { error: "wamp.error.not_authorized" } };
        return { value: procedure === "wamplex.subscription.get_history" ? this.state(key) : this.read(key, filters) };
      });
    this.link = new Link(autobahn, session, { close() {} });
    for (const subscription of subscriptions) subscription.make(this.link);
  }

  state(key) {
    const last = this.events.findLast((event) => isOf(event, key))?.publication ?? null;
    return { recorded: true, epoch: `${this.epoch}`, last, forgotten: this.forgotten };
  }

  read(key, { limit, reverse, after_publication: after, before_publication: before }) {
    let events = this.events;
    for (const [named, cut] of [[after, (at) => events.slice(at + 1)], [before, (at) => events.slice(0, at)]]) {
      if (named === undefined) continue;
      const at = events.findIndex(({ publication }) => publication === named);
      if (at < 0) return new autobahn.Result([], { found: false });
      events = cut(at);
    }
    events = events.filter((event) => isOf(event, key));
    if (reverse) events.reverse();
    const shown = ({ publication, topic }) => ({ publication, details: { topic }, args: [publication] });
    const told = events.slice(0, limit).map(shown);
    return told.length > 1 ? new autobahn.Result(told, {}) : (told[0] ?? null);
  }

  drop(subscriptions) {
    const { link } = this;
    if (!link) return;
    this.link = null;
    link.session.isOpen = false;
    this.wire = { toRouter: [], toClient: [] };
    this.subscribed = new Map();
    link.lost();
    for (const subscription of subscriptions) subscription.lost();
  }

  kill(subscriptions) {
    this.drop(subscriptions);
    if (this.isLasting) {
      for (const event of this.events.splice(this.events.length - this.unsaved)) event.isUnsaved = true;
    } else {
      this.events = [];
      this.epoch += 1;
      this.forgotten = false;
    }
    this.retained.clear();
    this.unsaved = 0;
  }

  // Lets one message pass; returns whether there was one.
  pass() {
    const { toRouter, toClient } = this.wire;
    const one = toRouter.length && (this.random() < 0.5 || !toClient.length) ? toRouter.shift() : toClient.shift();
    one?.();
    return one !== undefined;
  }
}

const isOf = ({ topic }, key) => (key === "prefix " ? true : key === `exact ${topic}`);

// A subscription, and what it owes to whoever made it.
class Listener {
  heard = new Set();
  last = 0;
  first = null; // publications up to this one were before it
  since = null; // those up to this one may have been missed, as it was told so, or could not be owed yet
  told = [];
  early = []; // what came before

  constructor(world, options) {
    this.world = world;
    this.options = options;
    this.topic = options.match === "prefix" ? "" : "a";
    const home = { problem: assert.fail, gone() {}, isOwn: (publication) => world.own.has(publication) };
    const onrecovery = (told) => this.hear(told);
    this.subscription = new Subscription(home, this.topic, (...of) => this.receive(...of), { ...options, onrecovery });
    this.subscription.ready.then(() => (this.since ??= this.asked), () => {});
  }

  make(link) {
    const { subscribe } = link;
    const spied = Object.assign(Object.create(link), {
      subscribe: async (...of) => {
        const made = await subscribe.apply(link, of);
        this.asked = made.since;
        this.first ??= made.since;
        return made;
      },
    });
    Object.defineProperty(spied, "isOpen", { get: () => link.isOpen });
    for (const method of ["ask", "unsubscribe"]) spied[method] = (...of) => link[method](...of);
    this.subscription.make(spied);
  }

  lost() {
    this.subscription.lost();
  }

  receive([publication], kwargs, { topic, retained, recovered }) {
    const { recover, history } = this.options;
    const what = `${publication} of ${JSON.stringify(this.options)}`;
    assert.equal(topic, this.world.published[publication - 1].topic, what);
    assert(recover || !this.heard.has(publication) || retained, `twice: ${what}`);
    if (recover || history) assert(!this.heard.has(publication), `twice: ${what}`);
    const mayBeEarly = history > 0 && this.world.own.has(publication); // published by us in the very moment of subscribing
    if (!retained && !recovered) this.first ??= publication - 1;
    if (!retained && !mayBeEarly) {
      assert(publication > this.last, `${what} came behind ${this.last}`);
      this.last = publication;
    }
    if (recovered && recover && !history) assert(!this.world.own.has(publication), `our own ${what}`);
    if (recovered && recover && !history && publication <= this.first) this.early.push(what);
    this.heard.add(publication);
    if (this.world.random() < 0.01) throw new Error("broken handler");
  }

  hear(told) {
    this.told.push(told);
    if (this.told.every(({ recovered }) => recovered)) assert.deepEqual(this.early, [], "it came before we did");
    const isAlarm = this.options.recover && ![null, "failed", "denied"].includes(told.reason);
    assert(!this.world.isKind || !isAlarm, `false alarm: ${told.reason}`);
    if (!told.recovered) this.since = this.world.published.length;
  }

  check() {
    if (!this.options.recover || this.told.length === 0) return;
    const key = `${this.options.match} ${this.topic}`;
    const owed = this.world.published.filter(
      (event) => event.publication > this.since && isOf(event, key) && !event.isOwn && !event.isPrivate && !event.isUnsaved,
    );
    const missed = owed.map(({ publication }) => publication).filter((publication) => !this.heard.has(publication));
    assert.deepEqual(missed, [], `missed by ${JSON.stringify(this.options)}, who was told ${JSON.stringify(this.told)}`);
  }
}

async function play(seed) {
  const random = chance(seed);
  const world = new World(random);
  let listeners = [];
  const add = () => {
    const listener = new Listener(world, {
      match: world.pick("exact", "exact", "prefix"),
      recover: random() < 0.8,
      history: world.pick(0, 0, 0, 3, 700),
      get_retained: random() < 0.3,
    });
    listeners.push(listener);
    if (world.link) listener.make(world.link);
  };
  const settle = () => new Promise(setImmediate);
  const some = (most) => Array.from({ length: Math.ceil(random() * most) });
  const acts = [
    [30, () => world.publish()],
    [6, () => world.publish({ isPrivate: world.link !== null })],
    [6, () => world.link && world.publish({ isOwn: true })],
    [1, () => some(900).forEach(() => world.publish())],
    [4, () => (world.unsaved = 0)],
    [90, () => some(6).forEach(() => world.pass())],
    [12, () => world.join(listeners)],
    [5, () => world.drop(listeners)],
    [2, () => world.kill(listeners)],
    [2, () => listeners.length < 4 && add()],
    [1, () => listeners.length && listeners.splice(0, 1)[0].subscription.cancel()],
  ];
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  add();
  for (let step = 0; step < STEPS; step += 1) {
    let drawn = random() * total;
    const [, act] = acts.find(([weight]) => (drawn -= weight) < 0);
    act();
    if (random() < 0.8) await settle();
  }
  world.join(listeners);
  do {
    while (world.pass()) await settle();
    await settle();
  } while (world.wire.toRouter.length + world.wire.toClient.length);
  for (const listener of listeners) listener.check();
  return listeners.flatMap(({ told }) => told);
}

test("whatever happens, each event comes once and in order, or it is told that one may be missing", async () => {
  globalThis.reportError = (error) => {
    if (error.message !== "broken handler") failure ??= error;
  };
  let failure = null;
  const seeds = process.env.WAMPLEX_SEED ? [Number(process.env.WAMPLEX_SEED)] : Array.from({ length: ROUNDS }, (_, at) => at);
  const reasons = new Set();
  for (const seed of seeds) {
    try {
      const told = await play(seed).finally(() => {
        if (failure) throw failure; // it was first
      });
      for (const { reason } of told) reasons.add(reason);
    } catch (error) {
      throw new Error(`with WAMPLEX_SEED=${seed}: ${error.message}`, { cause: error });
    }
  }
  if (seeds.length > 1) assert.deepEqual([...reasons].sort(), ["denied", "evicted", "failed", "lost", null]);
});
