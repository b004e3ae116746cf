// A subscription across sessions: made in each of them, until it is cancelled.

import { History } from "./history.js";
import { NotConnected, tell } from "./link.js";
import { Recovery } from "./recovery.js";

export class Subscription {
  #handler;
  #options; // what SUBSCRIBE says
  #recovery = null;
  #link = null;
  #made = null; // the autobahn.Subscription
  #isOver = false;
  #settle = {};
  #home;

  // `home` is {problem(what, uri, error), gone(subscription), isOwn(publication)}.
  constructor(home, topic, handler, { recover = false, history = 0, onrecovery, ...options } = {}) {
    this.topic = topic;
    this.match = options.match ?? "exact";
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // it is for who asks
    this.#home = home;
    this.#handler = handler;
    this.#options = options;
    if (recover || history) {
      const deliver = (args, kwargs, event) => this.#deliver(args, kwargs, event);
      this.#recovery = new Recovery({ recover, history, deliver, onrecovery, isOwn: home.isOwn });
    }
  }

  // With each session anew.
  async make(link) {
    this.#link = link;
    this.#recovery?.hold();
    const receive = (args, kwargs, event, made) => {
      if (link === this.#link && !isOfAnother(event, made, this.#options)) this.#receive(args, kwargs, event);
    };
    let made = null;
    try {
      made = await link.subscribe(this.topic, receive, this.#options);
    } catch (error) {
      this.#refused(error);
      return;
    }
    if (!link.isOpen) return;
    if (this.#isOver) return link.unsubscribe(made, this.topic, this.match).catch(() => {});
    this.#made = made;
    made.on_unsubscribe.then((reason) => this.#revoked(made, reason));
    this.#settle.resolve(this);
    await this.#recovery?.catchUp(new History(link, made.id, this.topic));
  }

  lost() {
    this.#link = this.#made = null;
    this.#recovery?.lost();
  }

  // No more events; idempotent.
  cancel() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#home.gone(this);
    this.#settle.reject(new Error("cancelled"));
    this.#recovery?.lost();
    const [link, made] = [this.#link, this.#made];
    this.#link = null;
    if (made) link.unsubscribe(made, this.topic, this.match).catch(() => {}); // it is over in any case
  }

  #receive(args, kwargs, event) {
    if (this.#recovery) this.#recovery.receive(args, kwargs, event);
    else this.#deliver(args, kwargs, event);
  }

  #deliver(args, kwargs, event) {
    if (!this.#isOver) tell(this.#handler, args, kwargs, event);
  }

  #refused(error) {
    if (this.#isOver || error instanceof NotConnected) return;
    this.#settle.reject(error);
    this.#home.problem("subscribe", this.topic, error);
  }

  // The router took it away; with the next session it is asked for again.
  #revoked(made, reason) {
    if (made !== this.#made || this.#isOver || !reason) return;
    this.#made = null;
    this.#home.problem("subscribe", this.topic, new Error(`The router ended the subscription: ${reason}`));
  }
}

// Retained events come for each SUBSCRIBE that asks for them, but autobahn.js gives them to all that share the
// subscription. They are for the last one.
function isOfAnother(event, made, options) {
  if (!event.retained) return false;
  if (!options.get_retained) return true;
  const sharing = made.session.subscriptions.find((those) => those.includes(made));
  return sharing !== undefined && sharing.at(-1) !== made;
}
