// The listeners: where they are, what they speak, until when their certificates are good, and whom they turned away.

import { element } from "../page/dom.js";
import { facts } from "../parts/facts.js";
import { count, when } from "../parts/units.js";

const REFRESH = 3000; // ms

const PROTOCOLS = { websocket: "WebSocket", rawsocket: "RawSocket", longpoll: "Long-poll", http: "HTTP" };
const STATES = { good: "good", soon: "wait", urgent: "bad", expired: "bad", early: "bad" };
const REFUSED = {
  full: "all seats taken",
  same_address: "too many from one address",
  too_fast: "too many handshakes a second",
  origin: "page of another origin",
  no_proxy: "not by way of the proxy",
};

// Where there is no room, `display` takes them from the elements.
const ROLES = [["thead, tbody", "rowgroup"], ["tr", "row"], ["th", "columnheader"], ["td", "cell"]];

export const listeners = {
  ofRealm: false,
  open(root, app) {
    const cards = element("div", { class: "listeners" });
    root.append(cards);
    let shown = [];
    app.every(REFRESH, async () => {
      const told = await app.call("wamplex.listener.list");
      if (shown.length !== told.length || shown.some((card, index) => !card.isOf(told[index]))) {
        shown = told.map((listener) => new Card(listener));
        cards.replaceChildren(...shown.map((card) => card.element));
      }
      shown.forEach((card, index) => card.tell(told[index]));
    });
  },
};

// One listener. What it is configured to do is drawn once; the counts are written over.
class Card {
  #is;
  #figures = new Map();

  constructor(listener) {
    this.#is = steady(listener);
    const lock = listener.tls ? mark("TLS", "good") : mark("not encrypted", isLocal(listener) ? "" : "wait");
    const heading = element("h2", {}, listener.address, lock);
    this.element = element("section", { class: "card listener", "aria-label": listener.address }, heading, this.#counts());
    if (listener.tls) this.element.append(certificates(listener.tls));
    this.element.append(...about(listener));
  }

  isOf(listener) {
    return this.#is === steady(listener);
  }

  tell(listener) {
    const { connections, max_connections: most, wamp_connections: wamp, accepted, refused, slow } = listener;
    const share = connections / most;
    const turned = Object.keys(REFUSED).reduce((sum, why) => sum + refused[why], 0);
    this.#set("Connections", `${count(connections)} of ${count(most)}`, share >= 1 ? "bad" : share > 0.8 ? "wait" : "");
    this.#set("Of them WAMP", count(wamp));
    this.#set("Accepted so far", count(accepted));
    this.#set("Turned away so far", turned ? `${count(turned)}: ${reasons(refused)}` : "nobody", turned ? "wait" : "");
    this.#set("Too slow or too fast", slowness(slow), slow.ended + slow.events_dropped ? "wait" : "");
  }

  #counts() {
    const list = element("dl", { class: "facts figures" });
    for (const name of ["Connections", "Of them WAMP", "Accepted so far", "Turned away so far", "Too slow or too fast"]) {
      const value = element("dd", {});
      this.#figures.set(name, value);
      list.append(element("div", {}, element("dt", {}, name), value));
    }
    return list;
  }

  #set(name, text, kind = "") {
    const value = this.#figures.get(name);
    if (value.textContent !== text) value.textContent = text;
    value.className = kind;
  }
}

// What changes with a reload or a restart only, as text.
function steady({ connections, wamp_connections, accepted, refused, slow, ...steady }) {
  return JSON.stringify(steady);
}

function about(listener) {
  const speaks = listener.protocols.map(({ protocol, path, options }) => {
    const name = element("strong", {}, PROTOCOLS[protocol] ?? protocol);
    const extra = options.length ? [element("span", { class: "hint" }, options.join(", "))] : [];
    return element("li", {}, name, ...(path ? [element("code", {}, path)] : []), ...extra);
  });
  const urls = listener.urls.map((url) => element("li", {}, element("code", {}, url)));
  const lists = element(
    "div", { class: "lists" },
    element("div", {}, element("h3", {}, "Speaks"), element("ul", {}, ...speaks)),
    element("div", {}, element("h3", {}, "Reached at"), element("ul", {}, ...urls)),
  );
  return [lists, element("div", { class: "terms" }, element("h3", {}, "Whom it lets in"), facts(terms(listener)))];
}

function terms(listener) {
  const { max_connections_per_address: each, handshake_rate: pace, trusted_proxies: proxies, authmethods } = listener;
  const origins = listener.allowed_origins.join(", ") || "none";
  const named = {
    "Connections from one address": each === null ? "any number" : `up to ${count(each)}`,
    "Handshakes a second": pace === null ? "any number" : `up to ${count(pace)}`,
    "Pages of": `${origins}${listener.allow_missing_origin ? ", and clients that are no pages" : ""}`,
    "Methods": authmethods === null ? "all of the realm" : authmethods.join(", "),
    "Trusted proxies": proxies.length ? `${proxies.join(", ")}, by ${proxyWord(listener)}` : "none",
  };
  const redirect = listener.redirect_to_https;
  if (redirect) named["Redirects to"] = `https://${redirect.host ?? "the same host"}, port ${redirect.port}`;
  return named;
}

const proxyWord = ({ proxy_protocol: isProxied, forwarded_header: header }) => (isProxied ? "PROXY protocol" : header);

function certificates({ certificates: all, minimum_version: version, hsts, clients }) {
  const rows = all.map((one) => {
    const names = element("td", { "data-title": "Names" }, one.names.join(", ") || one.subject);
    const issuer = one.issuer === one.subject ? "itself" : one.issuer;
    const until = element("td", { "data-title": "Until" }, when(one.not_after));
    const left = element("td", { "data-title": "Left" }, mark(leftOf(one), STATES[one.state] ?? ""));
    left.dataset.state = one.state;
    return element(
      "tr", {}, names, element("td", { "data-title": "Issued by" }, issuer), until, left,
      element("td", { "data-title": "File", class: "file" }, element("code", {}, one.file)),
    );
  });
  const head = ["Names", "Issued by", "Until", "Left", "File"].map((title) => element("th", { scope: "col" }, title));
  const table = element("table", { role: "table" }, element("caption", {}, "Certificates"));
  table.append(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  for (const [selector, role] of ROLES) {
    for (const part of table.querySelectorAll(selector)) part.setAttribute("role", role);
  }
  const told = [`TLS ${version} or newer`];
  if (hsts !== null) told.push(`HSTS for ${count(hsts)} s`);
  if (clients) told.push(`${clients.required ? "requires" : "asks for"} certificates of clients, by ${clients.authorities}`);
  const line = element("p", { class: "hint" }, told.join(", "));
  return element("div", { class: "certificates" }, element("div", { class: "table" }, table), line);
}

function leftOf({ state, days, not_before: first }) {
  if (state === "early") return `not valid before ${first.slice(0, 10)}`;
  if (state === "expired") return days < -1 ? `expired ${count(-days)} days ago` : "expired";
  if (days < 1) return "less than a day";
  return days === 1 ? "1 day" : `${count(days)} days`;
}

const mark = (text, kind) => element("span", { class: "mark", "data-kind": kind }, text);

const isLocal = ({ address }) => /^(127\.|localhost|::1|the Unix socket)/.test(address);

function reasons(refused) {
  const whys = Object.entries(REFUSED).filter(([why]) => refused[why]);
  return whys.map(([why, words]) => `${count(refused[why])} ${words}`).join(", ");
}

function slowness({ slowed, ended, events_dropped: dropped }) {
  const told = [];
  if (slowed) told.push(`slowed down ${count(slowed)} times`);
  if (ended) told.push(`${count(ended)} ended`);
  if (dropped) told.push(`${count(dropped)} events dropped`);
  return told.join(", ") || "nobody";
}
