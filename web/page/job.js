// A line for a call that takes its time: a bar, how far it got, and a button that cancels it.

import { element } from "./dom.js";

export class Job {
  #abort = new AbortController();
  #percent = element("span", { class: "percent" }, "0 %");
  #words = element("p", { class: "job-words" });
  #bar;
  #cancel;

  constructor(name, words) {
    this.#bar = element("progress", { max: 1, value: 0, "aria-label": name });
    this.#cancel = element("button", { type: "button", class: "quiet", "aria-label": `Cancel: ${name}` }, "Cancel");
    this.#cancel.addEventListener("click", () => this.#abort.abort(new Error("Cancelled")));
    const head = element("div", { class: "job-head" }, element("h3", {}, name), this.#percent, this.#cancel);
    this.item = element("li", { "data-state": "running" }, head, this.#bar, this.#words);
    this.#words.textContent = words;
  }

  // For the option `signal` of the call.
  get signal() {
    return this.#abort.signal;
  }

  advance(share, words) {
    this.#bar.value = share;
    this.#percent.textContent = `${Math.floor(share * 100)} %`;
    this.#words.textContent = words;
  }

  finish(words) {
    this.#end("done", words);
    this.#bar.value = 1;
    this.#percent.textContent = "100 %";
  }

  fail(words) {
    this.#end("failed", words);
  }

  #end(state, words) {
    this.#words.setAttribute("role", "status"); // what it says from now on is read out
    this.item.dataset.state = state;
    this.#words.textContent = words;
    this.#cancel.remove();
  }
}
