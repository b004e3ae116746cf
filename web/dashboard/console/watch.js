// Events as they come: of any number of topics and patterns, the newest first.
//
// The list is bounded, and so is what a frame adds to it: of a flood it shows what can be read, and counts all. While it
// is paused, or what is typed into the filter hides them, events are kept as far as the list would.

import { element } from "../page/dom.js";
import { count, rate } from "../parts/units.js";
import { oneLine, pretty } from "./values.js";

const MOST_EVENTS = 300;
const LONGEST = 300; // characters of a payload on one line
const RATE_OVER = 5; // seconds

export class EventList {
  #events = []; // newest last: {topic, text, ...}
  #fresh = []; // to be drawn with the next frame
  #frame = 0;
  #timer = 0;
  #isPaused = false;
  #seen = 0;
  #held = 0; // came while paused
  #ticks = [0]; // how many had been seen, second by second

  constructor(root) {
    this.total = element("span", { class: "total" }, "0 events");
    this.rate = element("span", { class: "rate" }, "0.0/s");
    const named = { name: "shown", "aria-label": "Show only events with", placeholder: "Show only…" };
    this.filter = element("input", { type: "search", spellcheck: "false", ...named });
    this.pause = element("button", { type: "button", class: "quiet", name: "pause", "aria-pressed": "false" }, "Pause");
    this.clear = element("button", { type: "button", class: "quiet", name: "clear" }, "Clear");
    const figures = element("p", { class: "figures" }, this.total, this.rate);
    this.list = element("ol", { class: "events", tabindex: "0", "aria-label": "Events, the newest first" });
    this.empty = element("p", { class: "empty" }, "No event yet. Watch a topic above.");
    this.filter.addEventListener("input", () => this.#redraw());
    this.pause.addEventListener("click", () => this.#toggle());
    this.clear.addEventListener("click", () => this.#clear());
    const bar = element("div", { class: "bar watch-bar" }, figures, this.filter, this.pause, this.clear);
    root.append(bar, this.list, this.empty);
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  // `event` is as the handler of a subscription is given it.
  add(args, kwargs, event) {
    this.#seen += 1;
    const shown = { at: new Date(event.timestamp ?? Date.now()), topic: event.topic, args, kwargs, event };
    this.#events.push(shown);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
    if (this.#isPaused) {
      this.#held += 1;
      return this.#later();
    }
    this.#fresh.push(shown);
    if (this.#fresh.length > MOST_EVENTS) this.#fresh.shift();
    this.#later();
  }

  close() {
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const rows = this.#fresh.filter((one) => this.#fits(one)).map(rowOf).reverse();
    this.#fresh = [];
    this.list.prepend(...rows);
    while (this.list.childElementCount > MOST_EVENTS) this.list.lastElementChild.remove();
    this.#tell();
  }

  #redraw() {
    this.#fresh = [];
    const shown = this.#isPaused ? this.#events.slice(0, this.#events.length - this.#held) : this.#events;
    this.list.replaceChildren(...shown.filter((one) => this.#fits(one)).map(rowOf).reverse());
    this.#tell();
  }

  #fits(one) {
    const wanted = this.filter.value.trim().toLowerCase();
    one.text ??= `${one.topic} ${textOf(one)}`.toLowerCase();
    return !wanted || one.text.includes(wanted);
  }

  #tell() {
    const held = this.#held ? `, ${count(this.#held)} new while paused` : "";
    this.total.textContent = `${count(this.#seen)} ${this.#seen === 1 ? "event" : "events"}${held}`;
    this.empty.hidden = this.list.childElementCount > 0;
    this.empty.textContent = this.#events.length ? "No event that fits" : "No event yet. Watch a topic above.";
  }

  #tick() {
    this.#ticks.push(this.#seen);
    if (this.#ticks.length > RATE_OVER + 1) this.#ticks.shift();
    const seconds = this.#ticks.length - 1;
    this.rate.textContent = `${rate(seconds ? (this.#seen - this.#ticks[0]) / seconds : 0)}/s`;
  }

  #toggle() {
    this.#isPaused = !this.#isPaused;
    this.pause.setAttribute("aria-pressed", this.#isPaused);
    this.pause.textContent = this.#isPaused ? "Go on" : "Pause";
    this.#held = 0;
    this.#redraw();
  }

  #clear() {
    this.#events = [];
    this.#seen = this.#held = 0;
    this.#ticks = [0];
    this.#redraw();
  }
}

function rowOf(one) {
  const time = element("time", { datetime: one.at.toISOString() }, clock(one.at));
  const head = element("summary", {}, time, element("code", { class: "topic" }, one.topic), ...marks(one.event));
  const line = textOf(one);
  head.append(element("code", { class: "said" }, line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line));
  const details = element("details", {}, head);
  details.addEventListener("toggle", () => details.append(whole(one)), { once: true });
  return element("li", {}, details);
}

function whole({ args, kwargs, event }) {
  const { publication, publisher, publisher_authid: authid, publisher_authrole: role } = event;
  const by = publisher ? `, by session ${publisher}${authid ? ` (${authid}, ${role})` : ""}` : "";
  const body = pretty({ args: args ?? [], kwargs: kwargs ?? {} });
  const head = element("p", { class: "hint" }, `Publication ${publication}${by}`);
  return element("div", { class: "whole" }, head, element("pre", {}, body));
}

function marks({ retained, recovered }) {
  const words = [retained && "retained", recovered && "stored"].filter(Boolean);
  return words.map((word) => element("span", { class: "tag" }, word));
}

function textOf({ args, kwargs }) {
  const parts = [];
  if (args?.length) parts.push(oneLine(args));
  if (kwargs && Object.keys(kwargs).length) parts.push(oneLine(kwargs));
  return parts.join(" ") || "no payload";
}

const clock = (at) => `${at.toLocaleTimeString([], { hour12: false })}.${String(at.getMilliseconds()).padStart(3, "0")}`;
