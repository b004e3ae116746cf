// Which realm this page itself is in. It can look at all realms, by the router's procedures `wamplex.*`; to call, publish
// and subscribe as any client does it has to be in them.

import { element } from "../page/dom.js";

// Says so where the chosen realm is another one; null where it is ours. `what` is as in "call its procedures".
export function elsewhere(app, { what, instead }) {
  const ours = app.connection.state.realm ?? app.connection.realm;
  if (app.realm === ours) return null;
  const back = element("button", { type: "button", class: "quiet" }, `Show ${ours}`);
  back.addEventListener("click", () => app.choose(ours, ...instead));
  const text = `This page is a client of ${ours}, so it cannot ${what} in ${app.realm}. It shows what the router knows.`;
  return element("div", { class: "card bar note", role: "note" }, element("p", {}, text), back);
}
