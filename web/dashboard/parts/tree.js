// A tree of URIs by component, opened place by place. What is open is asked for again, and what did not change is left as it is.
//
//   const tree = new Tree(root, {
//     label: "Tree of topics",
//     load: (path, limit) => Promise of { total, children: [{ component, path, below, entries: [{ id, ... }] }] },
//     text: (entry) => "exact · 3 subscribers",
//     onopen: (entry) => ...,
//     empty: "There is nothing",
//   });
//   app.every(2000, () => tree.load());
//
// Arrow keys go up and down in what is to be seen; right opens a place, left closes it or goes to the one it is in.

import { element } from "../page/dom.js";
import { count } from "./units.js";

const LIMITS = [50, 200, 500]; // children of a place: at first, and when more are asked for
const MOST_AT_ONCE = 6; // places that are asked for in one go: each takes the router a few milliseconds if there are many URIs
const DEEPEST_ALONE = 8; // places that open by themselves, one in the other, where there is nothing to choose
const ROUTERS = /^wamp(lex)?\.$/; // meta events: this page has some itself

export class Tree {
  #options;
  #top;
  #open = []; // the places that are open, the one that was asked for longest ago first

  constructor(root, options) {
    this.#options = options;
    this.list = element("ul", { class: "tree", "aria-label": options.label });
    this.empty = element("p", { class: "empty", hidden: "" }, options.empty);
    this.element = element("div", { class: "card trees" }, this.list, this.empty);
    this.#top = new Place(null, this.list);
    this.#open.push(this.#top);
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    root.append(this.element);
  }

  // Asks for the top, and in turn for some of the places that are open.
  async load() {
    const wanted = [this.#top, ...this.#open.filter((place) => place !== this.#top).slice(0, MOST_AT_ONCE - 1)];
    for (const place of wanted) {
      if (place !== this.#top && !place.list.isConnected) this.#forget(place);
      else await this.#ask(place, DEEPEST_ALONE);
    }
  }

  async #ask(place, deepest) {
    this.#open = [...this.#open.filter((one) => one !== place), place];
    const { total, children } = await this.#options.load(place.path, place.limit);
    const isFirst = place.children.size === 0;
    this.#show(place, children);
    this.#tellMore(place, total, children.length);
    if (place === this.#top) this.empty.hidden = total > 0;
    const [only, ...others] = children.filter(({ path }) => !ROUTERS.test(path));
    const isAlone = isFirst && only?.below && !others.length;
    if (isAlone && deepest > 0) await this.#unfold(place.children.get(only.component), deepest - 1);
  }

  #show(place, children) {
    const seen = new Set();
    let next = place.list.firstElementChild;
    for (const child of children) {
      seen.add(child.component);
      const kept = place.children.get(child.component) ?? this.#add(place, child);
      this.#write(kept, child);
      if (kept.element === next) next = next.nextElementSibling;
      else place.list.insertBefore(kept.element, next);
    }
    for (const [component, gone] of place.children) {
      if (seen.has(component)) continue;
      gone.element.remove();
      place.children.delete(component);
    }
  }

  #add(place, child) {
    const kept = new Place(child.path, element("ul", { hidden: "" }), place);
    kept.button = element("button", { type: "button", class: "place", "aria-expanded": "false", "data-path": child.path });
    kept.button.append(nameOf(child.component));
    kept.button.addEventListener("click", () => {
      if (kept.isOpen) this.#fold(kept);
      else this.#unfold(kept, DEEPEST_ALONE).catch(() => {}); // the next poll says what is wrong
    });
    kept.below = element("span", { class: "below" });
    kept.entries = element("span", { class: "entries" });
    kept.element = element("li", {}, element("div", { class: "line" }, kept.button, kept.below, kept.entries), kept.list);
    place.children.set(child.component, kept);
    return kept;
  }

  #write(kept, child) {
    const text = child.below ? `${count(child.below)} below` : "";
    if (kept.below.textContent !== text) kept.below.textContent = text;
    kept.button.classList.toggle("leaf", !child.below);
    if (child.below) kept.button.setAttribute("aria-expanded", kept.isOpen);
    else kept.button.removeAttribute("aria-expanded");
    if (!child.below && kept.isOpen) this.#fold(kept);
    kept.only = child.below ? null : child.entries[0];
    this.#writeEntries(kept, child.entries);
  }

  #writeEntries(kept, entries) {
    const chips = new Map([...kept.entries.children].map((chip) => [chip.dataset.id, chip]));
    for (const entry of entries) {
      const id = String(entry.id);
      const chip = chips.get(id) ?? this.#chip(kept, id);
      chips.delete(id);
      chip.entry = entry;
      const text = this.#options.text(entry);
      if (chip.textContent !== text) chip.textContent = text;
      chip.setAttribute("aria-label", `${entry.uri}: ${text}`);
      chip.dataset.match = entry.match;
    }
    for (const gone of chips.values()) gone.remove();
  }

  #chip(kept, id) {
    const chip = element("button", { type: "button", class: "entry", "data-id": id });
    chip.addEventListener("click", () => this.#options.onopen(chip.entry));
    kept.entries.append(chip);
    return chip;
  }

  async #unfold(place, deepest) {
    if (place.only) {
      this.#options.onopen(place.only);
      return;
    }
    place.isOpen = true;
    place.list.hidden = false;
    place.button.setAttribute("aria-expanded", "true");
    await this.#ask(place, deepest);
  }

  #fold(place) {
    place.isOpen = false;
    place.list.hidden = true;
    place.list.replaceChildren();
    place.children.clear();
    if (place.button.hasAttribute("aria-expanded")) place.button.setAttribute("aria-expanded", "false");
    this.#forget(place);
  }

  #forget(place) {
    this.#open = this.#open.filter((one) => one !== place);
  }

  // The last line of a place that has more than is shown.
  #tellMore(place, total, shown) {
    const larger = LIMITS.find((limit) => limit > place.limit);
    const hidden = shown < total ? `${count(total - shown)} more` : "";
    if (hidden && place.more?.dataset.hidden === hidden) return;
    place.more?.remove();
    place.more = null;
    if (!hidden) return;
    const inner = larger
      ? element("button", { type: "button", class: "quiet" }, `${hidden}: show ${count(Math.min(larger, total) - shown)}`)
      : element("span", { class: "hint" }, `${hidden}; search for them above`);
    if (larger) {
      inner.addEventListener("click", () => {
        place.limit = larger;
        this.#ask(place, 0).catch(() => {});
      });
    }
    place.more = element("li", { class: "more", "data-hidden": hidden }, inner);
    place.list.append(place.more);
  }

  #walk(event) {
    const button = event.target.closest("button.place");
    if (!button || !["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"].includes(event.key)) return;
    event.preventDefault();
    const all = [...this.list.querySelectorAll("button.place")];
    const isOpen = button.getAttribute("aria-expanded");
    if (event.key === "ArrowRight" && isOpen === "false") button.click();
    else if (event.key === "ArrowLeft" && isOpen === "true") button.click();
    else if (event.key === "ArrowLeft") button.closest("ul").closest("li")?.querySelector("button.place").focus();
    else all[all.indexOf(button) + (event.key === "ArrowUp" ? -1 : 1)]?.focus();
  }
}

class Place {
  children = new Map(); // component -> Place
  isOpen = false;
  limit = LIMITS[0];
  more = null;
  only = null; // the entry that is all there is here

  constructor(path, list) {
    this.path = path ?? "";
    this.list = list;
  }
}

// The empty component of a pattern stands for any.
function nameOf(component) {
  return component === "" ? element("i", {}, "any") : element("code", {}, component);
}
