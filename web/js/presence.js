// Who is here: a room of a presence worker (clients/presence.py, or any backend that does the same), entered again after
// each reconnect and whenever the worker was started anew.
//
//   const presence = connection.presence("com.example.presence", "lobby", { name: "Ann" }, (members) => ...);
//   presence.members          [{member, state, since}, ...]; `member` is a session id, `since` a time as ISO 8601
//   presence.me               the id of the member that is this connection, null while there is none
//   presence.ready            resolves when the room was entered, is rejected if it may not be
//   presence.update(state)
//   presence.leave()
//
// While the connection is lost `members` are those of that moment. Of one room there is one presence per connection.

import { NotConnected } from "./link.js";

// There is no worker, or it went before it answered: when it is back it asks everybody to enter.
const AWAY = new Set(["wamp.error.no_such_procedure", "wamp.error.canceled"]);

export class Presence {
  #connection;
  #uri;
  #room;
  #state;
  #onchange;
  #subscriptions;
  #members = new Map();
  #settle = {};
  #isOver = false;
  #look = () => this.#enter();

  constructor(connection, uri, room, state, onchange = () => {}) {
    this.#connection = connection;
    this.#uri = uri;
    this.#room = room;
    this.#state = state;
    this.#onchange = onchange;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // it is for who asks
    this.#subscriptions = [
      connection.subscribe(`${uri}.room.${room}`, ([what, whom]) => this.#hear(what, whom)),
      connection.subscribe(`${uri}.again`, this.#look),
    ];
    connection.addEventListener("state", this.#look);
    this.#enter();
  }

  get members() {
    return [...this.#members.values()];
  }

  get me() {
    return this.#connection.session?.id ?? null;
  }

  // While nobody can be told, the state waits for the next time that the room is entered.
  async update(state) {
    this.#state = state;
    await this.#call("update", [this.#room, state]).catch(unlessAway);
  }

  // Idempotent.
  async leave() {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const subscription of this.#subscriptions) subscription.cancel();
    this.#connection.removeEventListener("state", this.#look);
    await this.#call("leave", [this.#room]).catch(unlessAway);
  }

  // The subscriptions were asked for before, so what changes after the answer was given is told.
  async #enter() {
    const { session } = this.#connection;
    if (!session) return;
    let members = [];
    try {
      members = await this.#call("enter", [this.#room, this.#state]);
      this.#settle.resolve(this);
    } catch (error) {
      if (error instanceof NotConnected) return; // the next session tries again
      if (!AWAY.has(error.error)) this.#refused(error);
    }
    if (this.#isOver || session !== this.#connection.session) return;
    this.#members = new Map(members.map((member) => [member.member, member]));
    this.#onchange(this.members);
  }

  #hear(what, whom) {
    if (what === "leave") this.#members.delete(whom);
    else this.#members.set(whom.member, whom);
    this.#onchange(this.members);
  }

  #refused(error) {
    this.#settle.reject(error);
    console.warn("could not enter", this.#room, error.error ?? error);
  }

  // A member is the session that calls, so it must say who it is.
  #call(verb, args) {
    return this.#connection.call(`${this.#uri}.${verb}`, args, {}, { disclose_me: true });
  }
}

function unlessAway(error) {
  if (!(error instanceof NotConnected) && !AWAY.has(error.error)) throw error;
}
