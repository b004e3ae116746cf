// The line that says how things stand with the router.

import { byId } from "./dom.js";

export function startStatus(connection) {
  const line = byId("status");
  const text = byId("status-text");
  const retry = byId("retry");
  let countdown = 0;

  function render() {
    const { state } = connection;
    line.dataset.state = state.name;
    retry.hidden = state.name !== "waiting";
    const words = wordsFor(state);
    if (text.textContent !== words) text.textContent = words;
  }

  connection.addEventListener("state", () => {
    clearInterval(countdown);
    if (connection.state.name === "waiting") countdown = setInterval(render, 500);
    render();
  });
  retry.addEventListener("click", () => connection.retryNow());
  render();
}

function wordsFor(state) {
  if (state.name === "connecting") return "Connecting …";
  if (state.name === "joined") {
    const way = state.transport === "longpoll" ? ", by long-poll" : "";
    return `Connected to ${state.realm} as ${state.authid ?? "an unnamed client"}${way}`;
  }
  if (state.name === "closed") return "Not connected";
  return `${state.reason}. Next try in ${Math.max(1, Math.ceil((state.until - Date.now()) / 1000))} s`;
}
