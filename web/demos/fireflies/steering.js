// Where the player wants to fly: by the keys that are held, or towards the point that was pressed last.

const KEYS = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
  KeyW: [0, -1], KeyS: [0, 1], KeyA: [-1, 0], KeyD: [1, 0],
};
const THERE = 4; // units from the point that are close enough

export class Steering {
  #held = new Set();
  #target = null; // [x, y] on the meadow

  // `toMeadow(event)` gives the point of the meadow that is under the pointer.
  constructor(canvas, toMeadow) {
    canvas.addEventListener("keydown", (event) => {
      if (!(event.code in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault(); // the page is not to scroll
      this.#held.add(event.code);
      this.#target = null;
    });
    canvas.addEventListener("keyup", (event) => this.#held.delete(event.code));
    canvas.addEventListener("blur", () => this.#held.clear());
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#target = toMeadow(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#target = toMeadow(event);
    });
  }

  // How far to fly from `player`, if it is no more than `most`: [dx, dy].
  step({ x, y }, most) {
    let [dx, dy] = [0, 0];
    if (this.#target) [dx, dy] = [this.#target[0] - x, this.#target[1] - y];
    else for (const code of this.#held) [dx, dy] = [dx + KEYS[code][0] * most, dy + KEYS[code][1] * most];
    const distance = Math.hypot(dx, dy);
    if (this.#target && distance < THERE) this.#target = null;
    return distance > most ? [(dx / distance) * most, (dy / distance) * most] : [dx, dy];
  }
}
