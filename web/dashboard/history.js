// What the router did in the last minutes: wamplex.node.on_stats, each second, as samples that charts can draw.
//
// A sample has numbers of the whole router: what is (sessions, calls, ...) and, of what only grows, how much of it a
// second (messages_received, errors, ..., cpu). `realms` has the same by realm, `stats` the event as it came. Where
// nothing is known, as there was no connection or the router has just begun, they are null.

import { Rates } from "./parts/units.js";

const SECONDS = 300;
const NOW = ["sessions", "paused", "subscriptions", "registrations", "calls", "queued", "octets_waiting"];
const GROWING = ["messages_received", "messages_sent", "octets_received", "octets_sent", "events_dropped", "errors"];
const SAME_START = 2; // seconds by which two calculations of when the router started may differ

export class History extends EventTarget {
  samples = [];
  #connection;
  #rates = new Rates();
  #started = null;

  constructor(connection) {
    super();
    this.#connection = connection;
    const subscription = connection.subscribe("wamplex.node.on_stats", ([stats]) => this.#take(stats));
    subscription.ready.catch(() => {}); // ask() says why
    connection.addEventListener("state", () => connection.session === null && this.last?.stats && this.#gap());
  }

  get last() {
    return this.samples.at(-1);
  }

  // The numbers of now, before the first event comes.
  async ask() {
    const stats = await this.#connection.call("wamplex.node.stats");
    if (stats.uptime !== this.last?.stats?.uptime) this.#take(stats);
  }

  #take(stats) {
    const seconds = Date.parse(stats.time) / 1000;
    const started = seconds - stats.uptime;
    if (this.#started === null || Math.abs(started - this.#started) > SAME_START) this.#rates = new Rates();
    this.#started = started;
    const process = this.#rates.of("", stats.uptime, { cpu: stats.cpu });
    const realms = stats.realms.map((realm) => this.#realm(realm, stats.uptime));
    const { memory, lag, connections } = stats;
    const sample = { seconds, stats, realms, cpu: process?.cpu ?? null, memory, lag, connections };
    for (const name of NOW) sample[name] = realms.reduce((sum, realm) => sum + realm[name], 0);
    for (const name of GROWING) sample[name] = sumOf(realms.map(({ rates }) => rates?.[name] ?? null));
    this.#keep(sample);
  }

  #realm(realm, uptime) {
    const counters = Object.fromEntries(GROWING.map((name) => [name, realm[name]]));
    const rates = this.#rates.of(realm.realm, uptime, counters);
    const { messages_received = null, messages_sent = null, errors = null } = rates ?? {};
    return { ...realm, rates, in: messages_received, out: messages_sent, failed: errors };
  }

  #gap() {
    const names = [...NOW, ...GROWING, "cpu", "memory", "lag", "connections"];
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    this.#keep({ ...nothing, seconds: this.last.seconds + 0.5, stats: null, realms: this.last.realms });
  }

  #keep(sample) {
    if (sample.seconds <= this.last?.seconds) this.samples = []; // somebody has set the router's clock back
    this.samples.push(sample);
    while (this.samples[0].seconds < sample.seconds - SECONDS) this.samples.shift();
    this.dispatchEvent(new CustomEvent("sample", { detail: sample }));
  }
}

// Of what is known.
function sumOf(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) : null;
}
