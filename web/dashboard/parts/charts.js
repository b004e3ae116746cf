// Lines that grow with time, by uPlot. What a chart shows last is above it as text, for everybody who cannot see it.
// Who points at one chart sees the numbers of that moment on all of them.
//
//   const chart = new Chart(root, {
//     title: "Messages",
//     series: [{ label: "In", show: rate }, { label: "Out", show: rate }],   // `show` makes text of a number
//     least: 10,       // what the scale goes up to at least, so that noise stays small
//     base: 1024,      // for octets: where the scale's round numbers are; else 10
//     seconds: 300,    // what is to be seen of the past
//   });
//   chart.add(seconds, [12.5, 3]);          a number that is not known is null: the line has a gap there
//   chart.fill([[seconds, [12.5, 3]], ...]);
//   chart.close();

import { element } from "../page/dom.js";

const HEIGHT = 104;
const SHORTEST = 30; // seconds to be seen at least, though there is nothing yet
const COLOURS = ["--chart-1", "--chart-2", "--chart-3"];

// What only charts need is loaded with the first of them: it is an eighth of all that the dashboard loads.
let loading = null;

function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = element("script", { src: new URL("../vendor/uPlot.iife.min.js", import.meta.url).href });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      loading = null; // the next chart tries again
      script.remove();
      reject(new Error("uPlot could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}

export class Chart {
  #options;
  #data;
  #plot = null; // until the library is there; the numbers are shown all the same
  #isClosed = false;
  #place = element("div", { class: "plot", "aria-hidden": "true" });
  #moment = element("span", { class: "moment", "aria-hidden": "true" });
  #numbers;
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #sizes = new ResizeObserver(() => this.#fit());
  #redraw = () => this.#plot && this.#draw();

  constructor(root, { title, series, least = 1, base = 10, seconds = 300 }) {
    this.#options = { series, least, base, seconds };
    this.#data = [[], ...series.map(() => [])];
    this.#numbers = series.map(() => element("dd", {}, "–"));
    const legend = element("dl", { class: "legend" });
    series.forEach(({ label }, index) => {
      legend.append(element("div", { "data-series": index + 1 }, element("dt", {}, label), this.#numbers[index]));
    });
    this.element = element("section", { class: "chart", "aria-label": title });
    const head = element("div", { class: "chart-head" }, element("h2", {}, title, this.#moment), legend);
    this.element.append(head, this.#place);
    root.append(this.element);
    this.#sizes.observe(this.#place);
    this.#scheme.addEventListener("change", this.#redraw);
    library().then(() => this.#isClosed || this.#draw(), console.warn);
  }

  fill(points) {
    this.#data = [points.map(([seconds]) => seconds)];
    this.#options.series.forEach((_, index) => this.#data.push(points.map(([, values]) => values[index])));
    this.#show();
  }

  add(seconds, values) {
    if (seconds <= this.#data[0].at(-1)) this.#data = this.#data.map(() => []); // the clock was set back
    this.#data[0].push(seconds);
    values.forEach((value, index) => this.#data[index + 1].push(value));
    while (this.#data[0][0] < seconds - this.#options.seconds) this.#data.forEach((column) => column.shift());
    this.#show();
  }

  close() {
    this.#sizes.disconnect();
    this.#scheme.removeEventListener("change", this.#redraw);
    this.#isClosed = true;
    this.#plot?.destroy();
  }

  #show() {
    this.#tell();
    if (!this.#plot) return;
    this.#plot.setData(this.#data, false);
    const now = this.#data[0].at(-1) ?? Date.now() / 1000;
    const first = Math.min(this.#data[0][0] ?? now, now - SHORTEST); // it grows until it is as long as was asked for
    this.#plot.setScale("x", { min: Math.max(first, now - this.#options.seconds), max: now });
  }

  // The numbers of the moment that is pointed at, else the last ones.
  #tell() {
    const pointed = this.#plot?.cursor.idx ?? null;
    const index = pointed ?? this.#data[0].length - 1;
    this.#options.series.forEach(({ show }, place) => {
      const value = this.#data[place + 1][index] ?? null;
      write(this.#numbers[place], value === null ? "–" : show(value));
    });
    write(this.#moment, pointed === null ? "" : clock(this.#data[0][index], { second: "2-digit" }));
  }

  #fit() {
    const width = this.#place.clientWidth;
    if (this.#plot && width && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  // Colours are read when it is drawn: a canvas does not follow the scheme by itself.
  #draw() {
    this.#plot?.destroy();
    this.#plot = null;
    const style = getComputedStyle(document.documentElement);
    const plot = new uPlot(this.#look((name) => style.getPropertyValue(name).trim()), this.#data, this.#place);
    this.#plot = plot;
    this.#show();
  }

  #look(colour) {
    const { series, least, base } = this.#options;
    const numbers = (_, ticks) => ticks.map((tick) => brief(series[0].show(tick)));
    const axis = { stroke: colour("--soft"), font: "11px system-ui, sans-serif", ticks: { show: false }, gap: 4 };
    return {
      width: this.#place.clientWidth || 300,
      height: HEIGHT,
      padding: [6, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "wamplex" }, points: { size: 7 } },
      hooks: { setCursor: [() => this.#plot && this.#tell()] },
      scales: { y: { range: (_, low, high) => [0, round(Math.max((high ?? 0) * 1.05, least), base)] } },
      axes: [
        { ...axis, grid: { show: false }, size: 20, space: 64, incrs: [10, 15, 30, 60, 120, 300, 600], values: times },
        { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 62, splits: halves, values: numbers },
      ],
      series: [{}, ...series.map((_, index) => ({
        stroke: colour(COLOURS[index]),
        width: 1.5,
        fill: index === 0 ? colour("--chart-fill") : undefined,
        points: { show: false },
      }))],
    };
  }
}

// Not so far to the left that it would run into the other axis.
const times = (plot, ticks, axis, space, apart) =>
  ticks.map((tick) => (plot.valToPos(tick, "x") < 20 ? "" : clock(tick, apart < 60 ? { second: "2-digit" } : {})));

// The scale ends on a round number: it stays for a while, and a half of it is one, too.
function round(value, base) {
  const unit = base === 1024 ? 2 ** Math.floor(Math.log2(value)) : 10 ** Math.floor(Math.log10(value));
  return unit * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => unit * factor >= value);
}

const halves = (plot, axis, low, high) => [low, (low + high) / 2, high];
const brief = (text) => text.replace(/\.0\b/, "");
const clock = (seconds, more = {}) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false, ...more });

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
