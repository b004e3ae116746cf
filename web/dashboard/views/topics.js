// Topics: which there are, what is said on them right now, and a form to say something.
//
// Those in use come from the router, for any realm; what is known of topics, and the events, by plain WAMP: so they are of
// the realm that this page is a client of, and as far as its role may see them.

import { element } from "../page/dom.js";
import { showError } from "../page/payload.js";
import { elsewhere } from "../console/ours.js";
import { Publisher } from "../console/publisher.js";
import { Schemas } from "../console/schema.js";
import { EventList } from "../console/watch.js";
import { Filter } from "../parts/filter.js";
import { Table } from "../parts/table.js";
import { count } from "../parts/units.js";

const REFRESH = 5000; // ms
const MOST_WATCHES = 20;
const MATCHES = ["exact", "prefix", "wildcard"];

export const topics = {
  stays: true,
  open(root, app) {
    const note = elsewhere(app, { what: "watch or publish", instead: ["topics"] });
    if (note) {
      root.append(note);
      openTable(root, app);
      return undefined;
    }
    const schemas = new Schemas((name) => app.call("wamp.type.get", [name]));
    const watching = element("section", { class: "card watching", "aria-label": "Watch" });
    const publishing = element("section", { class: "card publishing", "aria-label": "Publish" });
    publishing.append(element("h2", {}, "Publish"));
    root.append(element("div", { class: "console" }, watching, publishing));
    const watcher = new Watcher(watching, app);
    const publisher = new Publisher(publishing, app, schemas);
    const take = ({ uri, match = "exact" }) => {
      watcher.take(uri, match);
      if (match === "exact") publisher.take(uri);
      watching.scrollIntoView({ block: "nearest" });
      watcher.submit.focus({ preventScroll: true });
    };
    openTable(root, app, take);
    if (app.path[0]) take({ uri: app.path[0], match: app.path[1] });
    return () => watcher.close();
  },
};

// The form above the events, and what is watched.
class Watcher {
  #app;
  #watched = new Map(); // "match topic" → subscription

  constructor(root, app) {
    this.#app = app;
    const plain = { spellcheck: "false", autocomplete: "off" };
    this.topic = element("input", { name: "topic", placeholder: "com.example.topic", ...plain });
    this.match = element("select", { name: "match" }, ...MATCHES.map((match) => element("option", {}, match)));
    this.stored = element("input", { name: "stored", type: "number", min: "0", max: "300", step: "1", value: "0" });
    this.submit = element("button", { type: "submit" }, "Watch");
    this.form = element(
      "form", { class: "watcher" },
      element("label", { class: "grow" }, "Topic or pattern", this.topic),
      element("label", {}, "Match", this.match),
      element("label", { class: "short" }, "Stored events first", this.stored),
      this.submit,
    );
    this.note = element("p", { class: "status", role: "status" });
    this.chips = element("ul", { class: "chips", "aria-label": "Watched" });
    root.append(element("h2", {}, "Watch"), this.form, this.note, this.chips);
    this.events = new EventList(root);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#watch();
    });
  }

  take(uri, match) {
    this.topic.value = uri;
    this.match.value = MATCHES.includes(match) ? match : "exact";
  }

  close() {
    for (const subscription of this.#watched.values()) subscription.cancel();
    this.events.close();
  }

  async #watch() {
    const topic = this.topic.value.trim();
    const match = this.match.value;
    const key = `${match} ${topic}`;
    if (this.#watched.has(key)) return this.#say("It is watched already", "bad");
    if (this.#watched.size === MOST_WATCHES) return this.#say(`More than ${MOST_WATCHES} are too many to read`, "bad");
    const history = Math.min(300, Number(this.stored.value) || 0);
    this.#say("");
    const onrecovery = history ? (outcome) => this.#recovered(topic, outcome) : undefined;
    const receive = (args, kwargs, event) => this.events.add(args, kwargs, event);
    const options = { match, get_retained: true, history, onrecovery };
    const subscription = this.#app.connection.subscribe(topic, receive, options);
    this.#watched.set(key, subscription);
    try {
      await subscription.ready;
      this.chips.append(this.#chip(key, topic, match, subscription));
    } catch (error) {
      this.#watched.delete(key);
      subscription.cancel();
      this.#say(showError(error), "bad");
    }
  }

  #recovered(topic, { events, reason }) {
    const of = topic || "every topic";
    if (reason) this.#say(`No stored events of ${of}: ${reason}`, "wait");
    else this.#say(`${count(events)} stored events of ${of}`, "good");
  }

  #chip(key, topic, match, subscription) {
    const stop = element("button", { type: "button", class: "quiet", "aria-label": `Do not watch ${topic} any more` }, "×");
    const chip = element("li", { class: "chip" }, element("code", {}, topic || "every topic"));
    if (match !== "exact") chip.append(element("span", { class: "tag" }, match));
    chip.append(stop);
    stop.addEventListener("click", () => {
      this.#watched.delete(key);
      subscription.cancel();
      chip.remove();
    });
    return chip;
  }

  #say(text, kind = "") {
    this.note.textContent = text;
    this.note.dataset.kind = kind;
  }
}

// The topics below. `take` is given the one that is opened; without it this page cannot watch it.
function openTable(root, app, take) {
  const filter = new Filter(root, { label: "Search topics", onchange: () => table.restart().catch(() => {}) });
  const which = element("select", { name: "which", "aria-label": "Which topics" });
  which.append(element("option", { value: "used" }, "Subscribed or recorded"));
  if (take) which.append(element("option", { value: "known" }, "Described or otherwise known"));
  which.addEventListener("change", () => table.restart().catch(() => {}));
  filter.element.append(which);
  const known = new Known(app);
  const table = new Table(root, {
    caption: "Topics",
    columns: [
      { name: "uri", title: "Topic", sort: true, text: (row) => row.uri || "(every topic)" },
      { name: "match", title: "Match", text: (row) => row.match },
      { name: "sessions", title: "Subscribers", number: true, text: (row) => subscribersOf(row) },
      { name: "recorded", title: "Recorded", text: (row) => recordedOf(row), kind: (row) => recordedOf(row) },
      { name: "about", title: "About", wide: true, text: (row) => row.description ?? "–" },
    ],
    key: (row) => `${row.match} ${row.uri}`,
    sort: "uri",
    onopen: take ?? ((row) => app.go("subscriptions", row.id)),
    load: ({ offset, limit, descending }) => {
      const asked = { text: filter.text, offset, limit, descending };
      return which.value === "known" ? known.load(asked) : used(app, asked);
    },
    empty: "No topic",
  });
  app.every(REFRESH, () => table.load());
}

const subscribersOf = ({ sessions }) => (sessions === undefined ? "–" : count(sessions));
const recordedOf = ({ recorded }) => (recorded ? "yes" : "–");

async function used(app, asked) {
  const { total, subscriptions } = await app.call("wamplex.subscription.list", [app.realm], { ...asked, sort: "uri" });
  return { total, rows: subscriptions };
}

// What reflection tells of topics; each is described once.
class Known {
  #app;
  #described = new Map();

  constructor(app) {
    this.#app = app;
  }

  async load({ text, offset, limit, descending }) {
    const all = (await this.#app.call("wamp.reflection.topic.list")) ?? [];
    const found = all.filter((uri) => uri.toLowerCase().includes(text.toLowerCase()));
    const part = (descending ? found.toReversed() : found).slice(offset, offset + limit);
    return { total: found.length, rows: await Promise.all(part.map((uri) => this.#row(uri))) };
  }

  async #row(uri) {
    if (!this.#described.has(uri)) {
      this.#described.set(uri, await this.#app.call("wamp.reflection.topic.describe", [uri]));
    }
    const { match = "exact", title, description } = this.#described.get(uri) ?? {};
    return { uri, match, description: title ?? description };
  }
}
