// Who came in, who was refused and who was denied what, as it happens; and beside it what a role may do, and which rule says so.

import { element } from "../page/dom.js";
import { Feed, holds } from "../parts/feed.js";
import { Filter } from "../parts/filter.js";
import { count, when } from "../parts/units.js";
import { Explain } from "../explain.js";

const MOST = 1000; // entries on the page, and as many waiting
const FIELDS = ["authid", "authrole", "authmethod", "address", "session", "action", "object", "reason", "realm"];

// What an entry is, in a word, and how it is coloured.
const WORDS = {
  login: { success: ["Came in", "good"], failure: ["Refused", "bad"] },
  denial: { failure: ["Denied", "bad"] },
  kill: { success: ["Killed", "wait"] },
  removal: { success: ["Removed", "wait"] },
  revocation: { success: ["Revoked", "wait"] },
  logout: { success: ["Logged out", "plain"] },
};
// The choices of the filter; "event outcome", either may be missing.
const WANTED = {
  "": "All decisions",
  " failure": "Refused or denied",
  login: "Logins",
  "login failure": "Refused logins",
  denial: "Denials",
  kill: "Kills",
  removal: "Removals",
  revocation: "Revocations",
  logout: "Logouts",
};
const CHANGED = { subscribe: "the subscription to", register: "the registration of", publish: "the testament for" };

export const decisions = {
  stays: true,
  open(root, app) {
    const list = element("section", { class: "card decisions-list", "aria-labelledby": "decisions-list" });
    const form = element("section", { class: "card explain", "aria-labelledby": "explain" });
    root.append(element("div", { class: "decisions" }, list, form));
    const explain = new Explain(form, app);
    const entries = new Entries(list, app, (question) => explain.ask(question));
    if (app.path[0]) explain.ask({ role: app.path[0], uri: app.path[1] ?? "", match: app.path[2] });
    return () => {
      entries.close();
      explain.close();
    };
  },
};

class Entries {
  #app;
  #explain;
  #feed;
  #waiting = []; // what came while it is paused, the newest first
  #isPaused = false;

  constructor(root, app, explain) {
    this.#app = app;
    this.#explain = explain;
    this.pause = element("button", { type: "button", class: "quiet", name: "pause", "aria-pressed": "false" }, "Pause");
    root.append(element("div", { class: "bar feed-head" }, element("h2", { id: "decisions-list" }, "As they happen"), this.pause));
    this.filter = new Filter(root, { label: "Filter decisions", onchange: () => this.#feed.restart() });
    this.wanted = this.#choice("wanted", "Which decisions", WANTED);
    this.realm = this.#choice("realm", "Of which realm", { [app.realm]: `Realm ${app.realm}`, "": "All realms" });
    this.list = element("ol", { class: "feed", tabindex: "0", "aria-label": "Decisions, the newest first" });
    this.empty = element("p", { class: "empty", hidden: "" });
    this.more = element("button", { type: "button", class: "quiet more", hidden: "" }, "Show older ones");
    root.append(this.list, this.empty, this.more);
    this.pause.addEventListener("click", () => this.#setPaused(!this.#isPaused));
    this.more.addEventListener("click", () => this.#feed.older());
    this.#feed = new Feed(app, {
      list: "wamplex.audit.list",
      rows: "entries",
      topic: "wamplex.audit.on_entry",
      ask: () => ({ text: this.filter.text, ...this.#exactly() }),
      fits: (row) => this.#fits(row),
      onrows: (rows) => this.#begin(rows),
      onolder: (rows) => this.#addOlder(rows),
      onrow: (row) => this.#add(row),
    });
  }

  close() {
    this.#feed.close();
  }

  #choice(name, label, options) {
    const select = element("select", { name, "aria-label": label });
    for (const [value, text] of Object.entries(options)) select.append(element("option", { value }, text));
    select.addEventListener("change", () => this.#feed.restart());
    this.filter.element.append(select);
    return select;
  }

  #exactly() {
    const [event, outcome] = this.wanted.value.split(" ");
    return { event: event || null, outcome: outcome || null, realm: this.realm.value || null };
  }

  #fits(row) {
    if (Object.entries(this.#exactly()).some(([name, value]) => value && row[name] !== undefined && row[name] !== value)) return false;
    return !this.filter.text || holds(row, this.filter.text, FIELDS);
  }

  #begin(rows) {
    this.#waiting = [];
    this.list.replaceChildren(...rows.map((row) => this.#item(row)));
    this.#tell();
  }

  #addOlder(rows) {
    this.list.append(...rows.map((row) => this.#item(row)));
    this.#tell();
  }

  #add(row) {
    if (this.#isPaused) {
      this.#waiting.unshift(row);
      if (this.#waiting.length > MOST) this.#waiting.pop();
    } else this.#show([row]);
    this.#tell();
  }

  // The newest first. Who scrolled down goes on reading where they are.
  #show(rows) {
    const before = this.list.scrollHeight;
    this.list.prepend(...rows.map((row) => this.#item(row)));
    if (this.list.scrollTop > 0) this.list.scrollTop += this.list.scrollHeight - before;
    while (this.list.childElementCount > MOST) {
      this.list.lastElementChild.remove();
      this.#feed.forget(Number(this.list.lastElementChild.dataset.number));
    }
  }

  #setPaused(value) {
    this.#isPaused = value;
    this.pause.setAttribute("aria-pressed", String(value));
    if (!value) this.#show(this.#waiting.splice(0));
    this.#tell();
  }

  #tell() {
    const waiting = this.#waiting.length ? ` (${count(this.#waiting.length)} new)` : "";
    this.pause.textContent = this.#isPaused ? `Go on${waiting}` : "Pause";
    this.more.hidden = !this.#feed.hasOlder;
    this.empty.hidden = this.list.childElementCount > 0;
    const isFiltered = this.filter.text || this.wanted.value;
    this.empty.textContent = isFiltered ? "Nothing of what is kept matches the filter." : "Nothing has happened yet: nobody came in and nobody was refused.";
  }

  #item(row) {
    const [word, kind] = WORDS[row.event]?.[row.outcome] ?? [row.event, "plain"];
    const badge = element("span", { class: `word ${kind}` }, word);
    const said = element("p", { class: "said" }, ...this.#said(row));
    const item = element("li", { "data-number": row.number, "data-event": row.event, "data-outcome": row.outcome }, when(row.time), badge, said);
    const aside = this.#aside(row);
    if (row.event === "denial" && row.omitted === undefined && row.realm === this.#app.realm) item.append(this.#why(row));
    if (aside.length) item.append(element("p", { class: "aside" }, ...aside));
    return item;
  }

  // The sentence: who, and what of it.
  #said(row) {
    if (row.omitted !== undefined) {
      const whose = row.authrole === undefined ? "" : ` of role ${row.authrole}`;
      return [element("b", {}, `${count(row.omitted)} more`), `${whose} within a second: too many to show each.`];
    }
    const who = row.authid === undefined ? "Somebody" : this.#link(row.authid, row.authid);
    const role = row.authrole === undefined ? "" : ` as ${row.authrole}`;
    const object = element("code", {}, String(row.object ?? ""));
    const elsewhere = row.object_realm === undefined ? "" : ` in realm ${row.object_realm}`;
    if (row.event === "denial") return [who, role, `: ${row.action} `, object, elsewhere];
    if (row.event === "kill") return [who, role, " ended session ", object, elsewhere];
    if (row.event === "removal") return [who, role, ` took back ${CHANGED[row.action] ?? ""} `, object, elsewhere];
    if (row.event === "revocation" && row.object !== undefined) return [who, role, ` lost ${CHANGED[row.action] ?? ""} `, object];
    const how = row.authmethod === undefined ? "" : `, by ${row.authmethod}`;
    return [who, role, how];
  }

  // Where from, and why.
  #aside(row) {
    const parts = [];
    if (row.address !== undefined) parts.push(this.#link(row.address, hostOf(row.address)));
    if (!this.realm.value && row.realm !== undefined) parts.push(element("span", {}, `Realm ${row.realm}`));
    if (row.session !== undefined) parts.push(element("span", { class: "id" }, `Session ${row.session}`));
    if (row.reason !== undefined) parts.push(element("span", { class: "cause" }, row.reason));
    return parts;
  }

  #why({ authrole, object, action }) {
    const why = element("button", { type: "button", class: "link why", "aria-label": `Which rule says so: ${action} ${object}` }, "Which rule?");
    why.addEventListener("click", () => this.#explain({ role: authrole, uri: String(object), action }));
    return why;
  }

  #link(text, wanted) {
    const link = element("button", { type: "button", class: "link", title: `Show only ${wanted}` }, text);
    link.addEventListener("click", () => (this.filter.text = wanted));
    return link;
  }
}

// 192.0.2.1:5000 -> 192.0.2.1, [::1]:5000 -> [::1]: the port is another one each time.
const hostOf = (address) => address.replace(/(?<=^[^:]*|\]):\d+$/, "");
