// Calls a procedure: its arguments, what to ask of the call, and what came of it.
//
//   const caller = new Caller(root, app.connection, schemas);
//   caller.take(uri, description, { isPattern });
//   caller.close();                     cancels what is under way

import { element } from "../page/dom.js";
import { showError } from "../page/payload.js";
import { count } from "../parts/units.js";
import { PayloadForm } from "./payload.js";
import { oneLine, payloadOf, pretty } from "./values.js";

const MOST_PROGRESS = 200; // progressive results shown; the newest
const TICK = 100; // ms

export class Caller {
  #connection;
  #pending = null;
  #timer = 0;
  #parts = 0;

  constructor(root, connection, schemas) {
    this.#connection = connection;
    this.procedure = element("input", { name: "procedure", required: "", spellcheck: "false", autocomplete: "off" });
    this.payload = new PayloadForm(schemas);
    this.timeout = element("input", { name: "timeout", type: "number", min: "0", step: "1", placeholder: "none" });
    this.progress = element("input", { type: "checkbox", name: "progress", checked: "" });
    this.submit = element("button", { type: "submit" }, "Call");
    this.cancel = element("button", { type: "button", class: "danger", name: "cancel", disabled: "" }, "Cancel");
    this.pattern = element("label", {}, "Procedure", this.procedure);
    const unit = element("span", {}, "Timeout", element("small", {}, "ms"));
    const timeout = element("label", { class: "short" }, unit, this.timeout);
    const progress = element("label", { class: "check" }, this.progress, "Progressive results");
    const actions = element("span", { class: "actions" }, this.cancel, this.submit);
    const bar = element("div", { class: "bar" }, timeout, progress, actions);
    this.form = element("form", { class: "caller" }, this.pattern, this.payload.element, bar);
    this.status = element("p", { class: "status", role: "status" });
    this.list = element("ol", { class: "progress", hidden: "", "aria-label": "Progressive results" });
    this.result = element("pre", { class: "result", hidden: "", tabindex: "0", "aria-label": "Result" });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#call();
    });
    this.cancel.addEventListener("click", () => this.#pending?.cancel());
    root.append(this.form, element("div", { class: "outcome" }, this.status, this.list, this.result));
  }

  take(uri, description, { isPattern = false } = {}) {
    this.procedure.value = uri;
    this.pattern.hidden = !isPattern;
    this.payload.describe(description);
  }

  close() {
    clearInterval(this.#timer);
    this.#pending?.cancel();
    this.#pending = null;
  }

  async #call() {
    if (this.#pending) return;
    const started = performance.now();
    const spent = () => time(performance.now() - started);
    this.#clear();
    let pending = null;
    try {
      const { args, kwargs } = this.payload.read();
      pending = this.#connection.call(this.procedure.value.trim(), args, kwargs, this.#options());
      this.#begin(pending, spent);
      const result = await pending;
      if (pending === this.#pending) this.#show(result, spent());
    } catch (error) {
      if (pending === this.#pending) this.#fail(error, pending && spent());
    }
    if (pending === this.#pending) this.#end();
  }

  #options() {
    const chosen = {};
    if (this.progress.checked) chosen.onprogress = (args, kwargs) => this.#onprogress(args, kwargs);
    if (this.timeout.value) chosen.timeout = Number(this.timeout.value);
    return chosen;
  }

  #begin(pending, spent) {
    this.#pending = pending;
    this.cancel.disabled = false;
    this.submit.disabled = true;
    const tell = () => this.#say(`Running for ${spent()}${this.#told()}`, "wait");
    this.status.setAttribute("aria-live", "off"); // a clock is not read out
    this.#timer = setInterval(tell, TICK);
    tell();
  }

  #end() {
    clearInterval(this.#timer);
    this.#pending = null;
    this.cancel.disabled = true;
    this.submit.disabled = false;
  }

  #clear() {
    this.#parts = 0;
    this.list.replaceChildren();
    this.list.hidden = this.result.hidden = true;
    this.#say("");
  }

  #onprogress(args = [], kwargs = {}) {
    const said = Object.keys(kwargs).length ? { args, kwargs } : args.length === 1 ? args[0] : args;
    this.#parts += 1;
    this.list.hidden = false;
    this.list.append(element("li", { value: this.#parts }, element("code", {}, oneLine(said))));
    while (this.list.childElementCount > MOST_PROGRESS) this.list.firstElementChild.remove();
    this.list.scrollTop = this.list.scrollHeight;
  }

  #told() {
    return this.#parts ? `, ${count(this.#parts)} progressive ${this.#parts === 1 ? "result" : "results"}` : "";
  }

  #show(result, spent) {
    this.#done(`Answered in ${spent}${this.#told()}`, "good");
    this.result.textContent = pretty(payloadOf(result).value);
    this.result.hidden = false;
  }

  #fail(error, spent) {
    if (!spent) return this.#say(error.message, "bad"); // it was not even sent
    this.#done(`${error.error ?? error.message ?? error} after ${spent}${this.#told()}`, "bad");
    if (!error.error) return;
    this.result.textContent = showError(error).slice(error.error.length + 1);
    this.result.hidden = false;
  }

  #done(text, kind) {
    clearInterval(this.#timer);
    this.status.removeAttribute("aria-live");
    this.#say(text, kind);
  }

  #say(text, kind = "") {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }
}

const time = (ms) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`);
