// The console: subscribe to any topic, publish to any topic, and watch what arrives.

import { byId, element, prependBounded, timeOfDay } from "../page/dom.js";
import { parsePayload, showError, showPayload } from "../page/payload.js";

const MOST_EVENTS = 200;
const MOST_SUBSCRIPTIONS = 20;

export function startPubSub(connection) {
  startSubscribing(connection, byId("subscribe"), byId("subscriptions"), byId("subscribe-note"));
  startPublishing(connection, byId("publish"), byId("publish-note"));
  byId("events-clear").addEventListener("click", () => byId("events").replaceChildren());
}

function startSubscribing(connection, form, list, note) {
  const active = new Set(); // "match topic" of what is subscribed to

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const topic = form.elements.topic.value.trim();
    const match = form.elements.match.value;
    const key = `${match} ${topic}`;
    if (active.has(key)) return tell(note, "Subscribed already", "error");
    if (active.size === MOST_SUBSCRIPTIONS) return tell(note, "That is enough subscriptions for one page", "error");
    active.add(key);
    const subscription = connection.subscribe(topic, showEvent, { match });
    try {
      await subscription.ready;
      list.append(item(subscription, () => active.delete(key)));
      tell(note, "", "result");
    } catch (error) {
      active.delete(key);
      subscription.cancel();
      tell(note, showError(error), "error");
    }
  });
}

function item(subscription, onCancel) {
  const { topic, match } = subscription;
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Unsubscribe from ${topic}` });
  button.textContent = "Unsubscribe";
  const made = element("li", {}, element("code", {}, topic || "(every topic)"), element("span", { class: "tag" }, match), button);
  button.addEventListener("click", () => {
    subscription.cancel();
    onCancel();
    made.remove();
  });
  return made;
}

function showEvent(args, kwargs, { topic }) {
  const head = element("p", {}, element("time", {}, timeOfDay()), element("code", { class: "topic" }, topic));
  prependBounded(byId("events"), element("li", {}, head, element("code", {}, showPayload(args, kwargs))), MOST_EVENTS);
}

function startPublishing(connection, form, note) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { topic, args, kwargs, myself } = form.elements;
    try {
      const options = { exclude_me: !myself.checked };
      await connection.publish(topic.value.trim(), parsePayload(args, "args"), parsePayload(kwargs, "kwargs"), options);
      tell(note, `Published at ${timeOfDay()}`, "result");
    } catch (error) {
      tell(note, showError(error), "error");
    }
  });
}

function tell(note, text, kind) {
  note.textContent = text;
  note.dataset.kind = kind;
}
