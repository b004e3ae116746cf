// The list of messages: each once, in the order in which they were said; those that are not sent yet stand last. A line
// marks where the unread ones begin.

import { element } from "../../page/dom.js";
import { avatar, clock, me, shortened } from "../../page/person.js";

const MOST = 500; // on the page
const TOGETHER = 5 * 60_000; // ms between two messages that are shown as one contribution
const AT_END = 40; // px from the end that still count as the end

export class Messages {
  unseen = 0; // how many came while nobody looked
  #view;
  #list;
  #newest; // the button that leads down
  #onseen;
  #room = "";
  #items = new Map(); // by id
  #last = null; // the last that was said: {id, day}
  #read = null; // the last id that was seen, also before the page was loaded
  #isLoaded = false;
  #follows = true;
  #layout = "";

  constructor(view, newest, onseen) {
    this.#view = view;
    this.#list = view.querySelector("ol");
    this.#newest = newest;
    this.#onseen = onseen;
    newest.addEventListener("click", () => this.#toEnd());
    view.addEventListener("scroll", () => this.#scrolled());
    addEventListener("focus", () => this.#see());
    new ResizeObserver(() => this.#follows && this.#toEnd()).observe(view);
  }

  open(room) {
    this.#room = room;
    this.#read = localStorage.getItem(`wamplex.chat.read.${room}`);
    this.#items.clear();
    this.#list.replaceChildren();
    this.#last = null;
    this.#isLoaded = false;
    this.unseen = 0;
    this.#toEnd();
    this.#showSilence();
  }

  // The history is here, or what of it could be had.
  recovered(isWhole) {
    if (!isWhole && this.#last) this.#insert(element("li", { class: "gap" }, "Some messages may be missing here"));
    if (!this.#isLoaded) this.#toEnd();
    this.#isLoaded = true;
    this.#showSilence();
    this.#see();
  }

  // What was said. Whoever may publish to the topic can say anything there, so only texts are taken.
  add({ id, person, name, text, time }) {
    if (typeof id !== "string" || typeof text !== "string") return;
    const before = this.#items.get(id);
    if (before && !before.matches(".waiting, .refused")) return;
    before?.remove();
    const isOwn = person === me.said.id;
    const isMissed = this.#isLoaded ? !this.#isLookedAt : this.#last?.id === this.#read;
    this.#separate(time);
    if (isMissed && !isOwn && this.unseen === 0) this.#mark();
    if (this.#isLoaded && isMissed && !isOwn) this.unseen += 1;
    this.#insert(this.#item({ id, person, name, text, isOwn }, time, clock(time)));
    this.#last = { id, day: dayOf(time) };
    this.#showSilence();
    if (this.#follows) this.#toEnd();
    this.#see();
  }

  // What is yet to be sent. Who answers has read.
  wait({ id, person, name, text }) {
    this.unseen = 0;
    this.#list.querySelector(".unread")?.remove();
    const item = this.#item({ id, person, name, text, isOwn: true }, new Date().toISOString(), "not sent yet");
    item.classList.add("waiting");
    this.#list.append(item);
    this.#join(item);
    this.#showSilence();
    this.#toEnd();
  }

  // What will never be sent.
  refuse(id, reason) {
    const item = this.#items.get(id);
    item?.classList.replace("waiting", "refused");
    item?.querySelector("time").replaceChildren(`not sent: ${reason}`);
  }

  #item({ id, person, name, text, isOwn }, time, words) {
    const called = shortened(name);
    const when = element("time", {}, words);
    const item = element("li", { class: "message", "data-time": Date.parse(time) || 0 }, avatar(person, called),
      element("div", {}, element("p", { class: "by" }, element("b", {}, isOwn ? "You" : called), " ", when), element("p", { class: "text" }, text)));
    item.dataset.id = id;
    item.dataset.person = String(person);
    item.classList.toggle("own", isOwn);
    this.#items.set(id, item);
    return item;
  }

  #insert(item) {
    this.#list.insertBefore(item, this.#list.querySelector(".waiting"));
    this.#join(item);
    while (this.#list.childElementCount > MOST) {
      this.#items.delete(this.#list.firstElementChild.dataset.id);
      this.#list.firstElementChild.remove();
    }
  }

  // Shows a message as one with that before it, if the same person said both.
  #join(item) {
    const { person, time } = item.previousElementSibling?.dataset ?? {};
    item.classList.toggle("more", person !== undefined && person === item.dataset.person && item.dataset.time - time < TOGETHER);
  }

  #separate(time) {
    const day = dayOf(time);
    if (day && day !== this.#last?.day) this.#insert(element("li", { class: "day" }, day));
  }

  #mark() {
    this.#list.querySelector(".unread")?.remove();
    this.#insert(element("li", { class: "unread" }, "New"));
  }

  get #isLookedAt() {
    return this.#follows && document.hasFocus();
  }

  #see() {
    if (this.#isLoaded && this.#isLookedAt && this.#last) {
      this.unseen = 0;
      this.#read = this.#last.id;
      localStorage.setItem(`wamplex.chat.read.${this.#room}`, this.#read);
    }
    this.#newest.hidden = this.#follows;
    this.#onseen();
  }

  #scrolled() {
    if (this.#follows && this.#layout !== this.#measure()) return this.#toEnd(); // the window changed, nobody scrolled
    this.#follows = this.#view.scrollHeight - this.#view.scrollTop - this.#view.clientHeight < AT_END;
    this.#see();
  }

  #toEnd() {
    this.#follows = true;
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#layout = this.#measure();
    this.#see();
  }

  #measure() {
    return `${this.#view.scrollHeight} ${this.#view.clientHeight}`;
  }

  #showSilence() {
    this.#view.querySelector(".empty").hidden = !this.#isLoaded || this.#items.size > 0;
  }
}

function dayOf(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const today = new Date().toDateString() === date.toDateString();
  return today ? "Today" : date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}
