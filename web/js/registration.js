// A procedure that is offered across sessions: registered in each of them, until it is cancelled.

import { NotConnected, report } from "./link.js";

const TAKEN = "wamp.error.procedure_already_exists";
const FIRST_RETRY = 1000; // ms
const LONGEST_RETRY = 30_000;

export class Registration {
  #endpoint;
  #options;
  #link = null;
  #made = null; // the autobahn.Registration
  #isOver = false;
  #wasMade = false;
  #timer = 0;
  #settle = {};
  #home;

  // `home` is {problem(what, uri, error), gone(registration)}.
  constructor(home, procedure, endpoint, options = {}) {
    this.procedure = procedure;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // it is for who asks
    this.#home = home;
    this.#endpoint = endpoint;
    this.#options = options;
  }

  // With each session anew.
  async make(link, pause = FIRST_RETRY) {
    this.#link = link;
    try {
      const endpoint = (args, kwargs, details) => this.#invoke(link, args, kwargs, details);
      const made = await link.ask(() => link.session.register(this.procedure, endpoint, { ...this.#options }));
      if (!link.isOpen) return;
      if (this.#isOver) return unregister(link, made);
      this.#made = made;
      this.#wasMade = true;
      made.on_unregister.then((reason) => this.#revoked(made, reason));
      this.#settle.resolve(this);
    } catch (error) {
      this.#refused(link, error, pause);
    }
  }

  lost() {
    clearTimeout(this.#timer);
    this.#link = this.#made = null;
  }

  // Calls are answered no more; idempotent.
  cancel() {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#home.gone(this);
    this.#settle.reject(new Error("cancelled"));
    if (this.#made) unregister(this.#link, this.#made);
  }

  // `details.signal` tells when the caller is not interested any more: then it is answered at once.
  async #invoke(link, args, kwargs, details) {
    const { Error: WampError } = link.autobahn;
    const signal = link.wire.signal();
    const { progress } = details;
    let isOver = false;
    details.signal = signal;
    const wants = () => !isOver && !signal.aborted;
    if (progress) details.progress = (...part) => void (wants() && progress(...part));
    const interrupted = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new WampError("wamp.error.canceled")));
    });
    try {
      return await Promise.race([this.#endpoint(args, kwargs, details), interrupted]);
    } catch (error) {
      if (error instanceof WampError) throw error;
      report(error);
      throw new WampError("wamp.error.runtime_error", [error?.message ?? String(error)]);
    } finally {
      isOver = true;
    }
  }

  #refused(link, error, pause) {
    if (this.#isOver || !link.isOpen || error instanceof NotConnected) return;
    // Most likely our own session of before, which the router has not yet noticed to be dead.
    if (this.#wasMade && error.error === TAKEN) {
      this.#timer = setTimeout(() => this.make(link, Math.min(pause * 2, LONGEST_RETRY)), pause);
      return;
    }
    this.#settle.reject(error);
    this.#home.problem("register", this.procedure, error);
  }

  // The router took it away; with the next session it is asked for again.
  #revoked(made, reason) {
    if (made !== this.#made || this.#isOver || !reason) return;
    this.#made = null;
    this.#home.problem("register", this.procedure, new Error(`The router ended the registration: ${reason}`));
  }
}

function unregister(link, made) {
  if (link?.isOpen && made.active) link.ask(() => link.session.unregister(made)).catch(() => {}); // it is over in any case
}
