// Where one view at a time is shown. Its file is loaded when it is first looked at.

import { byId } from "./page/dom.js";
import { showError } from "./page/payload.js";
import { App } from "./app.js";

export class Stage {
  #connection;
  #ways; // {go, choose} of app.js
  #loaded = new Map(); // name -> what the view's file exports
  #missed = false; // whether a file could not be loaded as there was no router: browsers remember that
  #opened = null; // {name, app, view, close}

  constructor(connection, ways) {
    this.#connection = connection;
    this.#ways = ways;
  }

  get isEmpty() {
    return this.#opened === null;
  }

  // Whether what is shown may stay over a reconnect.
  get stays() {
    return this.#opened?.view?.stays ?? false;
  }

  // The file of a view; what the view collects all the time, it collects from then on.
  async load({ name, load }) {
    if (!this.#loaded.has(name)) {
      const view = await load();
      if (!this.#loaded.has(name)) view.start?.(this.#connection); // it may have been asked for twice
      this.#loaded.set(name, view);
    }
    return this.#loaded.get(name);
  }

  // Opens `about`, an entry of main.js, anew.
  async show(about, realm, path) {
    if (this.#missed && this.#connection.session) return location.reload();
    const isOther = about.name !== byId("view").dataset.view;
    this.close();
    const trouble = (text) => this.trouble(text);
    const app = new App({ connection: this.#connection, realm, path, trouble, ...this.#ways });
    const opened = { app, view: null, close: () => {} };
    this.#opened = opened;
    try {
      opened.view = await this.load(about);
      if (this.#opened !== opened) return;
      this.#clear(about.name);
      byId("realm-label").hidden = opened.view.ofRealm === false;
      if (isOther) scrollTo(0, 0);
      const close = (await opened.view.open(byId("view"), app)) ?? (() => {});
      if (this.#opened === opened) opened.close = close;
      else close();
    } catch (error) {
      if (this.#opened === opened) this.#failed(opened, error);
    }
  }

  close() {
    const opened = this.#opened;
    this.#opened = null;
    opened?.app.close();
    opened?.close();
    this.trouble("");
  }

  // What is wrong, above the view; "" if nothing is.
  trouble(text) {
    const line = byId("trouble");
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !text;
  }

  #clear(name) {
    byId("view").replaceChildren();
    byId("view").dataset.view = name;
  }

  #failed(opened, error) {
    this.trouble(showError(error));
    if (opened.view === null && !this.#connection.session) this.#missed = true;
  }
}
