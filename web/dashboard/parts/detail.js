// A panel about one thing. It has an address of its own, #sessions/123, and is brought up to date while it is open.
//
//   openDetail(app, { view: "sessions", id: 123, title: "ann", onclose, fill: (body) => update })
//
// `fill` gives what asks for the news, every two seconds. Where the router says that the thing is gone, that is the last of it.

import { element } from "../page/dom.js";
import { openPanel } from "./dialogs.js";
import { facts } from "./facts.js";

const EVERY = 2000; // ms
const GONE = /^wamp\.error\.no_such_(session|subscription|registration|realm)$/;

export function openDetail(app, { view, id, title, fill, onclose = () => {} }) {
  const address = `#${view}/${id}`;
  history.replaceState(null, "", address);
  const panel = openPanel(title, () => {
    polling.cancel();
    if (location.hash === address) history.replaceState(null, "", `#${view}`);
    onclose();
  });
  const update = fill(panel.body);
  const polling = app.every(EVERY, async () => {
    try {
      await update();
    } catch (error) {
      if (!GONE.test(error.error)) throw error;
      polling.cancel();
      const words = "It is gone: the router does not know it any more.";
      panel.body.replaceChildren(element("p", { class: "empty", role: "status" }, words));
    }
  });
  return panel;
}

// Brings the facts in `holder` up to date: what says the same as before is left as it is, and keeps the focus.
export function tellFacts(holder, ...named) {
  const fresh = named.map(facts);
  const values = (root) => [...root.querySelectorAll("dd")];
  const names = (lists) => lists.flatMap((list) => [...list.querySelectorAll("dt")].map((one) => one.textContent)).join("\n");
  if (names([holder]) !== names(fresh)) {
    holder.replaceChildren(...fresh);
    return;
  }
  const before = values(holder);
  fresh.flatMap(values).forEach((value, index) => {
    if (value.textContent !== before[index].textContent) before[index].replaceWith(value);
  });
}

// A form that asks for a reason, and perhaps more, before something is taken from somebody.
//
//   const { form, given } = reasonForm({ reason: "Reason (a URI)", message: "Message" }, button);  given() -> {reason, message}
export function reasonForm(fields, ...buttons) {
  const inputs = Object.entries(fields).map(([name, { label, placeholder }]) => {
    const input = element("input", { name, placeholder, autocomplete: "off", spellcheck: "false" });
    return { name, input, label: element("label", {}, label, input) };
  });
  const form = element("form", {}, ...inputs.map(({ label }) => label), ...buttons);
  form.addEventListener("submit", (event) => event.preventDefault());
  const given = () => Object.fromEntries(inputs.map(({ name, input }) => [name, input.value.trim() || null]));
  return { form, given };
}
