// The live prices: one tile with a chart per symbol that is heard of.

import { Chart } from "./chart.js";
import { openPage } from "../../page/shell.js";
import { byId, element } from "../../page/dom.js";

const TOPIC = "com.example.ticker"; // and everything below it
const MOST_TILES = 8; // anybody may publish a symbol

function startTicker(connection) {
  const list = byId("ticker");
  const tiles = new Map();

  connection.subscribe(TOPIC, (args, { symbol, price }) => {
    if (typeof symbol !== "string" || !Number.isFinite(price)) return;
    if (!tiles.has(symbol)) {
      if (tiles.size === MOST_TILES) return;
      byId("ticker-empty").hidden = true;
      tiles.set(symbol, new Tile(list, symbol));
    }
    tiles.get(symbol).show(price);
  }, { match: "prefix" });
}

class Tile {
  constructor(list, symbol) {
    this.symbol = symbol;
    this.price = element("span", { class: "price" });
    this.change = element("span", { class: "change" });
    this.range = element("p", { class: "range" });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true"); // the numbers beside it say the same
    const head = element("p", { class: "quote" }, this.price, this.change);
    list.append(element("li", { class: "tile" }, element("h3", {}, symbol.slice(0, 12)), head, svg, this.range));
    this.chart = new Chart(svg);
  }

  show(price) {
    this.chart.add(price);
    const { low, high, first, last } = this.chart.range;
    const percent = first ? ((last - first) / first) * 100 : 0;
    this.price.textContent = price.toFixed(2);
    this.change.textContent = `${percent < 0 ? "▼" : "▲"} ${Math.abs(percent).toFixed(2)} %`;
    this.change.dataset.direction = percent < 0 ? "down" : "up";
    this.range.textContent = `${low.toFixed(2)} – ${high.toFixed(2)}`;
  }
}

startTicker(openPage());
