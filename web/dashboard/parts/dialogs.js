// A word at the edge of the page, a question, and a panel beside the view.

import { byId, element } from "../page/dom.js";

const GOOD_FOR = 6000; // ms; what went wrong stays until it is dismissed
const MOST_NOTICES = 4;

export function notify(text, kind = "good") {
  const dismiss = element("button", { type: "button", class: "quiet", "aria-label": "Dismiss" }, "×");
  const notice = element("p", { class: "notice", "data-kind": kind }, element("span", {}, text), dismiss);
  dismiss.addEventListener("click", () => notice.remove());
  if (kind === "good") setTimeout(() => notice.remove(), GOOD_FOR);
  const notices = byId("notices");
  notices.append(notice);
  while (notices.childElementCount > MOST_NOTICES) notices.firstElementChild.remove();
}

// A Promise of true if the reader presses the button called `action`; Escape is no.
export function ask(text, { action = "OK" } = {}) {
  const yes = element("button", { value: "yes", class: "danger" }, action);
  const no = element("button", { value: "no", class: "quiet", autofocus: "" }, "Cancel");
  const question = element("p", { id: "question" }, text);
  const form = element("form", { method: "dialog" }, question, element("p", { class: "actions" }, no, yes));
  const dialog = element("dialog", { class: "ask", "aria-labelledby": "question" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

// Details of one thing, over the right side of the page, or all of a phone. Escape closes it, and a press beside it.
// The answer has `body` to fill and close(); `onclose` is called once, however it ends.
export function openPanel(title, onclose = () => {}) {
  const close = element("button", { type: "button", class: "quiet", "aria-label": "Close" }, "×");
  const heading = element("h2", { id: "panel-title" }, title);
  const body = element("div", { class: "panel-body" });
  const dialog = element("dialog", { class: "panel", "aria-labelledby": "panel-title" });
  dialog.append(element("div", { class: "panel-head" }, heading, close), body);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { body, heading, close: () => dialog.close() };
}
