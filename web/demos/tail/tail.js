// The tailed log. It follows the newest line until the reader scrolls back; lines that come meanwhile wait.

import { openPage } from "../../page/shell.js";
import { appendBounded, byId, element } from "../../page/dom.js";

const TOPIC = "com.example.log";
const RECALL = "com.example.log.last";
const MOST_LINES = 1000; // on the page, and as many waiting
const AT_END = 8; // px from the end that still count as the end

function startLog(connection) {
  const view = byId("log");
  const lines = byId("log-lines");
  const follow = byId("log-follow");
  let following = true;
  let waiting = [];
  let held = []; // what arrives before the answer to RECALL, null once it is there
  let newest = 0;
  let laidOut = ""; // the sizes at the time of the last jump to the end

  function add(number, line) {
    if (typeof line !== "string") return;
    newest = number;
    byId("log-empty").hidden = true;
    if (!following) {
      waiting.push(line);
      if (waiting.length > MOST_LINES) waiting.shift();
      return label();
    }
    appendBounded(lines, element("li", {}, line), MOST_LINES);
    toEnd();
  }

  const layout = () => `${view.scrollHeight} ${view.clientHeight}`;

  function toEnd() {
    view.scrollTop = view.scrollHeight;
    laidOut = layout();
  }

  function setFollowing(value) {
    following = value;
    follow.setAttribute("aria-pressed", String(value));
    if (following) {
      for (const line of waiting) appendBounded(lines, element("li", {}, line), MOST_LINES);
      waiting = [];
      toEnd();
    }
    label();
  }

  function label() {
    const more = waiting.length ? ` (${waiting.length} new)` : "";
    follow.textContent = following ? "Pause" : `Follow${more}`;
  }

  // Lines are numbered. What was recalled and what was published meanwhile overlap; a worker that started anew counts
  // from 1 again, and then nothing of it is known here.
  async function recall() {
    held = [];
    let last = [];
    try {
      last = (await connection.call(RECALL, [200])) ?? [];
    } catch {
      // No log worker yet: its lines will be published when there is one.
    }
    const known = last.some(([number]) => number === newest) ? newest : 0;
    for (const [number, line] of last) if (number > known) add(number, line);
    const end = last.at(-1)?.[0] ?? 0;
    for (const [number, line] of held) if (number > end) add(number, line);
    held = null;
  }

  connection.subscribe(TOPIC, ([number, line]) => {
    if (held) held.push([number, line]);
    else add(number, line);
  });
  connection.addEventListener("state", () => {
    if (connection.state.name === "joined") recall();
  });
  follow.addEventListener("click", () => setFollowing(!following));
  view.addEventListener("scroll", () => {
    if (following && layout() !== laidOut) return toEnd(); // the window changed, the reader did not scroll
    const atEnd = view.scrollHeight - view.scrollTop - view.clientHeight < AT_END;
    if (atEnd !== following) setFollowing(atEnd);
  });
  new ResizeObserver(() => following && toEnd()).observe(view);
}

startLog(openPage());
