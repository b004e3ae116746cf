// What is around the views: the connection, who is at the dashboard, which realm is looked at, and the address's # that
// names the view.

import { Connection } from "./js/wamplex.js";
import { byId, element } from "./page/dom.js";
import { showError } from "./page/payload.js";
import { startStatus } from "./page/status.js";
import { Login } from "./login.js";
import { Navigation } from "./navigation.js";
import { Stage } from "./stage.js";

const REALM = "wamplex.dashboard.realm"; // of sessionStorage: what was chosen in this tab
const PAUSE = 2000; // ms until the settings are asked for again

export class Shell {
  #views; // name -> entry of main.js
  #first;
  #navigation;
  #login = null;
  #connection = null;
  #stage = null;
  #realm = null; // the chosen one; null as long as we are not let in

  constructor(groups) {
    const views = groups.flatMap((group) => group.views);
    this.#first = views[0];
    this.#views = new Map(views.map((view) => [view.name, view]));
    this.#navigation = new Navigation(groups);
  }

  async start() {
    const settings = await settingsOf("settings.json");
    const url = new URL(settings.websocket ?? settings.longpoll, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const fallback = settings.longpoll && new URL(settings.longpoll, location.href).href;
    this.#login = new Login({ url: settings.login, onlogin: () => this.#connection.open() });
    this.#connection = new Connection({ url: url.href, realm: settings.realm, fallback, login: this.#login });
    this.#stage = new Stage(this.#connection, {
      go: (...path) => this.#go(path),
      choose: (realm) => this.#choose(realm),
    });
    this.#listen();
    startStatus(this.#connection);
    this.#connection.open();
  }

  #listen() {
    this.#connection.addEventListener("state", () => this.#onstate());
    addEventListener("hashchange", () => this.#show());
    byId("logout").addEventListener("click", () => this.#logout());
    byId("realm").addEventListener("change", ({ target }) => {
      this.#choose(target.value);
      this.#show();
    });
  }

  #onstate() {
    const { state } = this.#connection;
    document.body.classList.toggle("stale", state.name !== "joined" && !this.#stage.isEmpty);
    if (state.name === "joined") this.#enter(state);
    if (state.name === "waiting" && state.refused) this.#refused(state.reason);
  }

  async #enter({ session, authid, authrole, authmethod }) {
    const isCurrent = () => this.#connection.state.session === session; // else it comes here again
    try {
      const node = await this.#connection.call("wamplex.node.get");
      if (!isCurrent()) return;
      const wasOut = this.#realm === null;
      this.#offer(node.realms);
      this.#settle(authmethod !== "anonymous");
      if (wasOut || !this.#stage.stays) this.#show();
      this.#stage.load(this.#first).catch(() => {}); // it is loaded again when it is looked at
    } catch (error) {
      if (!isCurrent()) return;
      if (error.error !== "wamp.error.not_authorized") this.#stage.trouble(showError(error));
      else this.#leave(this.#login.isAnybody ? "" : `${authid} may not use the dashboard: its role is ${authrole}.`);
    }
  }

  #refused(reason) {
    if (this.#login.retreat()) {
      this.#connection.close();
      this.#connection.open();
    } else if (reason.includes("wamp.close.logout")) this.#leave("You are logged out.");
    else if (this.#login.isAnybody) this.#leave("");
    else if (reason.includes("credentials were not accepted")) this.#leave("Name or password is wrong.");
    else this.#leave(reason);
  }

  // To the login form, or back to it.
  #leave(reason) {
    this.#connection.close();
    this.#stage.close();
    this.#realm = null;
    document.body.classList.add("out");
    byId("logout").hidden = true;
    byId("realm-label").hidden = true;
    this.#navigation.mark({ name: "", title: "Log in" });
    this.#login.show(byId("view"), reason);
  }

  // From the login form to the views.
  #settle(isSomebody) {
    const wasOut = document.body.classList.contains("out");
    this.#login.done();
    document.body.classList.remove("out");
    byId("logout").hidden = !isSomebody;
    if (wasOut) byId("view").focus();
  }

  async #logout() {
    this.#connection.close();
    try {
      await this.#login.logout();
      this.#leave("You are logged out.");
    } catch (error) {
      this.#leave(`You are not logged out: ${error.message}`); // the cookie still lets everybody in who sits down here
    }
  }

  #offer(realms) {
    const known = this.#realm ?? sessionStorage.getItem(REALM);
    this.#realm = realms.includes(known) ? known : realms[0];
    byId("realm").replaceChildren(...realms.map((realm) => element("option", {}, realm)));
    byId("realm").value = this.#realm;
  }

  #choose(realm) {
    this.#realm = realm;
    byId("realm").value = realm;
    sessionStorage.setItem(REALM, realm);
  }

  #go(path) {
    const hash = `#${path.map(encodeURIComponent).join("/")}`;
    if (hash === location.hash) this.#show();
    else location.hash = hash;
  }

  // Opens the view that the address names.
  #show() {
    if (this.#realm === null) return;
    const [name, ...path] = location.hash.slice(1).split("/").map(decode);
    const view = this.#views.get(name) ?? this.#first;
    this.#navigation.mark(view);
    this.#stage.show(view, this.#realm, path);
  }
}

// Where the router is to be reached. Nothing can be done until it has said so.
async function settingsOf(address) {
  for (;;) {
    try {
      return await (await fetch(address)).json();
    } catch {
      byId("status-text").textContent = "The router does not answer. It is asked again.";
      await new Promise((later) => setTimeout(later, PAUSE));
    }
  }
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // somebody typed it
  }
}
