// A small line chart in SVG: values evenly spaced, the newest at the right edge. Colours come from the style sheet.

const SVG = "http://www.w3.org/2000/svg";
const CAPACITY = 240; // values; one minute of a ticker that ticks four times a second
const AT_FIRST = 20; // values that the width is made for at the beginning; it holds more and more until CAPACITY
const MARGIN = 5; // px, room for the line's width and the dot

export class Chart {
  #values = [];
  #area;
  #line;
  #dot;
  #due = false;

  constructor(svg) {
    this.svg = svg;
    this.#area = this.#shape("path", "area");
    this.#line = this.#shape("path", "line");
    this.#dot = this.#shape("circle", "dot");
    this.#dot.setAttribute("r", "3");
    new ResizeObserver(() => this.#drawSoon()).observe(svg);
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > CAPACITY) this.#values.shift();
    this.#drawSoon();
  }

  // The lowest, the highest, the first and the last value shown.
  get range() {
    const values = this.#values;
    return { low: Math.min(...values), high: Math.max(...values), first: values[0], last: values.at(-1) };
  }

  #shape(name, className) {
    const shape = document.createElementNS(SVG, name);
    shape.setAttribute("class", className);
    return this.svg.appendChild(shape);
  }

  // Many values may come between two frames of the screen; a hidden page draws nothing.
  #drawSoon() {
    if (this.#due || !this.#values.length) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    const { low, high } = this.range;
    const step = (width - 2 * MARGIN) / (Math.max(this.#values.length, AT_FIRST) - 1);
    const scale = (height - 2 * MARGIN) / (high - low || 1);
    const left = width - MARGIN - (this.#values.length - 1) * step;
    const points = this.#values.map((value, i) => [
      (left + i * step).toFixed(1),
      (high === low ? height / 2 : height - MARGIN - (value - low) * scale).toFixed(1),
    ]);
    const line = `M${points.join("L")}`;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#line.setAttribute("d", line);
    this.#area.setAttribute("d", `${line}V${height}H${left.toFixed(1)}Z`);
    this.#dot.setAttribute("cx", points.at(-1)[0]);
    this.#dot.setAttribute("cy", points.at(-1)[1]);
  }
}
