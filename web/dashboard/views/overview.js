// How the router does: what flows, what waits, what it costs. The numbers come each second as an event.

import { element } from "../page/dom.js";
import { Chart } from "../parts/charts.js";
import { Table } from "../parts/table.js";
import { count, duration, octets, percent, rate } from "../parts/units.js";
import { History } from "../history.js";

const perSecond = (value) => `${octets(value)}/s`;
const KIB = 1024;
const MIB = 1024 * KIB;

// `series` takes the numbers out of a sample, see history.js.
const CHARTS = [
  {
    title: "Messages per second", least: 10, show: rate,
    series: { In: (sample) => sample.messages_received, Out: (sample) => sample.messages_sent },
  },
  {
    title: "Traffic", least: 16 * KIB, base: 1024, show: perSecond,
    series: { In: (sample) => sample.octets_received, Out: (sample) => sample.octets_sent },
  },
  {
    title: "Sessions", least: 10, show: count,
    series: { Sessions: (sample) => sample.sessions, Connections: (sample) => sample.connections },
  },
  {
    title: "Calls in flight", least: 10, show: count,
    series: { Pending: (sample) => sample.calls, Queued: (sample) => sample.queued },
  },
  {
    title: "Errors and drops per second", least: 1, show: rate,
    series: { Errors: (sample) => sample.errors, Dropped: (sample) => sample.events_dropped },
  },
  {
    title: "Waiting to be sent", least: 16 * KIB, base: 1024, show: octets,
    series: { Queues: (sample) => sample.octets_waiting },
  },
  { title: "CPU", least: 0.1, show: percent, series: { "Of one core": (sample) => sample.cpu } },
  { title: "Memory", least: 32 * MIB, base: 1024, show: octets, series: { Resident: (sample) => sample.memory } },
  { title: "Loop lag", least: 0.01, show: duration, series: { Lag: (sample) => sample.lag } },
];

let history = null; // goes on while other views are looked at

export const overview = {
  ofRealm: false,

  start(connection) {
    history = new History(connection);
  },

  open(root, app) {
    const strip = element("dl", { class: "strip" });
    const grid = element("div", { class: "charts" });
    root.append(strip, grid);
    const charts = CHARTS.map((about) => drawn(grid, about));
    const table = realmsTable(root, app);
    const facts = new Facts(strip);
    const show = (sample) => {
      charts.forEach(({ chart, pick }) => chart.add(sample.seconds, pick(sample)));
      if (!sample.stats) return;
      const up = duration(Math.floor(sample.stats.uptime));
      facts.tell({ Up: up, Sessions: count(sample.sessions), Connections: count(sample.connections) });
      table.load();
    };
    const showAll = () => {
      if (document.hidden || !history.last) return; // nobody looks: nothing is drawn
      const before = history.samples.slice(0, -1);
      charts.forEach(({ chart, pick }) => chart.fill(before.map((sample) => [sample.seconds, pick(sample)])));
      show(history.last);
    };
    const onsample = ({ detail }) => document.hidden || show(detail);
    showAll();
    history.addEventListener("sample", onsample);
    document.addEventListener("visibilitychange", showAll);
    history.ask().catch((error) => app.connection.session && app.notify(error.error ?? error.message, "bad"));
    app.call("wamplex.node.get").then((node) => {
      const { version, pid, python, host, config } = node;
      facts.tell({ Version: version, Host: host, Process: pid, Python: python, Configuration: config });
    }).catch(() => {}); // the shell has asked the same, and said what is wrong
    return () => {
      history.removeEventListener("sample", onsample);
      document.removeEventListener("visibilitychange", showAll);
      charts.forEach(({ chart }) => chart.close());
    };
  },
};

function drawn(grid, { series, show, ...about }) {
  const lines = Object.keys(series).map((label) => ({ label, show }));
  const picks = Object.values(series);
  return { chart: new Chart(grid, { ...about, series: lines }), pick: (sample) => picks.map((pick) => pick(sample)) };
}

// What there is to know in one line; each fact keeps its place.
class Facts {
  #values = new Map();

  constructor(list) {
    for (const name of ["Up", "Sessions", "Connections", "Version", "Host", "Process", "Python", "Configuration"]) {
      const value = element("dd", {}, "–");
      this.#values.set(name, value);
      list.append(element("div", {}, element("dt", {}, name), value));
    }
  }

  tell(facts) {
    for (const [name, value] of Object.entries(facts)) {
      const text = String(value ?? "–");
      if (this.#values.get(name).textContent !== text) this.#values.get(name).textContent = text;
    }
  }
}

function realmsTable(root, app) {
  const number = (name, title, show = count, more = {}) => ({
    name, title, number: true, sort: true, text: (row) => (row[name] === null ? "–" : show(row[name])), ...more,
  });
  return new Table(root, {
    caption: "Realms",
    columns: [
      { name: "realm", title: "Realm", sort: true, text: (row) => row.realm },
      number("sessions", "Sessions"),
      number("paused", "Paused", count, { wide: true }),
      number("subscriptions", "Subscriptions"),
      number("registrations", "Registrations"),
      number("calls", "Calls"),
      number("queued", "Queued", count, { wide: true }),
      number("in", "In/s", rate),
      number("out", "Out/s", rate),
      number("failed", "Errors/s", rate),
      number("octets_waiting", "Waiting", octets),
      number("events_dropped", "Dropped", count, { wide: true }),
    ],
    key: (row) => row.realm,
    sort: "realm",
    onopen: (row) => app.choose(row.realm, "sessions"),
    load: ({ offset, limit, sort, descending }) => {
      const rows = history.last?.realms ?? [];
      const sign = descending ? -1 : 1;
      const sorted = rows.toSorted((one, two) => sign * (one[sort] < two[sort] ? -1 : one[sort] > two[sort] ? 1 : 0));
      return { total: rows.length, rows: sorted.slice(offset, offset + limit) };
    },
  });
}
