// How prices are drawn: a large chart with axes, by uPlot, and small ones on canvases. Colours are those of the style sheet.

import { WINDOW } from "./series.js";

const NAMES = ["accent", "tint", "soft", "line", "card", "good", "bad"];
const colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) colours[name] = style.getPropertyValue(`--${name}`).trim();
}
readColours();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);

const clock = new Intl.DateTimeFormat([], { timeStyle: "medium", hour12: false });
export const timeOf = (seconds) => clock.format(seconds * 1000);

// `onpoint(time, price)` is told what the pointer is at, without arguments when it has left.
export class LargeChart {
  #plot;
  #now = 0;

  constructor(root, onpoint) {
    const axis = { stroke: () => colours.soft, grid: { stroke: () => colours.line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const pointed = ({ cursor: { idx }, data: [times, prices] }) => (idx == null ? onpoint() : onpoint(times[idx], prices[idx]));
    this.#plot = new uPlot({
      ...sizeOf(root),
      padding: [12, 0, 0, 8],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 9, fill: () => colours.accent } },
      scales: { x: { range: () => [this.#now - WINDOW, this.#now] }, y: { range: (plot, low, high) => around(low, high) } },
      series: [{}, { stroke: () => colours.accent, fill: () => colours.tint, width: 2, points: { show: false } }],
      axes: [
        { ...axis, values: (plot, splits) => splits.map(timeOf), size: 30, space: 90, incrs: [5, 10, 15, 30] },
        { ...axis, side: 1, size: 62, values: (plot, splits) => splits.map((price) => price.toFixed(2)) },
      ],
      hooks: { setCursor: [pointed], draw: [drawNewest] },
    }, [[], []], root);
    new ResizeObserver(() => this.#plot.setSize(sizeOf(root))).observe(root);
  }

  draw({ times, prices }, now) {
    this.#now = now;
    this.#plot.setData([times, prices]);
  }
}

const sizeOf = (root) => ({ width: root.clientWidth, height: root.clientHeight });

function around(low, high) {
  const margin = Math.max((high - low) * 0.15, high * 0.0005, 0.01);
  return [low - margin, high + margin];
}

function drawNewest(plot) {
  const [times, prices] = plot.data;
  if (!times.length) return;
  const x = plot.valToPos(times.at(-1), "x", true);
  const y = plot.valToPos(prices.at(-1), "y", true);
  for (const [radius, colour] of [[9, colours.tint], [4.5, colours.accent]]) {
    plot.ctx.beginPath();
    plot.ctx.arc(x, y, radius * devicePixelRatio, 0, 2 * Math.PI);
    plot.ctx.fillStyle = colour;
    plot.ctx.fill();
  }
}

export function drawSparkline(canvas, values, isUp) {
  const width = canvas.clientWidth * devicePixelRatio;
  const height = canvas.clientHeight * devicePixelRatio;
  if (!width) return;
  if (canvas.width !== Math.round(width)) [canvas.width, canvas.height] = [width, height]; // which also clears it
  const context = canvas.getContext("2d");
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 2 * devicePixelRatio;
  const step = (width - 2 * margin) / (values.length - 1 || 1);
  const scale = (height - 2 * margin) / (high - low || 1);
  context.clearRect(0, 0, width, height);
  context.beginPath();
  values.forEach((value, i) => context.lineTo(margin + i * step, height - margin - (value - low) * scale));
  context.strokeStyle = isUp ? colours.good : colours.bad;
  context.lineWidth = 1.5 * devicePixelRatio;
  context.lineJoin = "round";
  context.stroke();
}
