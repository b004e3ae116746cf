// A list of any length in a box that scrolls: only the lines that can be seen are elements of the page.

const OVERSCAN = 12; // lines beyond both edges, so that fast scrolling shows no gaps

export class LineView {
  #box;
  #list;
  #make;
  #row; // px, the height of a line
  #lines = [];
  #elements = new Map(); // by line

  // `list` is within `box`; `make(line)` gives the <li> of a line, all of which are equally high.
  constructor(box, list, make) {
    this.#box = box;
    this.#list = list;
    this.#make = make;
    this.#row = parseFloat(getComputedStyle(list).lineHeight);
  }

  // Shows these lines, which may be changed and shown again. `added` of them are new before the first that was shown.
  show(lines, added = 0) {
    this.#lines = lines;
    this.#list.style.height = `${lines.length * this.#row}px`;
    if (added) this.#box.scrollTop += added * this.#row; // what is read stays where it is
    this.draw();
  }

  draw() {
    const first = Math.max(0, this.firstVisible - OVERSCAN);
    const seen = Math.ceil(this.#box.clientHeight / this.#row) + 2 * OVERSCAN;
    const wanted = new Set(this.#lines.slice(first, first + seen));
    for (const [line, made] of this.#elements) {
      if (wanted.has(line)) continue;
      made.remove();
      this.#elements.delete(line);
    }
    // What is there already stays untouched: somebody may be selecting text in it.
    let next = this.#list.firstElementChild;
    for (const line of wanted) {
      if (this.#elements.has(line)) {
        next = this.#elements.get(line).nextElementSibling;
        continue;
      }
      const made = this.#make(line);
      this.#elements.set(line, made);
      this.#list.insertBefore(made, next);
    }
    this.#list.style.paddingTop = `${first * this.#row}px`;
  }

  // Forgets the elements, when `make` would make them differently.
  clear() {
    this.#elements.clear();
    this.#list.replaceChildren();
  }

  toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.draw();
  }

  get firstVisible() {
    return Math.floor(this.#box.scrollTop / this.#row);
  }

  get isAtEnd() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < this.#row;
  }
}
