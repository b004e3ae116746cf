// What is to be sent waits here until the worker has it. Each message keeps its id over all tries, and over a reload of
// the page: when the answer to a try was lost, the worker knows the id already.

const KEY = "wamplex.chat.outbox";
const PAUSE = 1000; // ms until the next try, where a connection is but no worker
const FINAL = new Set(["wamp.error.invalid_argument", "wamp.error.not_authorized"]);

export class Outbox {
  #connection;
  #onrefused;
  #queue = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  #isBusy = false;

  // `onrefused(message, reason)`: it will never be sent.
  constructor(connection, onrefused) {
    this.#connection = connection;
    this.#onrefused = onrefused;
    connection.addEventListener("state", () => this.#flush());
  }

  send(message) {
    this.#queue.push(message);
    this.#store();
    this.#flush();
  }

  waiting(room) {
    return this.#queue.filter((message) => message.room === room);
  }

  // One after the other, so that they come in the order in which they were written.
  async #flush() {
    if (this.#isBusy || !this.#connection.session) return;
    this.#isBusy = true;
    try {
      while (this.#queue.length && this.#connection.session) {
        await this.#try(this.#queue[0]);
        this.#queue.shift();
        this.#store();
      }
    } catch {
      setTimeout(() => this.#flush(), PAUSE);
    } finally {
      this.#isBusy = false;
    }
  }

  async #try(message) {
    const { room, id, person, name, text } = message;
    try {
      await this.#connection.call("com.example.chat.send", [room, id, person, name, text], {}, { disclose_me: true });
    } catch (error) {
      if (!FINAL.has(error.error)) throw error;
      this.#onrefused(message, String(error.args?.[0] ?? error.error));
    }
  }

  #store() {
    sessionStorage.setItem(KEY, JSON.stringify(this.#queue));
  }
}
