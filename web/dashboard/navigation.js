// Where one can go: the links beside the view, the menu that they are in on phones, and the keys.

import { byId, element } from "./page/dom.js";

export class Navigation {
  constructor(groups) {
    for (const { title, views } of groups) {
      const items = views.map((view) => element("li", {}, element("a", { href: `#${view.name}` }, view.title)));
      const list = element("ul", {}, ...items);
      if (title) list.setAttribute("aria-label", title);
      byId("navigation").append(...(title ? [element("h2", { "aria-hidden": "true" }, title)] : []), list);
    }
    byId("menu").addEventListener("click", () => this.unfold(byId("menu").getAttribute("aria-expanded") !== "true"));
    addEventListener("keydown", (event) => this.#pressed(event));
  }

  get #links() {
    return [...byId("navigation").querySelectorAll("a")];
  }

  // Says which view is looked at.
  mark({ name, title }) {
    byId("view-title").textContent = title;
    document.title = `${title} · Wamplex`;
    for (const link of this.#links) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.unfold(false);
  }

  unfold(isOpen) {
    byId("menu").setAttribute("aria-expanded", isOpen);
    byId("side").classList.toggle("unfolded", isOpen);
  }

  #pressed(event) {
    if (event.key === "Escape") this.#fold();
    if (event.key === "ArrowDown") this.#walk(event, 1);
    if (event.key === "ArrowUp") this.#walk(event, -1);
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) this.#filter(event);
  }

  #fold() {
    const wasIn = byId("side").classList.contains("unfolded") && byId("side").contains(document.activeElement);
    this.unfold(false);
    if (wasIn) byId("menu").focus(); // what had the focus is not there any more
  }

  // Arrow up and down, from one view's link to the next.
  #walk(event, step) {
    const links = this.#links;
    const place = links.indexOf(event.target);
    const next = links[place + step];
    if (place < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  // Into the filter of the view, if it has one; where something is typed a slash is a slash.
  #filter(event) {
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const field = byId("view").querySelector(".filter input");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  }
}
