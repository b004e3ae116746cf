// The few things that every part of the page does with the document. Text is always set as text, never as markup.

export const byId = (id) => document.getElementById(id);

// element("li", {class: "event"}, "text", otherElement)
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Adds to the top of a list that holds at most `limit` items.
export function prependBounded(list, item, limit) {
  list.prepend(item);
  while (list.childElementCount > limit) list.lastElementChild.remove();
}

export const timeOfDay = () => new Date().toLocaleTimeString([], { hour12: false });
