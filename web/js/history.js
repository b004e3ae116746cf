// The stored events of one subscription, as the router has them: `wamp.subscription.get_events` and, of Wamplex,
// `wamplex.subscription.get_history`.

export const PAGE = 500; // events; a router gives 1,000 at most

export class History {
  #link;
  #id;
  #topic;

  constructor(link, id, topic) {
    this.#link = link;
    this.#id = id;
    this.#topic = topic;
  }

  get isOpen() {
    return this.#link.isOpen;
  }

  // {recorded, epoch, last, forgotten}: whether there is any, a text that is another one when events were lost, the last
  // event, and whether events have made room for others since the epoch.
  state() {
    return this.#call("wamplex.subscription.get_history", {});
  }

  // {events, found}: at most a page of those that came after a publication, or from the first if that is null.
  after(publication) {
    return this.#events({ limit: PAGE, ...(publication !== null && { after_publication: publication }) });
  }

  async has(publication) {
    return (await this.#events({ limit: 1, after_publication: publication })).found;
  }

  // The newest ones, in order.
  async newest(count) {
    const newest = [];
    while (newest.length < count) {
      const limit = Math.min(PAGE, count - newest.length);
      const before = newest.length ? { before_publication: newest.at(-1).event.publication } : {};
      const { events } = await this.#events({ limit, reverse: true, ...before });
      newest.push(...events);
      if (events.length < limit) break;
    }
    return newest.reverse();
  }

  async #events(filters) {
    const { Result } = this.#link.autobahn;
    const result = await this.#call("wamp.subscription.get_events", filters);
    // autobahn.js makes of one argument that argument, and of none null.
    const isWhole = result instanceof Result;
    const told = isWhole ? result.args : result === null ? [] : [result];
    return { events: told.map((one) => this.#event(one)), found: !isWhole || result.kwargs.found !== false };
  }

  // What the handler of a subscription is given.
  #event({ publication, timestamp, details, args = [], kwargs = {} }) {
    const { topic = this.#topic, publisher, publisher_authid, publisher_authrole } = details;
    const event = new this.#link.autobahn.Event(publication, topic, publisher, publisher_authid, publisher_authrole, false);
    return { args, kwargs, event: Object.assign(event, { recovered: true, timestamp }) };
  }

  #call(procedure, kwargs) {
    return this.#link.ask(() => this.#link.session.call(procedure, [this.#id], kwargs));
  }
}
