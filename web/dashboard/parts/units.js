// Numbers and times as people read them. Figures are as wide as each other, so that they do not dance.

import { element } from "../page/dom.js";

const OCTETS = ["B", "KiB", "MiB", "GiB", "TiB"];
const SCALES = [[1e9, "G"], [1e6, "M"], [1e4, "k"]];
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

// 12345 -> "12,345"
export const count = (value) => whole.format(value);

// 12345 -> "12.3 k": where there is little room
export function short(value) {
  for (const [scale, letter] of SCALES) {
    if (Math.abs(value) >= scale) return `${digits(value / (letter === "k" ? 1000 : scale))} ${letter}`;
  }
  return count(value);
}

// 2048 -> "2.0 KiB"
export function octets(value) {
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit + 1 < OCTETS.length) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : digits(value)} ${OCTETS[unit]}`;
}

// Per second: 0.25 -> "0.3", 12345 -> "12.3 k"
export const rate = (value) => (Math.abs(value) < 100 ? value.toFixed(1) : short(value));

export const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

// Seconds: 0.0004 -> "0.4 ms", 3 -> "3 s", 93784 -> "1 d 2 h"
export function duration(seconds) {
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  return parts.slice(first, first + 2).map(([size, unit], index) => {
    const rest = index === 0 ? seconds : seconds % parts[first][0];
    return `${Math.floor(rest / size)} ${unit}`;
  }).filter((part, index) => index === 0 || !part.startsWith("0 ")).join(" ");
}

// A <time>: of today the hour, else the day, too; the whole of it when it is pointed at.
export function when(iso) {
  const moment = new Date(iso);
  const isToday = moment.toDateString() === new Date().toDateString();
  const hour = moment.toLocaleTimeString([], { hour12: false });
  const text = isToday ? hour : `${moment.toLocaleDateString("sv")} ${hour}`;
  return element("time", { datetime: iso, title: iso }, text);
}

// How long ago, as text: "5 min 3 s".
export const since = (iso, now = Date.now()) => duration(Math.max(1, Math.floor((now - Date.parse(iso)) / 1000)));

// Makes rates of counters that only grow. Where one has become smaller the router has begun again: no rate then.
//
//   rates.of("realm1", seconds, { messages_received: 12 })  ->  { messages_received: 3.4 } per second, null at first
//
// What comes sooner than SOON after the last counters says too little: the rates stay what they were.
const SOON = 0.5; // s

export class Rates {
  #last = new Map();

  of(key, seconds, counters) {
    const last = this.#last.get(key);
    if (last && seconds >= last.seconds && seconds - last.seconds < SOON) return last.rates;
    const grown = Object.entries(counters).map(([name, now]) => [name, now - last?.counters[name]]);
    const hasGrown = last && seconds > last.seconds && grown.every(([, by]) => by >= 0);
    const perSecond = ([name, by]) => [name, by / (seconds - last.seconds)];
    const rates = hasGrown ? Object.fromEntries(grown.map(perSecond)) : null;
    this.#last.set(key, { seconds, counters, rates });
    return rates;
  }
}

const digits = (value) => (Math.abs(value) < 100 ? value.toFixed(1) : String(Math.round(value)));
