// Live prices: every symbol is a row with a small chart, the chosen one has a large chart.
//
// Prices come faster than a screen can show them, or anybody read. So an event only changes numbers in memory, and what
// they changed is drawn once per frame. A hidden tab has no frames, and draws nothing.

import { byId, element } from "../../page/dom.js";
import { showFailure } from "../../page/payload.js";
import { openPage } from "../../page/shell.js";
import { LargeChart, drawSparkline, timeOf } from "./charts.js";
import { Series, signed } from "./series.js";

const TOPIC = "com.example.ticker"; // and everything below it
const MOST_SYMBOLS = 48; // anybody may publish a symbol
const SHARES = 4; // a row is drawn in one frame of so many: digits that change faster are a blur
const CALM = 500; // ms between two drawings for people who want less motion
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const connection = openPage();
const rows = new Map(); // by symbol
const chart = new LargeChart(byId("chart"), (time, price) => {
  byId("chosen-at").textContent = time ? `${price.toFixed(2)} at ${timeOf(time)}` : "The last minute";
});
let chosen = null; // a row
let drawn = 0; // when, in ms
let turn = 0; // whose rows are drawn
const counted = { prices: 0, frames: 0 };

class Row {
  series = new Series();
  isStale = true; // what is on the screen is not what is in the series

  constructor(symbol) {
    this.symbol = symbol.slice(0, 12);
    // Radio buttons are what arrow keys go through, and one stop for the tab key.
    this.radio = element("input", { type: "radio", name: "symbol" });
    this.radio.addEventListener("change", () => choose(this));
    this.price = element("span", { class: "price" });
    this.change = element("span", { class: "change" });
    this.canvas = element("canvas", { "aria-hidden": "true" }); // the numbers beside it say the same
    const name = element("th", { scope: "row" }, element("label", {}, this.radio, element("span", {}, this.symbol)));
    byId("rows").append(element("tr", {}, name, ...[this.price, this.change, this.canvas].map((shown) => element("td", {}, shown))));
  }

  draw() {
    const { last, change, thin } = this.series;
    showPrice(this.price, this.change, last, change);
    drawSparkline(this.canvas, thin, change >= 0);
    this.isStale = false;
  }
}

function showPrice(priceField, changeField, price, change) {
  priceField.textContent = price.toFixed(2);
  changeField.textContent = signed(change);
  changeField.dataset.direction = change < 0 ? "down" : "up";
}

function add(symbol, price, time = Date.now() / 1000) {
  if (typeof symbol !== "string" || !Number.isFinite(price)) return;
  if (!rows.has(symbol)) {
    if (rows.size === MOST_SYMBOLS) return;
    rows.set(symbol, new Row(symbol));
    byId("empty").hidden = true;
    if (!chosen) choose(rows.get(symbol));
  }
  const row = rows.get(symbol);
  row.series.add(time, price);
  row.isStale = true;
}

function choose(row) {
  chosen = row;
  row.radio.checked = true;
  byId("chosen-symbol").textContent = row.symbol;
}

function draw(time) {
  requestAnimationFrame(draw);
  if (!chosen || (calm.matches && time - drawn < CALM)) return;
  drawn = time;
  counted.frames += 1;
  turn = (turn + 1) % SHARES;
  [...rows.values()].forEach((row, i) => {
    if (row.isStale && (calm.matches || i % SHARES === turn)) row.draw();
  });
  const { series } = chosen;
  showPrice(byId("chosen-price"), byId("chosen-change"), series.last, series.change);
  chart.draw(series, Date.now() / 1000);
}

// What need not be said sixty times a second.
function sum() {
  byId("received").textContent = counted.prices.toLocaleString();
  byId("frames").textContent = counted.frames;
  counted.prices = counted.frames = 0;
  if (!chosen) return;
  const { first, prices } = chosen.series;
  const fields = { "chosen-first": first, "chosen-low": Math.min(...prices), "chosen-high": Math.max(...prices) };
  for (const [field, price] of Object.entries(fields)) byId(field).textContent = price.toFixed(2);
}

// A page that opens, or comes back, begins with the last minute, if there is a worker that remembers it.
async function recall() {
  const { interval, prices } = await connection.call(`${TOPIC}.last_minute`);
  const now = Date.now() / 1000;
  for (const [symbol, past] of Object.entries(prices)) {
    if (rows.has(symbol)) rows.get(symbol).series = new Series();
    past.forEach((price, i) => add(symbol, price, now - (past.length - i) * interval));
  }
}

async function hurry() {
  const note = byId("hurry-note");
  try {
    const { rate, seconds } = await connection.call(`${TOPIC}.hurry`);
    note.textContent = `${rate} a second for ${seconds} seconds, for everybody`;
    setTimeout(() => (note.textContent = ""), seconds * 1000);
  } catch (error) {
    note.textContent = showFailure(error, "ticker");
  }
}

connection.subscribe(TOPIC, (args, kwargs) => {
  counted.prices += 1;
  add(kwargs?.symbol, kwargs?.price);
}, { match: "prefix" });
connection.addEventListener("state", () => {
  if (connection.state.name === "joined") recall().catch(() => {}); // no worker yet: its prices will come
});
byId("hurry").addEventListener("click", hurry);
setInterval(sum, 1000);
requestAnimationFrame(draw);
