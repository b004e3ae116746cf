// Who sits here, as the demos know it: the same person in every tab of this browser. That proves nothing, and is enough
// for a demo; a page with logins would go by the authid, for which the router vouches (`event.publisher_authid`).

import { element } from "./dom.js";

const KEY = "wamplex.person";
const COLOURS = 8; // in person.css
const FIRST = ["Amber", "Calm", "Clever", "Kind", "Lucky", "Quiet", "Silver", "Sunny", "Swift", "Witty"];
const SECOND = ["Badger", "Beetle", "Finch", "Fox", "Heron", "Lynx", "Marten", "Otter", "Owl", "Robin"];

// Not crypto.randomUUID(), which browsers give to pages of https and loopback only.
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (octet) => octet.toString(16).padStart(2, "0")).join("");
}

// `me.said` is {id, name, ...}; `me.say({name: "Ann"})` tells all tabs, each of which has an event "change" then.
class Person extends EventTarget {
  constructor() {
    super();
    this.said = stored() ?? { id: randomId(), name: `${any(FIRST)} ${any(SECOND)}` };
    this.#store();
    addEventListener("storage", ({ key }) => {
      if (key !== KEY || !stored()) return;
      this.said = stored();
      this.dispatchEvent(new Event("change"));
    });
  }

  say(changes) {
    this.said = { ...this.said, ...changes };
    this.#store();
    this.dispatchEvent(new Event("change"));
  }

  // A form field whose value is what the person says under its name, in all tabs.
  bind(field) {
    const initial = field.value;
    const show = () => document.activeElement === field || (field.value = this.said[field.name] ?? initial);
    field.addEventListener("change", () => {
      const value = field.value.trim();
      if (value || !field.required) this.say({ [field.name]: value });
      else field.value = this.said[field.name];
    });
    this.addEventListener("change", show);
    show();
  }

  #store() {
    try {
      localStorage.setItem(KEY, JSON.stringify(this.said));
    } catch {
      // Where nothing may be stored each tab is a person of its own.
    }
  }
}

export const me = new Person();

// The members of a room by person, in the order of their coming: [{id, name, state, tabs: [member, ...], isMe}, ...]. Who
// has three tabs is here once. What members say of themselves may be anything.
export function people(members) {
  const found = new Map();
  for (const member of members) {
    const state = Object(member.state);
    const id = String(state.id ?? member.member);
    const tabs = [...(found.get(id)?.tabs ?? []), member];
    found.set(id, { id, name: shortened(state.name), state, tabs, isMe: id === me.said.id });
  }
  return [...found.values()];
}

export function shortened(name) {
  return typeof name === "string" && name.trim() ? name.trim().slice(0, 40) : "somebody";
}

// A round mark with initials, in a colour that is always the same for a person.
export function avatar(id, name) {
  const colour = [...String(id)].reduce((hash, letter) => (hash * 31 + letter.codePointAt(0)) % 65521, 7) % COLOURS;
  const initials = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  return element("span", { class: "avatar", "data-colour": colour, "aria-hidden": "true" }, initials);
}

export function clock(time, options = { hour: "2-digit", minute: "2-digit" }) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleTimeString([], options);
}

function stored() {
  try {
    const said = JSON.parse(localStorage.getItem(KEY));
    return typeof said?.id === "string" && typeof said.name === "string" ? said : null;
  } catch {
    return null;
  }
}

function any(list) {
  return list[Math.floor(Math.random() * list.length)];
}
