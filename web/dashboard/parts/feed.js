// What the router numbers and tells as it happens: the latest rows are asked for, later ones come as events, older ones when the
// reader wants them. After a reconnect it begins anew, as a router that was restarted counts from 1.
//
//   const feed = new Feed(app, {
//     list: "wamplex.log.list", rows: "events",   // the procedure, and what its answer calls the rows
//     topic: "wamplex.log.on_event",
//     ask: () => ({ level: "warn" }),             // the keyword arguments that say what is wanted,
//     fits: (row) => ...,                         // and whether a row that comes is: the same in JavaScript
//     onrows: (rows) => ...,                      // all anew, the newest first
//     onolder: (rows) => ...,                     // what is before the rest, the newest first
//     onrow: (row) => ...,                        // one more
//   });
//   feed.restart()   something else is wanted;   feed.older()   and feed.hasOlder

import { showError } from "../page/payload.js";

const AT_ONCE = 200;

export class Feed {
  hasOlder = false;
  #app;
  #options;
  #asked = 0;
  #held = []; // what comes before the answer, null once it is there
  #newest = 0;
  #oldest = null;
  #isAsking = false;

  constructor(app, options) {
    this.#app = app;
    this.#options = options;
    app.subscribe(options.topic, ([row]) => this.#came(row));
    app.connection.addEventListener("state", this.#onstate);
    this.restart();
  }

  close() {
    this.#asked += 1;
    this.#app.connection.removeEventListener("state", this.#onstate);
  }

  async restart() {
    const asked = ++this.#asked;
    this.#held = [];
    const rows = await this.#ask({});
    if (rows === null || asked !== this.#asked) return;
    this.#newest = rows[0]?.number ?? 0;
    this.#take(rows);
    this.#options.onrows(rows);
    const held = this.#held;
    this.#held = null;
    for (const row of held) this.#came(row);
  }

  async older() {
    if (!this.hasOlder || this.#isAsking) return;
    const asked = this.#asked;
    this.#isAsking = true;
    const rows = await this.#ask({ before: this.#oldest });
    this.#isAsking = false;
    if (rows === null || asked !== this.#asked) return;
    this.#take(rows);
    this.#options.onolder(rows);
  }

  // The reader let go of the oldest rows; they can be asked for again.
  forget(oldest) {
    this.#oldest = oldest;
    this.hasOlder = true;
  }

  #onstate = () => this.#app.connection.session && this.restart();

  async #ask(more) {
    if (!this.#app.connection.session) return null;
    try {
      const answer = await this.#app.call(this.#options.list, [], { ...this.#options.ask(), limit: AT_ONCE, ...more });
      return answer[this.#options.rows];
    } catch (error) {
      if (this.#app.connection.session) this.#app.notify(showError(error), "bad");
      return null;
    }
  }

  #take(rows) {
    this.hasOlder = rows.length === AT_ONCE;
    this.#oldest = rows.at(-1)?.number ?? this.#oldest;
  }

  #came(row) {
    if (this.#held) return this.#held.push(row);
    if (row.number <= this.#newest) return undefined;
    this.#newest = row.number;
    if (this.#options.fits(row)) this.#options.onrow(row);
    return undefined;
  }
}

// Whether a text is in one of some fields of a row; upper and lower case are the same.
export function holds(row, text, fields) {
  const wanted = text.toLowerCase();
  return fields.some((field) => row[field] !== undefined && String(row[field]).toLowerCase().includes(wanted));
}
