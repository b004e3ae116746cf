// Every procedure of the realm, what is known of it, and a form to call it.
//
// What there is comes by `wamp.reflection.*` and `wamp.interface.*`, which tell of what this page itself may use.
// Descriptions are asked for as far as they are looked at, and kept for a while.

import { element } from "../page/dom.js";
import { Caller } from "../console/caller.js";
import { elsewhere } from "../console/ours.js";
import { Schemas } from "../console/schema.js";
import { pretty } from "../console/values.js";
import { openPanel } from "../parts/dialogs.js";
import { Filter } from "../parts/filter.js";
import { Table } from "../parts/table.js";
import { count } from "../parts/units.js";

const REFRESH = 10_000; // ms
const DESCRIBE_EVERY = 6; // of these: then what is shown is asked about again, or when something has come or gone
const MOST_INTERFACES = 100; // asked for, to be searched

const isRouters = (uri) => /^(wamp|wamplex)\./.test(uri);

export const procedures = {
  stays: true,
  open(root, app) {
    const note = elsewhere(app, { what: "call procedures", instead: ["procedures"] });
    if (note) {
      root.append(note);
      return openRegistered(root, app);
    }
    const catalogue = new Catalogue(app);
    const view = new View(root, app, catalogue);
    return () => view.close();
  },
};

// What is known of procedures.
class Catalogue {
  #app;
  #uris = [];
  #known = new Map(); // URI → description
  #described = null; // what the operator's schemas say, for the search
  #rounds = 0;

  constructor(app) {
    this.#app = app;
  }

  async list(text, whose) {
    const uris = (await this.#app.call("wamp.reflection.procedure.list")) ?? [];
    if (uris.join() !== this.#uris.join()) this.#known.clear();
    this.#uris = uris;
    this.#described ??= await this.#interfaces();
    const wanted = text.toLowerCase();
    const fits = (uri) => uri.toLowerCase().includes(wanted) || this.#said(uri).includes(wanted);
    return this.#uris.filter((uri) => (!whose || isRouters(uri) === (whose === "router")) && (!wanted || fits(uri)));
  }

  // Those of `uris`; what was asked before is not asked again.
  async describe(uris, isFresh = false) {
    const missing = uris.filter((uri) => isFresh || !this.#known.has(uri));
    await Promise.all(missing.map(async (uri) => {
      const told = await this.#app.call("wamp.reflection.procedure.describe", [uri]);
      this.#known.set(uri, { ...told, registration: isRouters(uri) ? null : await this.#registration(uri, told) });
    }));
    return uris.map((uri) => ({ uri, ...this.#known.get(uri), uri }));
  }

  tick() {
    this.#rounds += 1;
    if (this.#rounds % DESCRIBE_EVERY === 0) this.#known.clear();
  }

  // {invoke, match, callees} or null.
  async #registration(uri, told) {
    const call = (procedure, ...rest) => this.#app.call(procedure, ...rest).catch(() => null);
    const match = told?.invoke ? told.match : undefined;
    const looked = match && (await call("wamp.registration.lookup", [uri, { match }]));
    const id = looked ?? (await call("wamp.registration.match", [uri]));
    if (!id) return null;
    const asked = ["wamp.registration.get", "wamp.registration.count_callees"].map((procedure) => call(procedure, [id]));
    const [about, callees] = await Promise.all(asked);
    return about && { ...about, callees };
  }

  async #interfaces() {
    const described = new Map();
    const names = (await this.#app.call("wamp.interface.list").catch(() => [])) ?? [];
    const told = await Promise.all(
      names.slice(0, MOST_INTERFACES).map((name) => this.#app.call("wamp.interface.get", [name]).catch(() => null)),
    );
    for (const one of told) for (const about of one?.procedures ?? []) described.set(about.uri, about);
    return described;
  }

  #said(uri) {
    const { title = "", description = "", interface: group = "" } = this.#described.get(uri) ?? {};
    return `${title}\n${description}\n${group}`.toLowerCase();
  }
}

class View {
  #app;
  #catalogue;
  #panel = null;
  #caller = null;

  constructor(root, app, catalogue) {
    this.#app = app;
    this.#catalogue = catalogue;
    this.filter = new Filter(root, { label: "Search URI or description", onchange: () => this.#restart() });
    this.whose = element("select", { "aria-label": "Whose procedures", name: "whose" });
    for (const [value, text] of [["", "All"], ["realm", "Of the realm"], ["router", "Of the router"]]) {
      this.whose.append(element("option", { value }, text));
    }
    this.whose.addEventListener("change", () => this.#restart());
    this.filter.element.append(this.whose);
    this.table = new Table(root, {
      caption: "Procedures",
      columns: [
        { name: "uri", title: "Procedure", sort: true, text: (row) => row.uri },
        { name: "about", title: "What it does", text: (row) => aboutOf(row) },
        { name: "from", title: "From", text: (row) => originOf(row), kind: (row) => originOf(row) },
        { name: "policy", title: "Policy", wide: true, text: (row) => policyOf(row) },
        { name: "callees", title: "Callees", number: true, text: (row) => calleesOf(row) },
      ],
      key: (row) => row.uri,
      sort: "uri",
      onopen: (row) => this.#open(row.uri),
      load: (asked) => this.#load(asked),
      empty: "No procedure that you may use",
    });
    app.every(REFRESH, () => {
      catalogue.tick();
      return this.table.load();
    });
    if (app.path[0]) this.#open(app.path[0]);
  }

  close() {
    this.#panel?.close();
  }

  #restart() {
    this.table.restart().catch(() => {}); // the next poll says what is wrong
  }

  async #load({ offset, limit, descending }) {
    const uris = await this.#catalogue.list(this.filter.text, this.whose.value);
    const sorted = descending ? uris.toReversed() : uris;
    return { total: uris.length, rows: await this.#catalogue.describe(sorted.slice(offset, offset + limit)) };
  }

  async #open(uri) {
    this.#panel?.close();
    const panel = openPanel(uri, () => {
      this.#caller?.close();
      this.#caller = this.#panel = null;
    });
    this.#panel = panel;
    try {
      const schemas = new Schemas((name) => this.#app.call("wamp.type.get", [name]));
      const [about] = await this.#catalogue.describe([uri], true);
      await schemas.prepare(about);
      if (panel === this.#panel) this.#fill(panel.body, about, schemas);
    } catch (error) {
      if (panel === this.#panel) panel.body.append(element("p", { class: "bad" }, error.error ?? error.message));
    }
  }

  #fill(body, about, schemas) {
    const match = about.registration?.match ?? about.match ?? "exact";
    body.append(introduction(about, match));
    this.#caller = new Caller(body, this.#app.connection, schemas);
    this.#caller.take(about.uri, about, { isPattern: match !== "exact" });
    const { registration, ...told } = about;
    const schema = element("details", { class: "schema" }, element("summary", {}, "What the realm says of it"));
    schema.append(element("pre", { tabindex: "0" }, pretty(told)));
    body.append(schema);
    body.querySelector("input:not([type=checkbox]):not([hidden]), textarea")?.focus({ preventScroll: true });
  }
}

function introduction(about, match) {
  const tags = [originOf(about), match === "exact" ? null : match, policyOf(about) === "–" ? null : policyOf(about)];
  const number = about.registration?.callees ?? 0;
  const callees = about.registration ? `${count(number)} ${number === 1 ? "callee" : "callees"}` : null;
  const line = [...tags, about.interface, callees].filter(Boolean).map((text) => element("span", { class: "tag" }, text));
  const parts = [element("p", { class: "bar tags" }, ...line)];
  if (about.title) parts.push(element("h3", {}, about.title));
  if (about.description) parts.push(element("p", {}, about.description));
  if (about.errors?.length) parts.push(element("p", { class: "hint" }, `Errors of its own: ${about.errors.join(", ")}`));
  if (!about.kind) parts.push(element("p", { class: "hint" }, "Nothing is known of it; it may be gone."));
  return element("div", { class: "introduction" }, ...parts);
}

const aboutOf = ({ title, description }) => firstSentence(title ?? description ?? "");
const firstSentence = (text) => text.split("\n")[0].slice(0, 200);
const policyOf = ({ registration }) => registration?.invoke ?? "–";
const calleesOf = ({ registration, uri }) => (isRouters(uri) ? "–" : count(registration?.callees ?? 0));

function originOf({ uri, interface: group, registration, description }) {
  if (isRouters(uri)) return "router";
  const isDescribed = group !== undefined || description !== undefined;
  if (registration) return isDescribed ? "registered, described" : "registered";
  return isDescribed ? "described" : "known";
}

// What the router tells of another realm.
function openRegistered(root, app) {
  let text = "";
  const filter = new Filter(root, { label: "Search URI", onchange: () => {
    text = filter.text;
    table.restart().catch(() => {});
  } });
  const table = new Table(root, {
    caption: `Procedures that are registered in ${app.realm}`,
    columns: [
      { name: "uri", title: "Procedure", sort: true, text: (row) => row.uri },
      { name: "match", title: "Match", sort: true, text: (row) => row.match },
      { name: "invoke", title: "Policy", sort: true, text: (row) => row.invoke },
      { name: "callees", title: "Callees", number: true, sort: true, text: (row) => count(row.callees) },
    ],
    key: (row) => row.id,
    sort: "uri",
    onopen: (row) => app.go("registrations", row.id),
    load: async (asked) => {
      const { total, registrations } = await app.call("wamplex.registration.list", [app.realm], { text, ...asked });
      return { total, rows: registrations };
    },
    empty: "Nothing is registered",
  });
  app.every(REFRESH, () => table.load());
}
