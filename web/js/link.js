// A session as long as it lasts, and what waits for its answers: autobahn.js would let that wait for ever.

export class NotConnected extends Error {
  constructor(message = "not connected") {
    super(message);
    this.name = "NotConnected";
  }
}

export class Link {
  isOpen = true;
  #waiting = new Set(); // called with the error when the session is lost
  #subscribing = new Map(); // "match topic" → how many SUBSCRIBEs are under way
  #settled = new Map(); // "match topic" → those who wait until there is none

  constructor(autobahn, session, wire) {
    this.autobahn = autobahn;
    this.session = session;
    this.wire = wire;
  }

  // The promise that `act` gets from autobahn.js, as one that is rejected when the session is lost.
  ask(act) {
    return new Promise((resolve, reject) => {
      const promise = this.begin(act);
      this.#waiting.add(reject);
      const settle = (done) => (value) => {
        this.#waiting.delete(reject);
        done(value);
      };
      promise.then(settle(resolve), settle(reject));
    });
  }

  // What `act` gives. Of a session that is about to end autobahn.js says so by throwing a mere text.
  begin(act) {
    if (!this.isOpen) throw new NotConnected();
    try {
      return act();
    } catch (error) {
      throw this.session.isOpen ? error : new NotConnected();
    }
  }

  async subscribe(topic, receive, options) {
    const key = `${options.match ?? "exact"} ${topic}`;
    this.#subscribing.set(key, (this.#subscribing.get(key) ?? 0) + 1);
    try {
      return await this.ask(() => this.session.subscribe(topic, receive, options));
    } finally {
      this.#subscribed(key);
    }
  }

  #subscribed(key) {
    const left = this.#subscribing.get(key) - 1;
    if (left > 0) return this.#subscribing.set(key, left);
    this.#subscribing.delete(key);
    const waiting = this.#settled.get(key) ?? [];
    this.#settled.delete(key);
    for (const go of waiting) go();
  }

  // autobahn.js shares one subscription among all of the same topic and match. Were its UNSUBSCRIBE under way together
  // with the SUBSCRIBE of another, UNSUBSCRIBED would end that one, too: so the one waits for the other.
  async unsubscribe(made, topic, match) {
    const key = `${match} ${topic}`;
    while (this.#subscribing.has(key)) {
      await new Promise((go) => this.#settled.set(key, [...(this.#settled.get(key) ?? []), go]));
    }
    if (this.isOpen && made.active) await this.ask(() => this.session.unsubscribe(made));
  }

  lost() {
    this.isOpen = false;
    this.wire.close();
    for (const reject of this.#waiting) reject(new NotConnected("connection lost"));
    this.#waiting.clear();
  }
}

// An error of the application's own code is shown where such errors show, and stops nothing.
export function report(error) {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}

// Calls what the application gave us; what it throws, or its promise is rejected with, is reported.
export function tell(callback, ...values) {
  try {
    const result = callback(...values);
    if (typeof result?.then === "function") result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}
