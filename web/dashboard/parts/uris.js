// What subscriptions and registrations have in common as views: a tree by URI component, the same as a list that can be searched
// and sorted, and a panel about one of them. `kind` says what is different; see views/subscriptions.js.

import { element } from "../page/dom.js";
import { showError } from "../page/payload.js";
import { openDetail, reasonForm, tellFacts } from "./detail.js";
import { Filter } from "./filter.js";
import { Table } from "./table.js";
import { Tree } from "./tree.js";
import { count, when } from "./units.js";

const EVERY = 2000; // ms
const SHAPE = "wamplex.dashboard.shape"; // of sessionStorage: tree or list

export function openUris(root, app, kind) {
  const view = new Uris(root, app, kind);
  if (app.path[0]) view.openEntry(Number(app.path[0]));
  return () => view.close();
}

class Uris {
  #app;
  #kind;
  #filter;
  #shape;
  #tree;
  #table;
  #polling;
  #panel = null;

  constructor(root, app, kind) {
    this.#app = app;
    this.#kind = kind;
    this.#filter = new Filter(root, { label: "Search in URIs", onchange: () => this.#changed() });
    this.#shape = element("select", { "aria-label": "Show as", name: "shape" });
    this.#shape.append(element("option", { value: "tree" }, "Tree"), element("option", { value: "list" }, "List"));
    this.#shape.value = sessionStorage.getItem(SHAPE) ?? "tree";
    this.#shape.addEventListener("change", () => {
      sessionStorage.setItem(SHAPE, this.#shape.value);
      this.#changed();
    });
    this.#filter.element.append(this.#shape);
    this.#tree = this.#makeTree(root);
    this.#table = this.#makeTable(root);
    this.#changed();
    this.#polling = app.every(EVERY, () => this.#load());
  }

  close() {
    this.#panel?.close();
  }

  openEntry(id, uri = null) {
    const { noun } = this.#kind;
    this.#panel?.close();
    this.#panel = openDetail(this.#app, {
      view: `${noun}s`,
      id,
      title: uri === null ? `The ${noun} ${id}` : titleOf(uri),
      onclose: () => (this.#panel = null),
      fill: (body) => fillEntry(body, this.#app, this.#kind, id, () => this.#polling.now()),
    });
  }

  // Who searches, searches the list.
  #changed() {
    this.#shape.disabled = this.#filter.text !== "";
    const isTree = this.#isTree();
    this.#tree.element.hidden = !isTree;
    this.#table.element.hidden = isTree;
    if (!isTree) this.#table.restart().catch(() => {}); // the next poll says what is wrong
    else this.#polling?.now();
  }

  #isTree() {
    return this.#shape.value === "tree" && this.#filter.text === "";
  }

  #load() {
    return this.#isTree() ? this.#tree.load() : this.#table.load();
  }

  #makeTree(root) {
    const { noun, figureText, marks, of } = this.#kind;
    return new Tree(root, {
      label: `Tree of ${of}`,
      load: (path, limit) => this.#app.call(`wamplex.${noun}.tree`, [this.#app.realm], { path, limit }),
      text: (entry) => [entry.match, ...marks(entry), figureText(entry)].join(" · "),
      onopen: (entry) => this.openEntry(entry.id, entry.uri),
      empty: `There is no ${noun} in this realm.`,
    });
  }

  #makeTable(root) {
    const { noun, figure, figureTitle, columns } = this.#kind;
    return new Table(root, {
      caption: `${noun}s`,
      columns: [
        { name: "uri", title: "URI", sort: true, text: (row) => titleOf(row.uri) },
        { name: "match", title: "Match", sort: true, text: (row) => row.match },
        ...columns,
        { name: figure, title: figureTitle, number: true, sort: true, text: (row) => count(row[figure]) },
        { name: "created", title: "Created", sort: true, make: (row) => when(row.created) },
        { name: "creator", title: "By", text: (row) => row.creator?.authid ?? "the router" },
      ],
      key: (row) => row.id,
      sort: "uri",
      onopen: (row) => this.openEntry(row.id, row.uri),
      load: async (asked) => {
        const answer = await this.#app.call(`wamplex.${noun}.list`, [this.#app.realm], { text: this.#filter.text, ...asked });
        return { total: answer.total, rows: answer[`${noun}s`] };
      },
      empty: `No such ${noun}`,
    });
  }
}

const titleOf = (uri) => uri || '"" (every URI)';

// Everything about one of them; gives what brings it up to date.
function fillEntry(body, app, kind, id, onchange) {
  const about = element("div", { class: "about" });
  const { form, given } = reasonForm({ reason: { label: "Reason for who is removed, a URI", placeholder: "wamp.close.killed" } });
  const section = element("section", { "aria-label": kind.memberTitle }, element("h3", {}, kind.memberTitle), form);
  let polling = () => {};
  const remove = async (member) => {
    const question = `Take it away from ${member.authid || "who has no name"}, session ${member.session}?`;
    if (!(await app.confirm(question, { action: "Remove" }))) return;
    try {
      await app.call(`wamplex.${kind.noun}.${kind.remove}`, [app.realm, id, member.session], given());
      app.notify(`It was taken away from session ${member.session}.`);
      await polling();
    } catch (error) {
      if (error.error !== `wamp.error.no_such_${kind.noun}`) app.notify(showError(error), "bad");
    }
    onchange();
  };
  const table = membersTable(section, app, kind, remove, (asked) => ask(asked));
  const ask = async ({ offset, limit }) => {
    const entry = await app.call(`wamplex.${kind.noun}.get`, [app.realm, id], { offset, limit });
    tellFacts(about, aboutOf(entry, kind));
    form.hidden = entry[kind.figure] === 0;
    return { total: entry[kind.figure], rows: entry[kind.members] };
  };
  body.append(about, section);
  polling = () => table.load();
  return polling;
}

function aboutOf(entry, kind) {
  const { session, authid } = entry.creator ?? {};
  const creator = entry.creator && element("a", { href: `#sessions/${session}` }, authid || session);
  return {
    URI: element("code", {}, titleOf(entry.uri)),
    Match: entry.match,
    ...kind.facts(entry),
    Created: when(entry.created),
    By: creator ?? "the router",
    Id: String(entry.id),
  };
}

function membersTable(section, app, kind, remove, load) {
  return new Table(section, {
    caption: kind.memberTitle,
    columns: [
      { name: "authid", title: "Authid", text: (row) => row.authid || "(no name)" },
      { name: "authrole", title: "Role", text: (row) => row.authrole },
      { name: "peer", title: "Address", text: (row) => (row.node === null ? row.peer : `${row.peer}, node key ${row.node}`) },
      ...kind.memberColumns,
      { name: "remove", title: "", make: (row) => removeButton(row, remove) },
    ],
    key: (row) => row.session,
    limit: 25,
    onopen: (row) => app.go("sessions", row.session),
    load,
    empty: "Nobody",
  });
}

function removeButton(row, remove) {
  const label = `Remove ${row.authid}, session ${row.session}`;
  const button = element("button", { type: "button", class: "quiet remove", "aria-label": label }, "Remove");
  button.addEventListener("click", () => remove(row));
  return button;
}
