// A document that one may edit at a time. clients/lock.py keeps the text, and knows who holds the lock; this page asks for
// it, renews it while its user types, and gives it back. It is lost when the worker names another holder, or none.

import { byId } from "../../page/dom.js";
import { clock, me, shortened } from "../../page/person.js";
import { openPage } from "../../page/shell.js";
import { keep } from "./draft.js";

const LOCK = "com.example.lock";
const wanted = new URLSearchParams(location.search).get("document") ?? "";
const DOCUMENT = /^[a-z0-9_]{1,40}$/.test(wanted) ? wanted : "notes";
const IDLE = 60_000; // ms without typing until the lock is not renewed any more

const connection = openPage();
const field = byId("text");
let known = { text: "", version: 0, saved: null, holder: null }; // the document, as the worker told it last
let mine = null; // the lock while it is ours: {token, session, texts, renewing}; `texts` are those that we based ours on
let typed = 0; // when

const isSure = () => mine !== null && mine.session === connection.session?.id; // not yet after a reconnect
const call = (verb, ...args) => connection.call(`${LOCK}.${verb}`, [DOCUMENT, ...args], {}, { disclose_me: true });
connection.subscribe(`${LOCK}.document.${DOCUMENT}`, (args, state) => learn(state));
connection.subscribe(`${LOCK}.again`, refresh);
connection.addEventListener("state", refresh);

// With each session, and when the worker was away. If we held the lock we may still do, or nobody did anything meanwhile.
async function refresh() {
  show();
  if (!connection.session) return;
  if (mine) await attempt(() => hold(mine.token));
  else await attempt(async () => learn(await call("get")));
}

async function hold(token = null, takeOver = false) {
  const { token: given, lease, state } = await call("acquire", me.said.name, token, takeOver);
  const isOurs = mine?.texts.includes(state.text) || state.text === field.value;
  if (mine && !isOurs) lose(`${shortened(state.saved?.name)} changed the text while you were not connected.`, state);
  if (!mine) field.value = state.text;
  clearInterval(mine?.renewing);
  mine = { token: given, session: connection.session.id, texts: [state.text], renewing: setInterval(renew, lease * 333) };
  typed = Date.now();
  learn(state);
}

function renew() {
  if (Date.now() - typed < IDLE && isSure()) attempt(() => call("renew", mine.token));
}

function learn(state) {
  if (typeof state?.text !== "string") return;
  if (mine && !isSure()) return; // the answer to `acquire` will tell
  if (mine && state.holder?.session !== mine.session) lose(reason(state.holder), state);
  if (state.version < known.version) keep(known.text, "The worker was started anew, and the text is gone.");
  if (!mine) field.value = state.text;
  known = state;
  show();
}

function reason(holder) {
  if (holder) return `${shortened(holder.name)} took over at ${clock(holder.since)}.`;
  return "The lock was given back, as nothing was typed for a while.";
}

// What was typed and not saved stays with the user.
function lose(why, state) {
  const draft = field.value;
  if (draft !== state.text && draft !== mine.texts[0]) keep(draft, why);
  giveUp();
}

function giveUp() {
  clearInterval(mine?.renewing);
  mine = null;
}

async function save() {
  const text = field.value;
  mine.texts.push(text); // before the answer, which may be lost
  await call("save", mine.token, text);
  if (mine) mine.texts = [text];
  show();
}

async function release() {
  const { token } = mine;
  giveUp();
  field.value = known.text;
  show();
  await call("release", token);
}

// What was refused is no surprise: somebody else has the lock. What could not be asked is asked with the next session.
async function attempt(act) {
  byId("problem").textContent = "";
  try {
    await act();
  } catch (error) {
    if (error.error === `${LOCK}.error.lost` || error.error === `${LOCK}.error.held`) {
      await attempt(async () => {
        const state = await call("get");
        if (mine) lose(reason(state.holder), state);
        learn(state);
      });
    } else if (connection.session) byId("problem").textContent = problem(error);
  }
}

function problem({ error, args, message }) {
  if (error === "wamp.error.no_such_procedure") return "Nobody keeps the document: run python -m clients lock.";
  return String(args?.[0] ?? error ?? message);
}

function show() {
  const { saved, version, holder } = known;
  const isReady = mine ? isSure() : connection.session !== null;
  const isDirty = mine !== null && field.value !== mine.texts[0];
  byId("bar").dataset.held = mine ? "me" : holder ? "other" : "nobody";
  byId("holder").textContent = mine ? "You are editing this" : holder ? `${shortened(holder.name)} is editing this` : "Nobody is editing this";
  byId("version").textContent = version ? `Version ${version}, saved by ${shortened(saved?.name)} at ${clock(saved?.time)}` : "Not saved yet";
  field.readOnly = !mine;
  for (const [id, isShown] of Object.entries({ edit: !mine && !holder, take: !mine && holder, save: mine, cancel: mine && isDirty, done: mine })) {
    byId(id).hidden = !isShown;
    byId(id).disabled = !isReady || (id === "save" && !isDirty);
  }
}

const acts = {
  edit: () => hold(),
  take: () => hold(null, true),
  save,
  cancel: release,
  done: async () => {
    if (field.value !== mine.texts[0]) await save();
    await release();
  },
};
for (const [id, act] of Object.entries(acts)) {
  byId(id).addEventListener("click", async () => {
    await attempt(act);
    if (mine) field.focus();
  });
}
field.addEventListener("input", () => {
  typed = Date.now();
  show();
});
addEventListener("beforeunload", (event) => {
  if (mine && field.value !== mine.texts[0]) event.preventDefault();
});
byId("title").textContent = DOCUMENT;
byId("you").addEventListener("submit", (event) => event.preventDefault());
me.bind(byId("you").elements.name);
