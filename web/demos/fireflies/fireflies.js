// A game of many players. The referee (clients/fireflies.py) says where everybody is; this page
//   - flies ahead with its own player, so that it obeys at once, and goes where the referee says if that is elsewhere;
//   - draws the others a moment late, smoothly, in between of what the referee told (snapshots.js).

import { byId, element } from "../../page/dom.js";
import { showError } from "../../page/payload.js";
import { me as person } from "../../page/person.js";
import { openPage } from "../../page/shell.js";
import { HEIGHT, Meadow, WIDTH, hueOf } from "./meadow.js";
import { Snapshots } from "./snapshots.js";
import { Steering } from "./steering.js";

const GAME = "com.example.fireflies";
const MOST_LEADERS = 10;
const MOST_WAITING = 8; // moves that the referee has not answered; on a slow network fewer are sent
const MOST_LETTERS = 16; // of a name
const SILENCE = 3000; // ms without a word of the referee, after which the page says so
const ONESELF = { disclose_me: true }; // the session is the player

const connection = openPage();
const meadow = new Meadow(byId("meadow"));
const steering = new Steering(byId("meadow"), (event) => meadow.pointAt(event));
const snapshots = new Snapshots();
let told = performance.now(); // when the referee said something
let me = null; // {number, name, x, y, speed, interval, fixedX, fixedY}, while playing
let name = ""; // of who wants to play
let entering = false;
let waiting = 0; // moves that are not answered yet
let moved = 0; // when the last move was sent
let sent = {}; // which one
let drawn = 0; // when

async function enter() {
  entering = true;
  const isBack = byId("enter").hidden; // it was on the meadow before
  try {
    const { player, ...given } = await connection.call(`${GAME}.enter`, [name], {}, ONESELF);
    me = { number: player, name, ...given, fixedX: 0, fixedY: 0 };
    byId("enter").hidden = true;
    if (!isBack) byId("meadow").focus({ preventScroll: true });
  } catch (error) {
    if (!isBack || error.error?.startsWith(GAME)) leave(showError(error));
  }
  entering = false;
}

function leave(reason) {
  byId("enter").hidden = false;
  byId("enter-note").textContent = reason;
}

// Tells the referee where we fly. What it answers is a moment old: what counts is how far it differs from what was told.
async function move(now) {
  const player = me;
  const { x, y, fixedX, fixedY } = player;
  if (now - moved < player.interval * 1000 || waiting >= MOST_WAITING || (x === sent.x && y === sent.y)) return;
  moved = now;
  sent = { x, y };
  waiting += 1;
  try {
    const [thereX, thereY] = await connection.call(`${GAME}.move`, [x, y], {}, ONESELF);
    const wrongX = thereX - x - (player.fixedX - fixedX); // less what was put right since
    const wrongY = thereY - y - (player.fixedY - fixedY);
    if (Math.hypot(wrongX, wrongY) < 1) return; // it was rounded
    player.x += wrongX;
    player.y += wrongY;
    player.fixedX += wrongX;
    player.fixedY += wrongY;
  } catch (error) {
    if (player === me && error.error === `${GAME}.error.not_entered`) me = null; // a new referee, who does not know us
  } finally {
    waiting -= 1;
  }
}

function draw(now) {
  requestAnimationFrame(draw);
  const seconds = Math.min(now - drawn, 100) / 1000;
  drawn = now;
  const players = snapshots.playersAt(performance.now());
  if (me) {
    const [dx, dy] = steering.step(me, me.speed * seconds);
    me.x = Math.min(Math.max(me.x + dx, 0), WIDTH);
    me.y = Math.min(Math.max(me.y + dy, 0), HEIGHT);
    move(now);
    const own = players.find(({ number }) => number === me.number);
    if (own) Object.assign(own, { x: me.x, y: me.y, isMe: true });
    else players.push({ ...me, isMe: true });
  }
  meadow.draw(players, snapshots.newest?.sparks ?? [], seconds);
}

function showLeaders() {
  const players = [...(snapshots.newest?.players.values() ?? [])].sort((a, b) => b.score - a.score);
  byId("present").textContent = players.length === 1 ? "1 player" : `${players.length} players`;
  byId("nobody").hidden = players.length > 0;
  byId("silence").hidden = performance.now() - told < SILENCE || !connection.session;
  const isMine = ({ number }) => number === me?.number;
  const leaders = players.map((player, i) => ({ place: i + 1, ...player })).filter((player, i) => i < MOST_LEADERS || isMine(player));
  byId("leaders").replaceChildren(...leaders.map((player) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--hue", hueOf(player.number));
    const texts = { place: `${player.place}.`, who: player.name, score: String(player.score) };
    const parts = Object.entries(texts).map(([kind, text]) => element("span", { class: kind }, text));
    return element("li", isMine(player) ? { "aria-current": "true" } : {}, swatch, ...parts);
  }));
}

connection.subscribe(`${GAME}.meadow`, ([time, players, sparks]) => {
  if (!Array.isArray(players) || !Array.isArray(sparks)) return;
  told = performance.now();
  snapshots.add(time, players, sparks, told);
  if (me && !players.some(([number]) => number === me.number)) me = null; // a new referee, who does not know us
  if (!me && !entering && byId("enter").hidden) enter(); // who was on the meadow, and a referee is there again
});
connection.addEventListener("state", () => {
  if (connection.state.name !== "joined") return;
  snapshots.clear();
  told = performance.now();
  waiting = 0;
  me = null; // if there was a connection, it was lost, and with it the player
});
byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  name = byId("enter").elements.name.value.trim();
  if (name && !entering) enter();
});
byId("enter").elements.name.value = person.said.name.slice(0, MOST_LETTERS); // as in the other demos
setInterval(showLeaders, 500);
requestAnimationFrame(draw);
