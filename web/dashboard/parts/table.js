// A table of a list that the router gives in pages. It is brought up to date in place: a row is known by its key, only
// what changed is written, and what is focused or selected stays so.
//
//   const table = new Table(root, {
//     caption: "Sessions",                         // for who does not see it
//     columns: [
//       { name: "authid", title: "Authid", sort: true, text: (row) => row.authid },
//       { name: "queue", title: "Queue", number: true, text: (row) => octets(row.octets_waiting) },
//       { name: "address", title: "Address", nowrap: true, text: (row) => row.address },
//       { name: "since", title: "Since", make: (row) => when(row.since) },   // an element, made once for each row
//       { name: "extra", title: "Extra", wide: true, text: ... },             // only where there is room
//     ],
//     key: (row) => row.session,
//     load: ({ offset, limit, sort, descending }) => Promise of { total, rows },
//     sort: "since", descending: true, limit: 50,   // at first
//     onopen: (row) => ...,                         // the first column is a button then; arrow keys go from row to row
//     empty: "Nobody is here",
//   });
//   app.every(2000, () => table.load());   table.load() asks for this page again, table.restart() for the first one

import { element } from "../page/dom.js";
import { count } from "./units.js";

const LIMITS = [25, 50, 100, 200];

export class Table {
  #options;
  #rows = new Map(); // key -> {element, cells, row}
  #asked = 0;
  #offset = 0;
  #total = null;

  constructor(root, options) {
    this.#options = { limit: 50, sort: null, descending: false, empty: "Nothing here", ...options };
    this.body = element("tbody", { role: "rowgroup" });
    this.sorting = this.#sortingOf(options.columns);
    const table = element("table", { role: "table" }, element("caption", {}, options.caption), this.#head(), this.body);
    this.empty = element("p", { class: "empty", hidden: "" }, this.#options.empty);
    const scroll = element("div", { class: "scroll" }, table);
    this.element = element("div", { class: "table" }, scroll, this.empty, this.#foot());
    this.body.addEventListener("keydown", (event) => this.#walk(event));
    root.append(this.element);
  }

  async load() {
    const asked = ++this.#asked;
    const { sort, descending, limit } = this.#options;
    const { total, rows } = await this.#options.load({ offset: this.#offset, limit, sort, descending });
    if (asked !== this.#asked) return; // a later question was answered first
    if (!rows.length && this.#offset && total < this.#offset + 1) {
      this.#offset = Math.max(0, Math.floor((total - 1) / limit) * limit); // the list became shorter than where we were
      return this.load();
    }
    this.#show(total, rows);
  }

  restart() {
    this.#offset = 0;
    return this.load();
  }

  #head() {
    const row = element("tr", { role: "row" });
    for (const column of this.#options.columns) {
      const cell = element("th", { scope: "col", role: "columnheader", class: classOf(column) });
      if (column.sort) {
        const button = element("button", { type: "button", class: "sort", "data-sort": column.name }, column.title);
        button.addEventListener("click", () => this.#sortBy(column));
        cell.append(button);
      } else cell.append(column.title);
      row.append(cell);
      column.head = cell;
    }
    this.#markSorted();
    return element("thead", { role: "rowgroup" }, row);
  }

  // Pressed again it is the other way round; numbers begin with the greatest.
  #sortBy({ name, number }) {
    const { sort, descending } = this.#options;
    this.#sort(name, sort === name ? !descending : Boolean(number));
  }

  #sort(sort, descending) {
    Object.assign(this.#options, { sort, descending });
    this.#markSorted();
    this.#turn(0);
  }

  #markSorted() {
    const { sort, descending, columns } = this.#options;
    for (const { head, name } of columns) {
      if (name !== sort) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    }
    this.sorting.value = `${sort} ${descending}`;
  }

  // Where rows are cards there is no head to press.
  #sortingOf(columns) {
    const sorting = element("select", { class: "sorting", "aria-label": "Order" });
    for (const { name, title, sort } of columns) {
      if (!sort) continue;
      sorting.append(element("option", { value: `${name} false` }, `${title} ↑`));
      sorting.append(element("option", { value: `${name} true` }, `${title} ↓`));
    }
    sorting.addEventListener("change", () => {
      const [name, descending] = sorting.value.split(" ");
      this.#sort(name, descending === "true");
    });
    return sorting;
  }

  #foot() {
    this.range = element("p", { class: "range", role: "status" });
    this.previous = element("button", { type: "button", class: "quiet", disabled: "" }, "Previous");
    this.next = element("button", { type: "button", class: "quiet", disabled: "" }, "Next");
    const limits = element("select", { "aria-label": "Rows a page" });
    for (const limit of LIMITS) limits.append(element("option", { value: limit }, `${limit} rows`));
    limits.value = this.#options.limit;
    limits.addEventListener("change", () => {
      this.#options.limit = Number(limits.value);
      this.#turn(0);
    });
    this.previous.addEventListener("click", () => this.#turn(this.#offset - this.#options.limit));
    this.next.addEventListener("click", () => this.#turn(this.#offset + this.#options.limit));
    this.turning = element("div", { class: "turning" }, limits, this.previous, this.next);
    this.foot = element("div", { class: "foot", hidden: "" }, this.range, this.sorting, this.turning);
    return this.foot;
  }

  #turn(offset) {
    this.#offset = Math.max(0, offset);
    this.load().catch(() => {}); // the next poll says what is wrong
  }

  #show(total, rows) {
    const focused = document.activeElement;
    const seen = new Set();
    let place = this.body.firstElementChild;
    for (const row of rows) {
      const key = this.#options.key(row);
      seen.add(key);
      const kept = this.#rows.get(key) ?? this.#add(key);
      this.#write(kept, row);
      if (kept.element === place) place = place.nextElementSibling;
      else this.body.insertBefore(kept.element, place);
    }
    for (const [key, { element: gone }] of this.#rows) {
      if (seen.has(key)) continue;
      gone.remove();
      this.#rows.delete(key);
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.#tell(total, rows.length);
  }

  #tell(total, shown) {
    const { limit } = this.#options;
    const text = total ? `${count(this.#offset + 1)}–${count(this.#offset + shown)} of ${count(total)}` : "";
    if (this.range.textContent !== text) this.range.textContent = text;
    this.previous.disabled = this.#offset === 0;
    this.next.disabled = this.#offset + limit >= total;
    this.empty.hidden = total > 0;
    this.foot.hidden = total === 0;
    this.sorting.hidden = total < 2 || !this.sorting.length;
    this.turning.hidden = total <= LIMITS[0];
    this.#total = total;
  }

  get total() {
    return this.#total;
  }

  #add(key) {
    const kept = { element: element("tr", { role: "row", "data-key": key }), cells: [], row: null };
    this.#rows.set(key, kept);
    return kept;
  }

  #write(kept, row) {
    const isNew = kept.row === null;
    kept.row = row;
    this.#options.columns.forEach((column, index) => {
      if (isNew) this.#addCell(kept, column, index);
      const cell = kept.cells[index];
      if (column.update && !isNew) column.update(cell.firstElementChild, row);
      if (!column.text) return;
      const text = String(column.text(row) ?? "–");
      if (cell.textContent !== text) cell.textContent = text;
      if (column.kind) cell.dataset.kind = column.kind(row) ?? "";
    });
  }

  #addCell(kept, column, index) {
    const cell = element("td", { role: "cell", class: classOf(column), "data-title": column.title });
    let inner = cell;
    if (index === 0 && this.#options.onopen) {
      inner = element("button", { type: "button", class: "open" });
      inner.addEventListener("click", () => this.#options.onopen(kept.row));
      cell.append(inner);
    }
    if (column.make) inner.append(column.make(kept.row));
    kept.cells.push(inner);
    kept.element.append(cell);
  }

  // Arrow up and down, from row to row in the same column.
  #walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const button = event.target.closest("button");
    if (!step || !button) return;
    const cell = button.closest("td");
    const beside = cell.parentElement[step]?.children[cell.cellIndex]?.querySelector("button");
    if (!beside) return;
    event.preventDefault();
    beside.focus();
  }
}

const classOf = (column) => ["number", "wide", "nowrap"].filter((name) => column[name]).join(" ");
