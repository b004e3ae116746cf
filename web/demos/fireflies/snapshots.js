// What others did, a moment ago: snapshots come 20 times a second and not evenly, and are drawn 60 times a second.
//
// So others are drawn as they were DELAY ago, when there is a snapshot before that time and one after it, and they are
// in between. The time is the referee's, which is guessed from the snapshot that was on its way the shortest.

const DELAY = 100; // ms; two snapshots, so that one may be late
const KEPT = 20; // snapshots; one second
const FORGOTTEN = 0.02; // ms for each snapshot by which the shortest way is taken to be longer: clocks drift

export class Snapshots {
  #kept = []; // {time, players: Map by number, sparks}, oldest first
  #offset = Infinity; // ms, our clock less the referee's

  add(time, players, sparks, now) {
    if (time <= this.#kept.at(-1)?.time) this.clear(); // a new referee with a new clock
    this.#offset = Math.min(this.#offset + FORGOTTEN, now - time);
    const byNumber = new Map(players.map(([number, name, x, y, score]) => [number, { number, name, x, y, score }]));
    this.#kept.push({ time, players: byNumber, sparks });
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  clear() {
    this.#kept = [];
    this.#offset = Infinity;
  }

  get newest() {
    return this.#kept.at(-1);
  }

  // Everybody at the time that is drawn.
  playersAt(now) {
    const time = now - this.#offset - DELAY;
    const after = this.#kept.find((kept) => kept.time > time) ?? this.newest;
    const before = this.#kept.findLast((kept) => kept.time <= time) ?? after;
    if (!after) return [];
    const share = after === before ? 1 : (time - before.time) / (after.time - before.time);
    return [...after.players.values()].map((player) => {
      const { x, y } = before.players.get(player.number) ?? player;
      return { ...player, x: x + (player.x - x) * share, y: y + (player.y - y) * share };
    });
  }
}
