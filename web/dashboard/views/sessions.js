// The sessions of a realm: who is here, from where, how busy; all about one of them; and how to end it.

import { element } from "../page/dom.js";
import { showError } from "../page/payload.js";
import { openDetail, reasonForm, tellFacts } from "../parts/detail.js";
import { Filter } from "../parts/filter.js";
import { Table } from "../parts/table.js";
import { count, duration, octets, rate, when } from "../parts/units.js";

const EVERY = 2000; // ms

export const sessions = {
  stays: true,
  open(root, app) {
    const view = new View(root, app);
    if (app.path[0]) view.openSession(Number(app.path[0]));
    return () => view.close();
  },
};

class View {
  #app;
  #rates = new SessionRates();
  #filter;
  #table;
  #polling;
  #panel = null;

  constructor(root, app) {
    this.#app = app;
    const label = "Filter by authid, role, address or session";
    this.#filter = new Filter(root, { label, onchange: () => this.#table.restart().catch(() => {}) });
    this.#table = new Table(root, {
      caption: "Sessions",
      columns: columnsOf(app),
      key: (row) => row.session,
      sort: "since",
      descending: true,
      onopen: (row) => this.openSession(row.session, row.authid),
      load: (asked) => this.#load(asked),
      empty: "No such session",
    });
    this.#polling = app.every(EVERY, () => this.#table.load());
  }

  close() {
    this.#panel?.close();
  }

  async #load(asked) {
    const answer = await this.#app.call("wamplex.session.list", [this.#app.realm], { text: this.#filter.text, ...asked });
    return { total: answer.total, rows: this.#rates.added(answer.sessions) };
  }

  openSession(id, authid = "") {
    this.#panel?.close();
    this.#panel = openDetail(this.#app, {
      view: "sessions",
      id,
      title: `Session ${id}${authid && ` of ${authid}`}`,
      onclose: () => (this.#panel = null),
      fill: (body) => fillSession(body, this.#app, id, () => this.#killed()),
    });
  }

  #killed() {
    this.#panel?.close();
    this.#polling.now();
  }
}

// Messages and octets per second of sessions, from two answers. Where the router sorts by a rate it tells that one itself.
class SessionRates {
  #last = new Map(); // session -> {uptime, messages, octets}: of the last answer only, or it would grow for ever

  added(rows) {
    const last = this.#last;
    this.#last = new Map();
    return rows.map((row) => {
      const now = {
        uptime: row.uptime,
        messages: row.messages_received + row.messages_sent,
        octets: row.octets_received + row.octets_sent,
      };
      this.#last.set(row.session, now);
      return { ...ratesBetween(last.get(row.session), now), ...row };
    });
  }
}

function ratesBetween(before, now) {
  if (!before || before.uptime >= now.uptime) return { message_rate: null, octet_rate: null };
  const seconds = now.uptime - before.uptime;
  return { message_rate: (now.messages - before.messages) / seconds, octet_rate: (now.octets - before.octets) / seconds };
}

const shown = (value, show) => (value === null || value === undefined ? null : show(value));
const perSecond = (value) => `${octets(value)}/s`;

function columnsOf(app) {
  const figure = (name, title, show = count, more = {}) => ({
    name, title, number: true, sort: true, text: (row) => shown(row[name], show), ...more,
  });
  return [
    { name: "authid", title: "Authid", sort: true, text: (row) => nameOf(row, app) },
    { name: "authrole", title: "Role", sort: true, text: (row) => row.authrole },
    { name: "authmethod", title: "Method", sort: true, wide: true, text: (row) => row.authmethod },
    { name: "peer", title: "Address", sort: true, text: (row) => row.transport.peer },
    { name: "protocol", title: "Transport", sort: true, text: (row) => row.transport.protocol },
    { name: "serializer", title: "Serializer", sort: true, wide: true, text: (row) => row.transport.serializer },
    { name: "since", title: "Since", sort: true, make: (row) => when(row.since) },
    figure("message_rate", "Msg/s", rate),
    figure("octet_rate", "Traffic", perSecond),
    figure("octets_waiting", "Waiting", octets, { kind: (row) => (row.octets_waiting ? "waits" : null) }),
    figure("subscriptions", "Subs"),
    figure("registrations", "Regs"),
    figure("events_dropped", "Dropped", count, { wide: true }),
  ];
}

function nameOf(row, app) {
  const name = row.authid || "(no name)";
  if (row.session === app.connection.state.session) return `${name} (this page)`;
  return row.paused ? `${name} (paused)` : name;
}

// Everything about one session; gives what brings it up to date.
function fillSession(body, app, id, onkilled) {
  const about = element("div", { class: "about" });
  const rates = new SessionRates();
  const isOwn = id === app.connection.state.session;
  const subscriptions = ownTable(body, app, id, { noun: "subscription", title: "Subscriptions", figure: "sessions" });
  const registrations = ownTable(body, app, id, { noun: "registration", title: "Registrations", figure: "callees" });
  body.prepend(about);
  const hint = element("p", { class: "hint" }, "This is the session of this page, which cannot end itself.");
  body.append(isOwn ? hint : ending(app, id, onkilled));
  return async () => {
    const row = await app.call("wamplex.session.get", [app.realm, id]);
    const [withRates] = rates.added([row]);
    tellFacts(about, identityOf(row), costsOf(withRates));
    await Promise.all([subscriptions(row.subscriptions), registrations(row.registrations)]);
  };
}

function identityOf(row) {
  const { transport } = row;
  return {
    Authid: row.authid,
    Role: row.authrole,
    Method: `${row.authmethod} (${row.authprovider})`,
    Address: transport.peer,
    ...(transport.via && { "By way of": transport.via }),
    ...(transport.origin && { Origin: transport.origin }),
    Transport: `${transport.protocol}, ${transport.serializer}${transport.secure ? ", encrypted" : ""}`,
    Announced: row.roles.join(", "),
    Since: element("span", {}, when(row.since), ` (${duration(Math.max(1, Math.floor(row.uptime)))})`),
    Resumable: row.resumable ? (row.paused ? "yes; it is paused" : "yes") : "no",
    ...(row.expires && { "Ends at": when(row.expires) }),
  };
}

function costsOf(row) {
  return {
    Received: `${count(row.messages_received)} messages, ${octets(row.octets_received)}`,
    Sent: `${count(row.messages_sent)} messages, ${octets(row.octets_sent)}`,
    Now: row.message_rate === null ? null : `${rate(row.message_rate)} messages/s, ${perSecond(row.octet_rate)}`,
    Waiting: octets(row.octets_waiting),
    "Events dropped": count(row.events_dropped),
    "Calls, invocations": `${count(row.calls)}, ${count(row.invocations)} under way`,
  };
}

// What the session subscribed to or registered, in pages; there is no table where there is nothing.
function ownTable(body, app, id, { noun, title, figure }) {
  const section = element("section", { hidden: "", "aria-label": title }, element("h3", {}, title));
  const table = new Table(section, {
    caption: title,
    columns: [
      { name: "uri", title: "URI", sort: true, text: (row) => row.uri || '""' },
      { name: "match", title: "Match", sort: true, text: (row) => row.match },
      { name: figure, title: noun === "registration" ? "Callees" : "Subscribers", number: true, sort: true, text: (row) => count(row[figure]) },
    ],
    key: (row) => row.id,
    sort: "uri",
    limit: 25,
    onopen: (row) => app.go(`${noun}s`, row.id),
    load: async (asked) => {
      const answer = await app.call(`wamplex.${noun}.list`, [app.realm], { session: id, ...asked });
      return { total: answer.total, rows: answer[`${noun}s`] };
    },
  });
  body.append(section);
  return async (many) => {
    section.hidden = many === 0;
    if (many) await table.load();
  };
}

function ending(app, id, onkilled) {
  const button = element("button", { class: "danger", name: "kill" }, "End this session");
  const { form, given } = reasonForm(
    {
      reason: { label: "Reason, a URI", placeholder: "wamp.close.killed" },
      message: { label: "Message for its log", placeholder: "none" },
    },
    element("p", { class: "actions" }, button),
  );
  form.addEventListener("submit", async () => {
    const question = `End session ${id}? Its calls are canceled, and what it registered is gone.`;
    const isSure = await app.confirm(question, { action: "End it" });
    if (!isSure) return;
    try {
      await app.call("wamplex.session.kill", [app.realm, id], given());
      app.notify(`Session ${id} was ended.`);
      onkilled();
    } catch (error) {
      app.notify(showError(error), "bad");
    }
  });
  return element("section", { class: "ending", "aria-label": "End this session" }, form);
}
