// A connection to the router that is never given up.
//
// Stock autobahn.js stops for good after 15 tries, and at once after GOODBYE or ABORT. So each of its connections is
// used for one try only, and the waiting in between is done here. Subscriptions are remembered and made anew.
//
// It takes several transports, too, but never tries another one than the first. So each has one of them: first WebSocket,
// and if that does not come through, long-poll at once. It begins with WebSocket every time: what blocked it may be gone.
//
//   state    {name: "connecting"}
//            {name: "joined", realm, session, authid, authrole, transport}
//            {name: "waiting", reason, until}       until: when the next try is due, in ms as Date.now() gives them
//            {name: "closed"}                       by close()

const FIRST_RETRY = 1000; // ms; a router that restarts is back by then
const LONGEST_RETRY = 30_000;
const RETRY_GROWTH = 1.6;
const STABLE_AFTER = 5000; // ms joined; a router that accepts and drops at once must not make the waiting short again
const PATIENCE = 10_000; // ms from opening to WELCOME

export class Connection extends EventTarget {
  #current = null; // the autobahn.Connection of this try; one that is not current any more is not listened to
  #session = null;
  #subscriptions = new Set();
  #delay = FIRST_RETRY;
  #timer = 0;
  #transports = [];
  #way = 0; // the one that is tried, or in use

  // `fallback` is the URL of long-poll, or null.
  constructor({ url, realm, fallback = null }) {
    super();
    this.realm = realm;
    this.#transports.push({ type: "websocket", url });
    if (fallback !== null) this.#transports.push({ type: "longpoll", url: fallback });
    this.state = { name: "connecting" };
    addEventListener("online", () => this.retryNow());
  }

  open() {
    this.#way = 0;
    this.#tell({ name: "connecting" });
    this.#try();
  }

  #try() {
    clearTimeout(this.#timer);
    const transports = [this.#transports[this.#way]];
    const current = new autobahn.Connection({ transports, realm: this.realm, max_retries: 0 });
    this.#current = current;
    current.onopen = (session, details) => {
      if (current === this.#current) this.#joined(session, details);
      else current.close(); // it was given up, and came through after all
    };
    current.onclose = (reason, details) => {
      if (current === this.#current) this.#lost(sentence(reason, details), details.reason);
      return true; // autobahn.js is not to retry by itself
    };
    this.#timer = setTimeout(() => this.#abandon("The router does not answer"), PATIENCE);
    current.open();
  }

  close() {
    clearTimeout(this.#timer);
    const current = this.#current;
    this.#current = this.#session = null;
    if (current?.isConnected) current.close();
    this.#tell({ name: "closed" });
  }

  retryNow() {
    if (this.state.name === "waiting") this.open();
  }

  get session() {
    return this.#session;
  }

  // Resolves to the result; `options.onprogress` is told of each progressive one. The promise has `cancel()`.
  call(procedure, args, kwargs, { onprogress, ...options } = {}) {
    if (onprogress) options.receive_progress = true;
    const pending = this.#joinedSession().call(procedure, args, kwargs, options);
    const result = new Promise((resolve, reject) => pending.then(resolve, reject, onprogress));
    // "kill" is the one mode that stock autobahn.js survives: in the others it forgets the call, and then takes the
    // router's answer for a protocol violation.
    result.cancel = () => pending.cancel({ mode: "kill" });
    return result;
  }

  async publish(topic, args, kwargs, options) {
    return this.#joinedSession().publish(topic, args, kwargs, { ...options, acknowledge: true });
  }

  // `handler(args, kwargs, event)` is called until `cancel()`, across reconnects. `ready` settles with the first answer.
  subscribe(topic, handler, { match = "exact" } = {}) {
    const subscription = { topic, match, handler, made: null };
    this.#subscriptions.add(subscription);
    subscription.ready = this.#session ? this.#make(subscription) : Promise.resolve();
    subscription.cancel = () => {
      this.#subscriptions.delete(subscription);
      if (this.#session && subscription.made?.active) this.#session.unsubscribe(subscription.made);
    };
    return subscription;
  }

  async #make(subscription) {
    const session = this.#session;
    const receive = (args, kwargs, event) => {
      if (this.#subscriptions.has(subscription)) subscription.handler(args, kwargs, event);
    };
    const made = await session.subscribe(subscription.topic, receive, { match: subscription.match });
    if (session !== this.#session) return;
    subscription.made = made;
    if (!this.#subscriptions.has(subscription)) session.unsubscribe(made); // cancelled while the request was under way
  }

  #joined(session, details) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#delay = FIRST_RETRY), STABLE_AFTER);
    this.#session = session;
    for (const subscription of this.#subscriptions) {
      this.#make(subscription).catch((error) => this.#report(subscription, error));
    }
    const { authid, authrole } = details;
    const transport = this.#transports[this.#way].type;
    this.#tell({ name: "joined", realm: details.realm ?? this.realm, session: session.id, authid, authrole, transport });
  }

  #report(subscription, error) {
    if (this.#session) console.warn("not subscribed again", subscription.topic, error.error ?? error);
  }

  // `said` is what the router itself gave as the reason, if it did: then there was nothing wrong with the transport.
  #lost(reason, said = null) {
    clearTimeout(this.#timer);
    const hadSession = this.#session !== null;
    this.#session = null;
    this.#current = null;
    if (!hadSession && !said && this.#way + 1 < this.#transports.length) {
      this.#way += 1;
      this.#try();
      return;
    }
    const pause = this.#delay * (0.75 + Math.random() / 2); // many browsers must not come back in lockstep
    this.#delay = Math.min(this.#delay * RETRY_GROWTH, LONGEST_RETRY);
    this.#timer = setTimeout(() => this.open(), pause);
    this.#tell({ name: "waiting", reason, until: Date.now() + pause });
  }

  #abandon(reason) {
    const silent = this.#current;
    this.#lost(reason);
    try {
      silent.close();
    } catch {
      // A long-poll that is not open yet cannot be closed; autobahn.js gives it up by itself.
    }
  }

  #joinedSession() {
    if (!this.#session) throw new Error("not connected");
    return this.#session;
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

// Why a connection ended, for people. `details.reason` is the URI of a GOODBYE or ABORT, null when the transport broke.
function sentence(reason, details) {
  if (details.reason) return `The router said ${details.reason}${details.message ? ` (${details.message})` : ""}`;
  if (reason === "unreachable") return "The router cannot be reached";
  return "Connection lost";
}
