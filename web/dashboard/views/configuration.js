// The configuration in force: every value by section, its line in the file, and what waits for a restart.
//
// It changes when the file is read again only, so a word is asked for every few seconds, and all of it when that says so.

import { element } from "../page/dom.js";
import { Filter } from "../parts/filter.js";
import { facts } from "../parts/facts.js";
import { count, when } from "../parts/units.js";
import { oneLine } from "../console/values.js";

const REFRESH = 3000; // ms
const MOST_VALUES = 2000;
const NAMES = ["name", "authid", "address", "uri", "path", "url", "id", "host"]; // which value says what a section is

export const configuration = {
  ofRealm: false,
  open(root, app) {
    const head = element("div", { class: "card config-head" });
    const filter = new Filter(root, { label: "Search keys and values", onchange: () => ask() });
    root.prepend(head);
    const which = element("select", { name: "which", "aria-label": "Which values" });
    for (const [value, text] of [["all", "All values"], ["file", "In the file"], ["waiting", "Wait for a restart"]]) {
      which.append(element("option", { value }, text));
    }
    const unfold = element("button", { type: "button", class: "quiet" }, "Unfold all");
    const fold = element("button", { type: "button", class: "quiet" }, "Fold all");
    filter.element.append(which, unfold, fold);
    const tree = new Tree(root, app);
    which.addEventListener("change", () => ask());
    unfold.addEventListener("click", () => tree.foldAll(false));
    fold.addEventListener("click", () => tree.foldAll(true));
    let asked = null;

    const ask = () => {
      asked = null;
      polling.now();
    };
    const polling = app.every(REFRESH, async () => {
      const seen = await app.call("wamplex.config.get", [], { limit: 1 });
      const question = JSON.stringify([seen.read, seen.waiting, filter.text, which.value]);
      if (question !== asked) {
        const wanted = { text: filter.text, waiting: which.value === "waiting", limit: MOST_VALUES };
        const answer = await app.call("wamplex.config.get", [], wanted);
        tree.show(answer, { isFound: Boolean(filter.text) || which.value !== "all", isFile: which.value === "file" });
        asked = question;
      }
      tell(head, seen);
    });
  },
};

function tell(head, { file, read, stale, waiting }) {
  const key = JSON.stringify([file, read, stale, waiting]);
  if (head.dataset.key === key) return;
  head.dataset.key = key;
  const said = { File: element("code", {}, file), Read: when(read), "Waiting for a restart": waiting ? count(waiting) : "nothing" };
  const say = (text) => element("p", { class: "wait", role: "status" }, text);
  head.replaceChildren(facts(said));
  if (stale) head.append(say("The file is another one since. `wamplex reload` has it read again."));
  if (waiting) head.append(say("What waits is in the file, and counts after a restart of the router."));
}

// The values, folded by section. A section is drawn when it is unfolded first: there may be thousands.
class Tree {
  #app;
  #folded = new Map(); // path → whether the reader folded it
  #file = "";

  constructor(root, app) {
    this.#app = app;
    this.element = element("div", { class: "config" });
    this.note = element("p", { class: "hint", role: "status" });
    root.append(this.element, this.note);
  }

  show({ file, total, values }, { isFound, isFile }) {
    this.#file = file.split("/").at(-1);
    const wanted = isFile ? values.filter(({ line, waiting }) => line !== null || waiting) : values;
    const top = grown(wanted);
    this.element.replaceChildren(...this.#drawn(top, isFound));
    const isAll = values.length === total;
    const more = isAll ? "" : `, the first ${count(values.length)} of ${count(total)}: search to see others`;
    const noun = wanted.length === 1 ? "value" : "values";
    this.note.textContent = wanted.length ? `${count(wanted.length)} ${noun}${more}` : "No such value";
  }

  foldAll(isFolded) {
    const all = () => [...this.element.querySelectorAll("details.section")].filter((one) => one.open === isFolded);
    for (let left = all(); left.length; left = all()) for (const one of left) unfold(one, !isFolded);
  }

  // Values first, then the sections.
  #drawn(section, isOpen) {
    const rows = section.values.map((value) => this.#row(value));
    const inner = [...section.inner.values()].map((one) => this.#section(one, isOpen));
    const parts = rows.length ? [element("ul", { class: "values" }, ...rows)] : [];
    return [...parts, ...inner];
  }

  #section(section, isOpen) {
    const { key, path, depth } = section;
    const title = element("summary", {}, element("span", { class: "key" }, key));
    const name = nameOf(section);
    if (name) title.append(element("span", { class: "called" }, name));
    const waiting = countOf(section, ({ waiting: isWaiting }) => isWaiting);
    if (waiting) title.append(element("span", { class: "mark", "data-kind": "wait" }, `${count(waiting)} waiting`));
    title.append(element("span", { class: "many" }, count(countOf(section, () => true))));
    const made = element("details", { class: `section depth-${Math.min(depth, 3)}`, "data-path": path }, title);
    made.draw = () => {
      if (made.childElementCount > 1) return;
      made.append(element("div", { class: "inside" }, ...this.#drawn(section, isOpen)));
    };
    unfold(made, isOpen || this.#folded.get(path) === false);
    title.addEventListener("click", () => this.#folded.set(path, made.open));
    made.addEventListener("toggle", () => made.open && made.draw());
    return made;
  }

  #row(one) {
    const { path, line, waiting } = one;
    const key = element("button", { type: "button", class: "open key", "aria-expanded": "false" }, path.split(".").at(-1));
    const value = element("span", { class: "value" }, "value" in one ? shown(one.value) : soft("not yet"));
    const isGone = waiting && !("next" in one);
    const then = isGone ? "gone after a restart" : `after a restart ${told(one.next)}`;
    if (waiting) value.append(element("span", { class: "mark", "data-kind": "wait" }, then));
    const nowhere = soft(isGone ? "not in the file" : "default");
    const source = element("span", { class: "source" }, line === null ? nowhere : element("code", {}, `${this.#file}:${line}`));
    const row = element("li", { "data-path": path, ...(waiting && { class: "waiting" }) }, key, value, source);
    key.addEventListener("click", () => this.#explain(row, key, path));
    return row;
  }

  async #explain(row, key, path) {
    const isOpen = key.getAttribute("aria-expanded") === "true";
    key.setAttribute("aria-expanded", !isOpen);
    row.querySelector(".explained")?.remove();
    if (isOpen) return;
    const box = element("div", { class: "explained", role: "status" });
    row.append(box);
    try {
      const { about, expected, live, ...more } = await this.#app.call("wamplex.config.describe", [path]);
      const parts = [element("p", {}, about), element("p", { class: "hint" }, `${path}: ${expected}.`)];
      if ("default" in more) parts.push(element("p", { class: "hint" }, "By default ", shown(more.default), "."));
      const word = live ? "A change counts as soon as the file is read again (wamplex reload)." : "A change takes a restart.";
      box.replaceChildren(...parts, element("p", { class: "hint" }, word));
    } catch (error) {
      box.replaceChildren(element("p", { class: "bad" }, error.error ?? error.message));
    }
  }
}

function unfold(section, isOpen) {
  section.open = isOpen;
  if (isOpen) section.draw();
}

// The list as sections in sections: {key, path, depth, values, inner}.
function grown(values) {
  const top = { key: "", path: "", depth: 0, values: [], inner: new Map() };
  for (const value of values) {
    const keys = value.path.split(".");
    let section = top;
    for (const key of keys.slice(0, -1)) {
      if (!section.inner.has(key)) {
        const path = section.path ? `${section.path}.${key}` : key;
        section.inner.set(key, { key, path, depth: section.depth + 1, values: [], inner: new Map() });
      }
      section = section.inner.get(key);
    }
    section.values.push(value);
  }
  return top;
}

const countOf = (section, fits) =>
  section.values.filter(fits).length + [...section.inner.values()].reduce((sum, inner) => sum + countOf(inner, fits), 0);

// What a section of a list is called: its name, authid, URI ...
function nameOf({ key, values }) {
  if (!key.endsWith("]")) return "";
  const named = new Map(values.map((one) => [one.path.split(".").at(-1), one.value ?? one.next]));
  const found = NAMES.find((name) => typeof named.get(name) === "string");
  if (found === "host") return `${named.get("host")}:${named.get("port") ?? ""}`;
  if (found !== undefined) return named.get(found) || "(every URI)";
  return "";
}

const soft = (text) => element("span", { class: "soft" }, text);

function shown(value) {
  if (Array.isArray(value) && value.length) {
    return element("span", { class: "items" }, ...value.map((item) => element("code", {}, told(item))));
  }
  return element("code", { "data-type": value === null ? "null" : typeof value }, told(value));
}

const told = (value) => (typeof value === "string" && value !== "" ? value : oneLine(value));
