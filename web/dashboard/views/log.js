// The router's log. It follows the newest line until the reader scrolls back; lines that come meanwhile wait.

import { element } from "../page/dom.js";
import { Feed, holds } from "../parts/feed.js";
import { Filter } from "../parts/filter.js";
import { count, when } from "../parts/units.js";

const MOST = 1000; // lines on the page, and as many waiting
const AT_END = 8; // px from an end that still count as the end
const LEVELS = { debug: "All levels", info: "Info and above", warn: "Warnings and above", error: "Errors and above", critical: "Critical only" };
const ORDER = Object.keys(LEVELS);
const WORDS = { debug: ["Debug", "plain"], info: ["Info", "plain"], warn: ["Warning", "wait"], error: ["Error", "bad"], critical: ["Critical", "bad"] };

export const log = {
  ofRealm: false,
  stays: true,
  open(root, app) {
    const lines = new Lines(root, app);
    return () => lines.close();
  },
};

class Lines {
  #feed;
  #waiting = []; // what came while the reader looks back, the oldest first
  #isFollowing = true;
  #laidOut = ""; // the sizes at the time of the last jump to the end
  #resized;

  constructor(root, app) {
    const card = element("section", { class: "card log", "aria-label": "Log" });
    root.append(card);
    this.filter = new Filter(card, { label: "Filter log", onchange: () => this.#feed.restart() });
    this.level = element("select", { name: "level", "aria-label": "Which levels" });
    for (const [value, text] of Object.entries(LEVELS)) this.level.append(element("option", { value }, text));
    this.level.addEventListener("change", () => this.#feed.restart());
    this.origin = element("button", { type: "button", class: "quiet origin", hidden: "" });
    this.origin.addEventListener("click", () => this.#setOrigin(""));
    this.follow = element("button", { type: "button", class: "quiet", name: "follow", "aria-pressed": "true" }, "Pause");
    this.follow.addEventListener("click", () => this.#setFollowing(!this.#isFollowing));
    this.filter.element.append(this.level, this.origin, this.follow);
    this.list = element("ol", { class: "lines", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "Log, the newest line last" });
    this.empty = element("p", { class: "empty", hidden: "" });
    card.append(this.list, this.empty);
    this.list.addEventListener("scroll", () => this.#onscroll());
    this.#resized = new ResizeObserver(() => this.#isFollowing && this.#toEnd());
    this.#resized.observe(this.list);
    this.#feed = new Feed(app, {
      list: "wamplex.log.list",
      rows: "events",
      topic: "wamplex.log.on_event",
      ask: () => ({ text: this.filter.text, level: this.level.value, origin: this.#origin }),
      fits: (row) => this.#fits(row),
      onrows: (rows) => this.#begin(rows),
      onolder: (rows) => this.#addOlder(rows),
      onrow: (row) => this.#add(row),
    });
  }

  close() {
    this.#feed.close();
    this.#resized.disconnect();
  }

  get #origin() {
    return this.origin.dataset.origin ?? "";
  }

  #setOrigin(origin) {
    this.origin.dataset.origin = origin;
    this.origin.hidden = !origin;
    this.origin.replaceChildren(`Of ${origin} `, element("span", { "aria-hidden": "true" }, "×"));
    this.origin.setAttribute("aria-label", `Of ${origin}: show all`);
    this.#feed.restart();
  }

  #fits(row) {
    if (ORDER.indexOf(row.level) < ORDER.indexOf(this.level.value)) return false;
    if (this.#origin && !`${row.origin}.`.startsWith(`${this.#origin}.`)) return false;
    return !this.filter.text || holds(row, this.filter.text, ["origin", "text", "traceback"]);
  }

  #begin(rows) {
    this.#waiting = [];
    this.list.replaceChildren(...rows.map((row) => this.#item(row)).reverse());
    this.#isFollowing = true;
    this.#toEnd();
    this.#tell();
  }

  // Above the others; what is read stays where it is.
  #addOlder(rows) {
    const before = this.list.scrollHeight - this.list.scrollTop;
    this.list.prepend(...rows.map((row) => this.#item(row)).reverse());
    this.list.scrollTop = this.list.scrollHeight - before;
    this.#laidOut = this.#layout();
  }

  #add(row) {
    if (this.#isFollowing) {
      this.#append([row]);
      this.#toEnd();
    } else {
      this.#waiting.push(row);
      if (this.#waiting.length > MOST) this.#waiting.shift();
    }
    this.#tell();
  }

  #append(rows) {
    this.list.append(...rows.map((row) => this.#item(row)));
    if (this.list.childElementCount <= MOST) return;
    while (this.list.childElementCount > MOST) this.list.firstElementChild.remove();
    this.#feed.forget(Number(this.list.firstElementChild.dataset.number));
  }

  #setFollowing(value) {
    this.#isFollowing = value;
    if (value) {
      this.#append(this.#waiting.splice(0));
      this.#toEnd();
    }
    this.#tell();
  }

  #layout() {
    return `${this.list.scrollHeight} ${this.list.clientHeight}`;
  }

  #toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
    this.#laidOut = this.#layout();
  }

  #onscroll() {
    if (this.#isFollowing && this.#layout() !== this.#laidOut) return this.#toEnd(); // the window changed, the reader did not scroll
    if (this.list.scrollTop < AT_END) this.#feed.older();
    const isAtEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < AT_END;
    if (isAtEnd !== this.#isFollowing) this.#setFollowing(isAtEnd);
    return undefined;
  }

  #tell() {
    this.follow.setAttribute("aria-pressed", String(this.#isFollowing));
    const waiting = this.#waiting.length ? ` (${count(this.#waiting.length)} new)` : "";
    this.follow.textContent = this.#isFollowing ? "Pause" : `Follow${waiting}`;
    this.empty.hidden = this.list.childElementCount > 0;
    const isFiltered = this.filter.text || this.level.value !== "debug" || this.#origin;
    this.empty.textContent = isFiltered ? "Nothing of what is kept matches the filter." : "Nothing was logged yet.";
  }

  #item(row) {
    const [word, kind] = WORDS[row.level];
    const origin = element("button", { type: "button", class: "link", title: `Show only ${row.origin}` }, row.origin);
    origin.addEventListener("click", () => this.#setOrigin(row.origin));
    const text = row.omitted === undefined ? row.text : `${count(row.omitted)} more like these within a second: too many to show each.`;
    const item = element("li", { "data-number": row.number, "data-level": row.level });
    item.append(when(row.time), element("span", { class: `word ${kind}` }, word), origin, element("span", { class: "text" }, text));
    if (row.traceback) item.append(this.#traceback(row.traceback));
    return item;
  }

  // Who unfolds it wants to read it: the list stays where it is.
  #traceback(text) {
    const details = element("details", {}, element("summary", {}, "Traceback"), element("pre", { tabindex: "0" }, text));
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      this.#setFollowing(false);
      details.scrollIntoView({ block: "nearest" });
    });
    return details;
  }
}
