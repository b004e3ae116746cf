// What every page of ours begins with: the header, and a connection to the router that served the page.

import { Connection } from "../js/wamplex.js";
import { routerAddress } from "./address.js";
import { element } from "./dom.js";
import { startStatus } from "./status.js";

// Fills the page's empty <header> and <footer>, and opens the connection. The demos are at /demos/<name>/.
export function openPage() {
  const { url, fallback, realm, refused } = routerAddress(location);
  const home = new URL("../", import.meta.url); // this file is in /page/
  const logo = element("img", { src: new URL("favicon.svg", home).href, alt: "", width: 28, height: 28 });
  const status = element("div", { id: "status", "data-state": "connecting" });
  const retry = element("button", { id: "retry", type: "button", class: "quiet", hidden: "" }, "Try now");
  status.append(element("span", { class: "lamp", "aria-hidden": "true" }), element("span", { id: "status-text", role: "status" }), retry);
  const title = document.querySelector("header h1");
  const back = element("a", { href: home.href, class: "home" }, logo, "Wamplex");
  document.querySelector("header").replaceChildren(element("div", { class: "names" }, back, ...(title ? [title] : [])), status);
  document.querySelector("footer").prepend("Router ", element("code", { id: "router-url" }, url));
  if (refused !== null) {
    const words = `The router ${refused} is on another host and was not used.`;
    document.querySelector("main").prepend(element("p", { id: "notice", role: "alert" }, words));
  }
  const connection = new Connection({ url, realm, fallback });
  startStatus(connection);
  connection.open();
  return connection;
}
