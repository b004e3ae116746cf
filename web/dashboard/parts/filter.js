// The field above a table that says what is to be seen. `/` focuses it from anywhere, Escape empties it.
//
//   const filter = new Filter(root, { label: "Filter sessions", onchange: (text) => ... });
//   filter.text; filter.element.append(more);   what else belongs on this line, such as a <select>

import { element } from "../page/dom.js";

const PAUSE = 250; // ms without a key until `onchange` is called: nobody asks the router for every letter

export class Filter {
  #timer = 0;
  #told = "";
  #tell;

  constructor(root, { label, text = "", onchange }) {
    const about = { "aria-label": label, placeholder: label, "aria-keyshortcuts": "/" };
    const typed = { spellcheck: "false", autocomplete: "off" };
    this.field = element("input", { type: "search", name: "filter", ...typed, ...about });
    this.field.value = this.#told = text;
    const key = element("kbd", { "aria-hidden": "true" }, "/");
    const field = element("span", { class: "field" }, this.field, key);
    this.element = element("div", { class: "filter", role: "search" }, field);
    const tell = this.#tell = () => {
      clearTimeout(this.#timer);
      if (this.text === this.#told) return;
      this.#told = this.text;
      onchange(this.text);
    };
    this.field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(tell, this.text ? PAUSE : 0);
    });
    this.field.addEventListener("keydown", ({ key: pressed }) => {
      if (pressed === "Enter") tell();
      if (pressed !== "Escape") return;
      this.field.value = "";
      tell();
    });
    root.append(this.element);
  }

  get text() {
    return this.field.value.trim();
  }

  // As if it had been typed.
  set text(value) {
    this.field.value = value;
    this.#tell();
  }
}
