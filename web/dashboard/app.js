// What a view gets to work with. Whatever it began by this ends with the view.
//
//   app.connection                     the Connection of js/wamplex.js
//   app.realm                          the chosen realm; where it changes, the view is opened anew
//   app.path                           what follows the view's name in the address: #sessions/123/x is ["123", "x"]
//   app.go("sessions", 123)            open another view, or another path of this one
//   app.choose(realm, "sessions")      choose another realm and open a view of it
//   app.call(procedure, args, kwargs)  a Promise of the result
//   app.subscribe(topic, handler, options)
//   app.every(ms, fn)                  fn() at once and again `ms` after it ended; see below
//   app.notify(text, kind)             a word at the edge of the page; kind is "good" or "bad"
//   app.confirm(text, {action})        a Promise of whether the reader agrees; `action` is the button's text

import { showError } from "./page/payload.js";
import { ask, notify } from "./parts/dialogs.js";

export class App {
  #closing = [];
  #isOpen = true;
  #go;
  #choose;
  #trouble;

  constructor({ connection, realm, path, go, choose, trouble }) {
    this.connection = connection;
    this.realm = realm;
    this.path = path;
    this.#go = go;
    this.#choose = choose;
    this.#trouble = trouble;
  }

  go(name, ...path) {
    this.#go(name, ...path);
  }

  choose(realm, name, ...path) {
    this.#choose(realm);
    this.#go(name, ...path);
  }

  async call(procedure, args, kwargs) {
    return this.connection.call(procedure, args, kwargs);
  }

  subscribe(topic, handler, options) {
    const subscription = this.connection.subscribe(topic, handler, options);
    subscription.ready.catch((error) => this.#failed(error));
    this.#closing.push(() => subscription.cancel());
    return subscription;
  }

  // Asks only while somebody looks and the router is there, and never again before the last answer came. What goes
  // wrong is said above the view, until it goes well again. The answer has now() to be asked at once, and cancel().
  every(ms, fn) {
    let timer = 0;
    let isRunning = false;
    let isWanted = false;
    const run = async () => {
      clearTimeout(timer);
      if (isRunning) isWanted = true;
      if (isRunning || !this.#isOpen || document.hidden || !this.connection.session) return;
      isRunning = true;
      try {
        await fn();
        if (this.#isOpen) this.#trouble("");
      } catch (error) {
        this.#failed(error);
      }
      isRunning = false;
      if (!this.#isOpen) return;
      timer = setTimeout(run, isWanted ? 0 : ms);
      isWanted = false;
    };
    const onstate = () => this.connection.session && run();
    document.addEventListener("visibilitychange", run);
    this.connection.addEventListener("state", onstate);
    const cancel = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", run);
      this.connection.removeEventListener("state", onstate);
    };
    this.#closing.push(cancel);
    run();
    return { now: run, cancel };
  }

  notify(text, kind = "good") {
    notify(text, kind);
  }

  confirm(text, options) {
    return ask(text, options);
  }

  // Called by the shell, together with what the view itself gave to be called.
  close() {
    this.#isOpen = false;
    for (const close of this.#closing) close();
  }

  #failed(error) {
    if (this.#isOpen && this.connection.session) this.#trouble(showError(error));
  }
}
