// Facts about one thing, each with its name: facts({ Authid: "ann", Since: when(session.since) }). Null is a dash.

import { element } from "../page/dom.js";

export function facts(named) {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of Object.entries(named)) {
    list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value ?? "–")));
  }
  return list;
}
