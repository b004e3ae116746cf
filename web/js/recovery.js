// What a subscription missed while it was away, from the router's history: each event once, and in order.
//
// Live events are held from the moment of SUBSCRIBE; the stored ones are fetched in pages and delivered, then the held ones
// that were not among them. Answers come behind the events that went before them, so whatever of a page also came live is
// held by the time the page is there; and a page that is not full has everything until then.
//
// What to ask for is told by the newest event that we have seen and the history still has. Not simply the last one: an
// event for chosen sessions is in no history, and a router that was killed may have lost what nobody acknowledged. Who has
// seen none asks for all there is, which is whole unless the history has forgotten something.

import { PAGE } from "./history.js";
import { NotConnected, tell } from "./link.js";

const SEEN = 1024; // events remembered; more than come between two moments when a router saves its history
const HELD = 10_000; // events held; beyond they are dropped, as the pages to come have them
const STARTS = 3; // times that paging begins anew because the history forgets faster than we read

const DENIED = new Set(["wamp.error.not_authorized", "wamp.error.authorization_failed"]);

export class Recovery {
  #options;
  #epoch = null;
  #seen = new Recent(SEEN); // in this epoch, in order
  #known = new Recent(SEEN); // the same of before, and retained ones, whose turn was long ago
  #start = null; // the last event before the first one for us
  #gap = null; // the reason of one that is not told yet: the session may end before
  #asked = false; // whether we were subscribed before, so that what came since is our matter
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
    if (isFirst && this.#asked) this.#gap = "failed"; // nobody told us where to go on
    if (isFirst && this.#held && !this.#spilled) this.#release();
    this.#held = null;
  }

  async catchUp(history) {
    const round = this.#round;
    let events = 0;
    const deliver = (stored, withOwn = false) => {
      if (round !== this.#round) throw new NotConnected();
      const held = new Set(this.#held.map(([, , event]) => event.publication));
      for (const { args, kwargs, event } of stored) {
        const { publication } = event;
        if (held.has(publication)) this.#drop(publication);
        if (withOwn || !this.#options.isOwn(publication)) events += this.#deliver(args, kwargs, event);
        else this.#seen.add(publication);
      }
    };
    let reason = null;
    try {
      reason = await this.#fetch(history, deliver);
    } catch (error) {
      reason = reasonOf(error);
    }
    this.#asked = true;
    if (round !== this.#round || !history.isOpen) return; // the next session tries again
    reason ??= this.#gap ?? (this.#spilled ? "spilled" : null);
    this.#gap = null;
    this.#release();
    if (this.#options.onrecovery) tell(this.#options.onrecovery, { recovered: reason === null, events, reason });
  }

  // Hands what was stored to `deliver`, page by page; returns why something may be missing, null if it is only `#gap`.
  async #fetch(history, deliver) {
    const { recover, history: count } = this.#options;
    const isFirst = this.#epoch === null && this.#seen.size === 0;
    const { recorded, epoch, last } = await history.state();
    if (!recorded) return "unrecorded";
    const isLost = this.#epoch !== null && this.#epoch !== epoch;
    if (isLost) this.#turn(last);
    if (isFirst) {
      if (count) deliver(await history.newest(count), true);
      if (this.#asked) this.#gap = "failed";
    } else if (recover && !isLost) await this.#missed(history, deliver);
    else if (recover && !count) await this.#pages(history, null, deliver); // all there is
    else await this.#newest(history, deliver);
    if (this.#epoch === null) this.#start = last;
    this.#epoch = epoch;
    return isLost ? "lost" : null;
  }

  // What was seen is in the history no more, and is not to come again if it is after all.
  #turn(last) {
    this.#start = last;
    for (const publication of this.#seen.newestFirst().reverse()) this.#known.add(publication);
    this.#seen = new Recent(SEEN);
  }

  // Without `recover`, and where the thread is lost: the newest ones that came after what was seen.
  async #newest(history, deliver) {
    const { history: count } = this.#options;
    const newest = await history.newest(count);
    const isSeen = ({ event: { publication } }) => publication === this.#start || this.#seen.has(publication);
    const last = newest.findLastIndex(isSeen);
    if (last < 0 && (newest.length === count || (await this.#mayHaveForgotten(history)))) {
      this.#gap = this.#epoch === null ? "failed" : "evicted";
    }
    deliver(newest.slice(last + 1));
  }

  // All that came since the newest event that we have seen.
  async #missed(history, deliver) {
    let [cursor = null] = this.#landmarks();
    for (let start = 0; start < STARTS; start += 1) {
      const isAllTooMuch = this.#options.history || this.#epoch === null; // there may be what came before us
      if (cursor === null && isAllTooMuch && (await this.#mayHaveForgotten(history))) return this.#newest(history, deliver);
      if (await this.#pages(history, cursor, deliver)) return;
      cursor = await this.#cursor(history);
    }
    this.#gap = "evicted";
  }

  // From a publication on, or all there is; returns whether it came to the end.
  async #pages(history, from, deliver) {
    for (let last = from; ; ) {
      const { events, found } = await history.after(last);
      if (!found) return false;
      if (last === null && (await this.#mayHaveForgotten(history))) this.#gap = "evicted";
      deliver(events);
      if (events.length < PAGE) return true;
      last = events.at(-1).event.publication;
    }
  }

  // Whether some that were for us may have had to make room. Of a history that we never knew nothing can be said.
  async #mayHaveForgotten(history) {
    return this.#epoch === null || (await history.state()).forgotten;
  }

  // An event seen that is still stored, a new one if not the newest; null if there is none.
  async #cursor(history) {
    const seen = this.#landmarks();
    for (let back = 0; seen.length > 0; back = back * 2 + 1) {
      const publication = seen[Math.min(back, seen.length - 1)];
      if (await history.has(publication)) return publication;
      if (back >= seen.length - 1) break;
    }
    return null;
  }

  // From where one can go on: the newest first.
  #landmarks() {
    return [...this.#seen.newestFirst(), ...(this.#start === null ? [] : [this.#start])];
  }

  // What came in a page is not to come again from those that are held. What is held before it is in no history: it comes
  // now; but retained events are of any time, and wait on.
  #drop(publication) {
    const index = this.#held?.findIndex(([, , event]) => event.publication === publication) ?? -1;
    if (index < 0) return;
    if (this.#held[index][2].retained) return void this.#held.splice(index, 1);
    const before = this.#held.splice(0, index + 1);
    this.#held.unshift(...before.filter(([, , event]) => event.retained));
    for (const [args, kwargs, event] of before.slice(0, -1)) if (!event.retained) this.#deliver(args, kwargs, event);
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const [args, kwargs, event] of held) this.#deliver(args, kwargs, event);
  }

  // Returns how many were delivered: 1 or 0.
  #deliver(args, kwargs, event) {
    const { publication, retained } = event;
    const isNew = !this.#known.has(publication) && !this.#seen.has(publication);
    (retained ? this.#known : this.#seen).add(publication);
    if (!isNew) return 0;
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

  // One that is there already stays in its place.
  add(number) {
    this.#numbers.add(number);
    if (this.#numbers.size > this.#limit) this.#numbers.delete(this.#numbers.values().next().value);
  }

  newestFirst() {
    return [...this.#numbers].reverse();
  }
}

function reasonOf({ error }) {
  if (DENIED.has(error)) return "denied";
  return error === "wamp.error.no_such_procedure" ? "unsupported" : "failed";
}
