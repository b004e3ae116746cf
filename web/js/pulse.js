// Notices that nobody is there any more. A cable that is pulled, a laptop that slept, a proxy that forgot: no browser tells
// a page of that for minutes. So after a while without a message the router is asked for one.

const PATIENCE = 10_000; // ms for the answer
const HASTE = 4000; // the same when there is reason for doubt

export class Pulse {
  #wire;
  #session;
  #onsilence;
  #every;
  #timer = 0;
  #last = 0; // when the last message came
  #isAsking = false;

  // `every` is in ms, 0 for never; `onsilence()` is called once.
  constructor({ wire, session }, every, onsilence) {
    this.#wire = wire;
    this.#session = session;
    this.#every = every;
    this.#onsilence = onsilence;
    wire.onheard = () => this.#heard();
    this.#heard();
  }

  // Asks at once, as when the page is seen again or the network changed.
  check() {
    if (this.#every) this.#ask(Math.min(HASTE, this.#every));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#wire.onheard = null;
  }

  // One timer for many messages: it looks when it is due whether there was one.
  #heard() {
    this.#last = Date.now();
    if (this.#isAsking || !this.#timer) this.#wait(this.#every);
    this.#isAsking = false;
  }

  #wait(pause) {
    clearTimeout(this.#timer);
    if (!this.#every) return;
    this.#timer = setTimeout(() => {
      const left = this.#last + this.#every - Date.now();
      if (left > 0) this.#wait(left);
      else this.#ask(Math.min(PATIENCE, this.#every));
    }, pause);
  }

  #ask(patience) {
    if (this.#isAsking) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.stop();
      this.#onsilence();
    }, patience);
    this.#wire.probe(this.#session);
  }
}
