// A connection to the router that is never given up. Subscriptions and registrations are remembered and made anew.
//
// autobahn.js takes several transports, but never tries another one than the first. So each try has one of them: first
// WebSocket, and if that does not come through, long-poll at once. It begins with WebSocket every time: what blocked it may
// be gone.
//
//   state    {name: "closed"}                      before open(), and by close()
//            {name: "connecting"}
//            {name: "joined", realm, session, authid, authrole, authmethod, transport}
//            {name: "waiting", reason, refused, until}     until: when the next try is due, in ms as Date.now() gives them;
//                                                          refused: the credentials were, so it is a long time

import { Attempt } from "./attempt.js";
import { Stream, call } from "./call.js";
import { NotConnected } from "./link.js";
import { Presence } from "./presence.js";
import { Pulse } from "./pulse.js";
import { Recent } from "./recovery.js";
import { Registration } from "./registration.js";
import { Retry } from "./retry.js";
import { Subscription } from "./subscription.js";
import { onAttention } from "./surroundings.js";

const STABLE_AFTER = 5000; // ms joined; a router that accepts and drops at once must not make the waiting short again
const HEARTBEAT = 25_000; // ms of silence until the router is asked whether it is there
const OWN = 5000; // publications remembered as our own

export class Connection extends EventTarget {
  state = { name: "closed" };
  #options;
  #transports;
  #way = 0; // the one that is tried, or in use
  #attempt = null;
  #link = null;
  #pulse = null;
  #lasting = new Set(); // subscriptions and registrations
  #own = new Recent(OWN);
  #retry;
  #timer = 0;
  #deaf = null; // stops listening to the surroundings

  // `url` is that of WebSocket, `fallback` that of long-poll or null; `login` is one of login.js, null for none. `options` are
  // {authid, authextra, autobahn, heartbeat, retry: {first, longest}, serializer}.
  constructor({ url, realm, fallback = null, login = null, heartbeat = HEARTBEAT, retry, serializer, ...options }) {
    super();
    this.realm = realm;
    this.login = login;
    this.#options = { ...options, heartbeat };
    this.#retry = new Retry(retry);
    const serializers = serializer && [serializer];
    this.#transports = [{ type: "websocket", url, ...(serializers && { serializers }) }];
    if (fallback !== null) this.#transports.push({ type: "longpoll", url: fallback });
  }

  open() {
    if (this.#attempt) return;
    if (!this.#autobahn) throw new Error("autobahn.js is not there: load it before, or give it as the option `autobahn`");
    this.#deaf ??= onAttention(() => this.#look(), () => this.#leave());
    this.#begin();
  }

  close() {
    this.#deaf?.();
    this.#deaf = null;
    this.#giveUp();
    if (this.state.name !== "closed") this.#tell({ name: "closed" });
  }

  // Does not wait any longer.
  retryNow() {
    if (this.state.name === "waiting") this.#begin();
  }

  // The autobahn.Session, null while there is none.
  get session() {
    return this.#link?.session ?? null;
  }

  // Resolves to what autobahn.js gives. Options are WAMP's, and `onprogress(args, kwargs)` and `signal`, an AbortSignal. The
  // promise has `cancel()`.
  call(procedure, args, kwargs, options) {
    return call(this.#link, procedure, args, kwargs, options);
  }

  // A call whose arguments come in pieces.
  stream(procedure, options) {
    return new Stream(this.#link, procedure, options);
  }

  // Resolves to the publication when the router has it.
  async publish(topic, args, kwargs, options) {
    const link = this.#link;
    if (!link) throw new NotConnected();
    const act = () => link.session.publish(topic, args, kwargs, { ...options, acknowledge: true });
    const publication = await link.ask(act);
    if (options?.exclude_me !== false) this.#own.add(publication.id);
    return publication;
  }

  // `handler(args, kwargs, event)` is called until `cancel()`.
  subscribe(topic, handler, options) {
    const isOwn = (publication) => this.#own.has(publication);
    return this.#keep(new Subscription({ ...this.#home(), isOwn }, topic, handler, options));
  }

  // `endpoint(args, kwargs, details)` answers calls until `cancel()`.
  register(procedure, endpoint, options) {
    return this.#keep(new Registration(this.#home(), procedure, endpoint, options));
  }

  // Enters a room of a presence worker; see presence.js.
  presence(uri, room, state, onchange) {
    return new Presence(this, uri, room, state, onchange);
  }

  #keep(lasting) {
    this.#lasting.add(lasting);
    if (this.#link) lasting.make(this.#link);
    return lasting;
  }

  #home() {
    return {
      gone: (lasting) => this.#lasting.delete(lasting),
      problem: (what, uri, error) => this.#complain({ what, uri, error }),
    };
  }

  get #autobahn() {
    return this.#options.autobahn ?? globalThis.autobahn;
  }

  #begin() {
    this.#way = 0;
    this.#tell({ name: "connecting" });
    this.#try();
  }

  #try() {
    clearTimeout(this.#timer);
    const { authid, authextra } = this.#options;
    const { realm, login } = this;
    const autobahn = this.#autobahn;
    const attempt = new Attempt(
      { autobahn, transport: this.#transports[this.#way], realm, login, authid, authextra },
      { joined: (link, details) => this.#joined(link, details), lost: (end) => this.#lost(end) },
    );
    this.#attempt = attempt;
    attempt.begin();
  }

  #joined(link, { realm = this.realm, authid, authrole, authmethod }) {
    this.#timer = setTimeout(() => this.#retry.over(), STABLE_AFTER);
    this.#link = link;
    const transport = this.#transports[this.#way].type;
    // Long-poll asks again all the time, and notices by itself.
    const heartbeat = transport === "websocket" ? this.#options.heartbeat : 0;
    this.#pulse = new Pulse(link, heartbeat, () => this.#attempt?.abandon("The router has fallen silent"));
    for (const lasting of [...this.#lasting]) lasting.make(link);
    this.#tell({ name: "joined", realm, session: link.session.id, authid, authrole, authmethod, transport });
  }

  // `end` is what an attempt tells.
  #lost({ reason, refused, reached }) {
    clearTimeout(this.#timer);
    const wasJoined = this.#link !== null;
    this.#attempt = null;
    this.#part();
    if (!wasJoined && !reached && this.#way + 1 < this.#transports.length) {
      this.#way += 1;
      this.#try();
      return;
    }
    const pause = this.#retry.next({ refused, renews: this.login?.renews ?? false });
    this.#timer = setTimeout(() => this.#begin(), pause);
    this.#tell({ name: "waiting", reason, refused, until: Date.now() + pause });
  }

  #giveUp() {
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.giveUp();
    this.#part();
  }

  #part() {
    this.#pulse?.stop();
    this.#pulse = this.#link = null;
    for (const lasting of this.#lasting) lasting.lost();
  }

  // The network may be there again; or the session is not any more, and nobody has noticed.
  #look() {
    if (this.state.name === "joined") this.#pulse.check();
    if (this.state.name === "waiting" && !this.state.refused) this.retryNow();
  }

  // Nobody is here until the page is shown again, and others are to know that.
  #leave() {
    this.#giveUp();
    this.#tell({ name: "waiting", reason: "The page was left", refused: false, until: Date.now() });
  }

  #complain(problem) {
    console.warn(`could not ${problem.what}`, problem.uri, problem.error.error ?? problem.error);
    this.dispatchEvent(new CustomEvent("problem", { detail: problem }));
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
