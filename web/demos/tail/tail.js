// The tailed log. It follows the newest line until the reader scrolls back, and loads older lines as far as that goes.
//
// Lines are numbered. One that is not the next shows that some were missed, or that the worker began anew; then the last
// ones are asked for.

import { byId, element } from "../../page/dom.js";
import { openPage } from "../../page/shell.js";
import { countSubscribers } from "./readers.js";
import { LineView } from "./view.js";

const TOPIC = "com.example.log";
const RECALL = "com.example.log.last"; // (count, before) -> [[number, text, level], ...]
const AT_ONCE = 500; // lines that are asked for
const MOST_LINES = 10_000; // that are held, of which the page has those that can be seen
const NEAR = 100; // lines before the first one at which older ones are asked for
const LEVELS = ["debug", "info", "warn", "error"];

const connection = openPage();
const view = new LineView(byId("log"), byId("log-lines"), makeLine);
let lines = []; // {number, text, level}, oldest first
let shown = []; // those that pass the filter
let filter = { text: "", level: 0 };
let following = true;
let unseen = 0; // lines that came while not following
let beginning = false; // are there none before the first?
let asking = null; // the events that came since the last ones were asked for
let loading = false;
let moved = 0; // lines that came before those that were shown, since they were drawn; less those that went
let due = false;

function makeLine({ number, text, level }) {
  const made = element("li", { "data-number": number, "data-level": level });
  const at = filter.text ? text.toLowerCase().indexOf(filter.text) : -1;
  if (at < 0) made.append(text);
  else made.append(text.slice(0, at), element("mark", {}, text.slice(at, at + filter.text.length)), text.slice(at + filter.text.length));
  return made;
}

const passes = ({ text, level }) => LEVELS.indexOf(level) >= filter.level && text.toLowerCase().includes(filter.text);

const toLine = ([number, text, level]) => ({ number, text: String(text), level: LEVELS.includes(level) ? level : "info" });

function receive(args) {
  if (asking) asking.push(args);
  else if (args[0] === (lines.at(-1)?.number ?? 0) + 1) add(toLine(args));
  else recall([args]);
}

function add(line) {
  lines.push(line);
  if (passes(line)) {
    shown.push(line);
    if (!following) unseen += 1;
  }
  while (lines.length > MOST_LINES) {
    beginning = false; // the worker may still have what is dropped here
    if (lines.shift() !== shown[0]) continue;
    shown.shift();
    moved -= 1;
  }
  drawSoon();
}

// Asks for the last lines. `events` are among them, most likely.
async function recall(events = []) {
  asking = events;
  try {
    const last = (await connection.call(RECALL, [AT_ONCE])).map(toLine);
    const newest = lines.at(-1);
    const known = last.findIndex(({ number, text }) => number === newest?.number && text === newest.text);
    if (known >= 0) last.slice(known + 1).forEach(add);
    else [lines, beginning] = [last, false];
  } catch {
    // No log worker: its lines will be published when there is one.
  }
  const held = asking ?? [];
  asking = null;
  for (const args of held) if (args[0] > (lines.at(-1)?.number ?? 0)) add(toLine(args));
  select();
}

async function recallOlder() {
  const [oldest] = lines;
  const isNeeded = oldest && !beginning && lines.length < MOST_LINES && view.firstVisible < NEAR;
  if (!isNeeded || asking || loading || !connection.session) return;
  loading = true;
  try {
    const older = (await connection.call(RECALL, [AT_ONCE, oldest.number])).map(toLine);
    if (oldest === lines[0]) {
      beginning = !older.length;
      lines = [...older, ...lines];
      moved += older.filter(passes).length;
      select();
    }
  } catch {
    beginning = true; // there is nobody to ask; recall() will try again
  }
  loading = false;
}

function select() {
  shown = lines.filter(passes);
  drawSoon();
}

// Many lines may come between two frames of the screen; a hidden page draws nothing.
function drawSoon() {
  if (!due) requestAnimationFrame(draw);
  due = true;
}

function draw() {
  due = false;
  view.show(shown, following ? 0 : moved);
  moved = 0;
  if (following) view.toEnd();
  byId("log-empty").hidden = shown.length > 0;
  byId("log-empty").firstChild.data = lines.length ? "No line passes the filter. " : "No line yet. ";
  byId("log-follow").textContent = following ? "Pause" : `Follow${unseen ? ` (${unseen} new)` : ""}`;
  const older = beginning || !lines.length || lines.length === MOST_LINES ? "" : ", older ones as you scroll back";
  byId("log-count").textContent = `${shown.length.toLocaleString()} of ${lines.length.toLocaleString()} lines${older}`;
  recallOlder();
}

function setFollowing(value) {
  following = value;
  unseen = 0;
  byId("log-follow").setAttribute("aria-pressed", String(value));
  drawSoon();
}

function setFilter() {
  const { text, level } = byId("log-filter").elements;
  filter = { text: text.value.toLowerCase(), level: Number(level.value) };
  view.clear(); // the words that are found are marked in other places
  select();
}

connection.subscribe(TOPIC, receive);
connection.addEventListener("state", () => {
  if (connection.state.name === "joined") recall();
});
countSubscribers(connection, TOPIC, (count) => {
  byId("log-readers").textContent = count === 1 ? "1 reader" : `${count} readers`;
});
byId("log-follow").addEventListener("click", () => setFollowing(!following));
byId("log-filter").addEventListener("input", setFilter);
byId("log-filter").addEventListener("submit", (event) => event.preventDefault());
byId("log").addEventListener("scroll", () => {
  view.draw();
  if (view.isAtEnd !== following) setFollowing(view.isAtEnd);
  recallOlder();
});
new ResizeObserver(drawSoon).observe(byId("log"));
