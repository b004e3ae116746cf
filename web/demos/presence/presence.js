// Who is here. Each tab is a member of one room of clients/presence.py; the tabs of one browser are one person.

import { byId, element } from "../../page/dom.js";
import { avatar, clock, me, people } from "../../page/person.js";
import { openPage } from "../../page/shell.js";

const STATUS = { available: "Available", busy: "Busy", away: "Away" };

const connection = openPage();
for (const name of ["name", "status", "doing"]) me.bind(byId("you").elements[name]);
byId("you").addEventListener("submit", (event) => event.preventDefault());

// What the others learn of this tab: what its person says, and whether it is in view.
const state = () => ({ status: "available", ...me.said, hidden: document.hidden });
const presence = connection.presence("com.example.presence", "lobby", state(), show);
const update = () => presence.update(state()).catch(console.warn);
me.addEventListener("change", update);
document.addEventListener("visibilitychange", update);

connection.addEventListener("state", () => {
  const isLost = connection.state.name !== "joined";
  byId("stale").hidden = !isLost || presence.members.length === 0;
  byId("people").classList.toggle("stale", isLost);
});

function show(members) {
  const here = people(members);
  byId("nobody").hidden = here.length > 0;
  byId("count").textContent = `${counted(here.length, "person", "people")} in ${counted(members.length, "tab", "tabs")}`;
  byId("people").replaceChildren(...here.map(row));
}

function row({ id, name, state: { status, doing }, tabs, isMe }) {
  const known = Object.hasOwn(STATUS, status) ? status : "available";
  const title = element("h3", {}, name, ...(isMe ? [" ", element("span", { class: "you" }, "you")] : []));
  const says = typeof doing === "string" ? doing.trim().slice(0, 80) : "";
  const line = element("p", { class: "says", "data-status": known }, STATUS[known], says && ` · ${says}`);
  const marks = element("ul", { class: "tabs", "aria-label": `Tabs of ${name}` }, ...tabs.map(mark));
  return element("li", {}, avatar(id, name), element("div", {}, title, line, marks));
}

function mark({ member, since, state: said }) {
  const isThis = member === presence.me;
  const where = isThis ? "this tab" : "tab";
  const kept = Object(said).hidden === true ? ", in the background" : "";
  return element("li", { class: isThis ? "pill current" : "pill" }, `${where} since ${clock(since)}${kept}`);
}

function counted(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
