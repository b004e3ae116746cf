// A chat with rooms. What is said comes by clients/chat.py and stays in the router's event history: who joins gets the
// last messages, and who was away what was missed. Who is here is presence, who is typing an event that nobody keeps.

import { byId, element } from "../../page/dom.js";
import { avatar, me, people, randomId } from "../../page/person.js";
import { openPage } from "../../page/shell.js";
import { Messages } from "./messages.js";
import { Outbox } from "./outbox.js";

const ROOM = "com.example.chat.room.";
const TYPING = "com.example.chat.typing.";
const HISTORY = { history: 50, recover: true };
const TOLD = 2000; // ms until others are told again that somebody types
const BELIEVED = 4000; // ms for which they believe it

const connection = openPage();
const list = new Messages(byId("messages"), byId("newest"), showTitle);
const outbox = new Outbox(connection, (message, reason) => list.refuse(message.id, reason));
const titles = new Map(Object.entries({ lobby: "Lobby", help: "Help", coffee: "Coffee kitchen" }));
const unread = new Map(); // by room, of those that are not open
const typing = new Map(); // by session, timers
let open = null; // {room, presence, subscriptions}

me.bind(byId("you").elements.name);
me.addEventListener("change", () => open.presence.update(me.said).catch(console.warn));
byId("you").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", () => enter(location.hash.slice(1)));
enter(location.hash.slice(1));
connection.subscribe(ROOM, (args, kwargs, { topic }) => missed(topic.slice(ROOM.length)), { match: "prefix" });

function enter(wanted) {
  const room = /^[a-z0-9_]{1,32}$/.test(wanted) ? wanted : "lobby";
  open?.presence.leave().catch(console.warn);
  for (const subscription of open?.subscriptions ?? []) subscription.cancel();
  if (!titles.has(room)) titles.set(room, room);
  unread.delete(room);
  list.open(room);
  for (const message of outbox.waiting(room)) list.wait(message);
  const onrecovery = ({ recovered }) => list.recovered(recovered);
  open = {
    room,
    subscriptions: [
      connection.subscribe(ROOM + room, (args, message) => receive(message), { ...HISTORY, onrecovery }),
      connection.subscribe(TYPING + room, (args, kwargs, { publisher }) => type(publisher)),
    ],
    presence: connection.presence("com.example.presence", `chat_${room}`, me.said, showPeople),
  };
  showPeople([]);
  showRooms();
}

function receive(message) {
  list.add(message);
  type(message.session, 0);
}

byId("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  if (!text.value.trim()) return;
  const message = { room: open.room, id: randomId(), person: me.said.id, name: me.said.name, text: text.value.trim() };
  list.wait(message);
  outbox.send(message);
  text.value = "";
  told = 0;
});

byId("send").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
});

let told = 0;
byId("send").addEventListener("input", () => {
  if (Date.now() - told < TOLD) return;
  told = Date.now();
  connection.publish(TYPING + open.room, [], {}, { disclose_me: true }).catch(() => {}); // it is not worth a second try
});

// The router says whose event it is, and presence whose session that is: a name in the event could be anybody's.
function type(session, ms = BELIEVED) {
  clearTimeout(typing.get(session));
  typing.delete(session);
  if (ms) typing.set(session, setTimeout(() => type(session, 0), ms));
  const names = people(open.presence.members.filter(({ member }) => typing.has(member))).map(({ name }) => name);
  const words = names.length > 2 ? "Several people are" : `${names.join(" and ")} ${names.length > 1 ? "are" : "is"}`;
  byId("typing").textContent = names.length ? `${words} typing …` : "";
}

function missed(room) {
  if (room === open.room || !titles.has(room)) return;
  unread.set(room, (unread.get(room) ?? 0) + 1);
  showRooms();
}

function showRooms() {
  byId("room-title").textContent = titles.get(open.room);
  byId("rooms").replaceChildren(...[...titles].map(([room, title]) => {
    const count = unread.get(room);
    const link = element("a", { href: `#${room}`, ...(room === open.room && { "aria-current": "page" }) }, title);
    if (count) link.append(" ", element("span", { class: "badge", "aria-label": `${count} unread` }, count > 99 ? "99+" : count));
    return element("li", {}, link);
  }));
  showTitle();
}

function showTitle() {
  document.title = `${list.unseen ? `(${list.unseen}) ` : ""}${titles.get(open?.room) ?? "Chat"} · Wamplex`;
}

function showPeople(members) {
  byId("here").replaceChildren(...people(members).map(({ id, name, isMe }) =>
    element("li", {}, avatar(id, name), element("span", {}, name, ...(isMe ? [" ", element("span", { class: "you" }, "you")] : [])))));
}
