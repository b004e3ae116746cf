// What a subscription missed while it was away, from the router's history: each event once, and in order.
//
// Live events are held from the moment of SUBSCRIBE; the stored ones are fetched in pages and delivered, then the held ones
// that were not among them. Answers come behind the events that went before them, so whatever of a page also came live is
// held by the time the page is there; and a page that is not full has everything until then.
//
// What to ask for is told by the newest event that we have seen and the history still has. Not simply the last one: an
// event for chosen sessions is in no history, and a router that was killed may have lost what nobody acknowledged.

import { PAGE } from "./history.js";
import { NotConnected, tell } from "./link.js";

const SEEN = 1024; // events remembered; more than come between two moments when a router saves its history
const HELD = 10_000; // events held; beyond they are dropped, as the pages to come have them
const STARTS = 3; // times that paging begins anew because the history forgets faster than we read

const DENIED = new Set(["wamp.error.not_authorized", "wamp.error.authorization_failed"]);

export class Recovery {
  #options;
  #epoch = null;
  #seen = new Recent(SEEN);
  #start = null; // what was the last event before the first one for us
  #held = null; // live events that wait: [args, kwargs, event]
  #spilled = false; // some of them did not fit
  #round = 0; // catching up of an earlier session stops

  // `deliver(args, kwargs, event)`; `isOwn(publication)`: whether it is of this very client, which is told live of others'
  // events only. `onrecovery({recovered, events, reason})` or undefined.
  constructor(options) {
    this.#options = options;
  }

  hold() {
    this.#round += 1;
    this.#held = [];
    this.#spilled = false;
  }

  receive(args, kwargs, event) {
    if (this.#held === null) return this.#deliver(args, kwargs, event);
    if (this.#held.length === HELD) {
      this.#held = [];
      this.#spilled = true;
    }
    this.#held.push([args, kwargs, event]);
  }

  // The session is lost. What is held will be in the history next time; but if nothing came before it, and nothing was asked
  // for, it is good now.
  lost() {
    this.#round += 1;
    const isFirst = this.#epoch === null && this.#seen.size === 0 && !this.#options.history;
    if (isFirst && this.#held && !this.#spilled) this.#release();
    this.#held = null;
  }

  async catchUp(history) {
    const round = this.#round;
    let events = 0;
    const count = (stored) => {
      if (round !== this.#round) throw new NotConnected();
      for (const { args, kwargs, event } of stored) events += this.#deliver(args, kwargs, event);
      this.#forget(stored);
    };
    let reason = null;
    try {
      reason = await this.#fetch(history, count);
    } catch (error) {
      reason = reasonOf(error);
    }
    if (round !== this.#round || !history.isOpen) return; // the next session tries again
    this.#release();
    if (this.#options.onrecovery) tell(this.#options.onrecovery, { recovered: reason === null, events, reason });
  }

  // Hands what was stored to `deliver`, page by page; returns why something may be missing, null if nothing is.
  async #fetch(history, deliver) {
    const { recover, history: count } = this.#options;
    const isFirst = this.#epoch === null && this.#seen.size === 0;
    const { recorded, epoch, last } = await history.state();
    if (!recorded) return "unrecorded";
    const isLost = this.#epoch !== null && this.#epoch !== epoch;
    if (isFirst) {
      if (count) deliver(await history.newest(count));
      this.#epoch = epoch;
      this.#start = last;
      return null;
    }
    let reason = null;
    if (recover && !isLost) reason = await this.#missed(history, deliver);
    else if (recover && !count) await this.#pages(history, null, deliver); // all there is
    else reason = await this.#newest(history, deliver);
    this.#epoch = epoch;
    return isLost ? "lost" : reason;
  }

  // Without `recover`, and where the thread is lost: the newest ones that did not come before.
  async #newest(history, deliver) {
    const newest = await history.newest(this.#options.history);
    const isWhole = newest.length === 0 || newest.some(({ event }) => this.#seen.has(event.publication));
    deliver(newest);
    return isWhole ? null : "evicted";
  }

  // All that came since the newest event that we have seen.
  async #missed(history, deliver) {
    let reason = null;
    let cursor = this.#seen.newestFirst()[0] ?? null;
    for (let start = 0; start < STARTS; start += 1) {
      if (await this.#pages(history, cursor, deliver)) return this.#spilled ? "spilled" : reason;
      cursor = await this.#cursor(history);
      if (cursor !== null) continue;
      reason = "evicted";
      if (!this.#options.history) continue; // all there is
      await this.#newest(history, deliver);
      break;
    }
    return reason ?? "evicted";
  }

  // From a publication on; returns whether it came to the end.
  async #pages(history, from, deliver) {
    for (let last = from; ; ) {
      const { events, found } = await history.after(last);
      if (!found) return false;
      deliver(events);
      if (events.length < PAGE) return true;
      last = events.at(-1).event.publication;
    }
  }

  // An event seen that is still stored, a new one if not the newest; null if there is none.
  async #cursor(history) {
    const seen = this.#seen.newestFirst();
    for (let back = 0; seen.length > 0; back = back * 2 + 1) {
      const publication = seen[Math.min(back, seen.length - 1)];
      if (await history.has(publication)) return publication;
      if (back >= seen.length - 1) break;
    }
    return null;
  }

  // What came in a page is not to come again from those that are held.
  #forget(stored) {
    const ids = new Set(stored.map(({ event }) => event.publication));
    if (this.#held) this.#held = this.#held.filter(([, , event]) => !ids.has(event.publication));
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    const isHeld = held.some(([, , event]) => event.publication === this.#start);
    if (this.#start !== null && !isHeld) this.#seen.add(this.#start);
    this.#start = null;
    for (const [args, kwargs, event] of held) this.#deliver(args, kwargs, event);
  }

  // Returns how many were delivered: 1 or 0.
  #deliver(args, kwargs, event) {
    const { publication, recovered } = event;
    if (!this.#seen.add(publication)) return 0;
    if (recovered && this.#epoch !== null && this.#options.isOwn(publication)) return 0;
    this.#options.deliver(args, kwargs, event);
    return 1;
  }
}

// The newest of many numbers.
export class Recent {
  #limit;
  #numbers = new Set();

  constructor(limit) {
    this.#limit = limit;
  }

  get size() {
    return this.#numbers.size;
  }

  has(number) {
    return this.#numbers.has(number);
  }

  // Returns whether it is new.
  add(number) {
    if (this.#numbers.has(number)) return false;
    this.#numbers.add(number);
    if (this.#numbers.size > this.#limit) this.#numbers.delete(this.#numbers.values().next().value);
    return true;
  }

  newestFirst() {
    return [...this.#numbers].reverse();
  }
}

function reasonOf({ error }) {
  if (DENIED.has(error)) return "denied";
  return error === "wamp.error.no_such_procedure" ? "unsupported" : "failed";
}
