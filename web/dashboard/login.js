// Who is at the dashboard. At first the browser comes with the cookie of a login that it may have, or as anybody. If
// that is not enough there is a form: over HTTP where the router has that, else a ticket or WAMP-CRA. What is typed stays in
// memory until one logs out: the connection needs it to come back, and it is never stored.

import { Refused, cookie, ticket, wampcra } from "./js/wamplex.js";
import { element } from "./page/dom.js";

const METHODS = { ticket, wampcra };
const NEEDS_CODE = /second factor/i;

export class Login {
  #cookie;
  #mayHaveCookie;
  #way = null; // one of the client's ways to log in; null is anybody
  #form = null;
  #onlogin;

  // `url` is where the router has login over HTTP, or null. `onlogin` is called when there are credentials to join with.
  constructor({ url, onlogin }) {
    this.#cookie = url === null ? null : cookie({ url });
    this.#mayHaveCookie = url !== null;
    this.#onlogin = onlogin;
  }

  // What the Connection asks for at each try.
  renews = false;

  async credentials(autobahn) {
    if (this.#way) return this.#way.credentials(autobahn);
    return this.#mayHaveCookie ? { authmethods: ["cookie", "anonymous"] } : {};
  }

  // Whether nobody has logged in here: what the router thinks of us is no answer to credentials.
  get isAnybody() {
    return this.#way === null;
  }

  // Whether there is something else to try without asking: the cookie may be an old one.
  retreat() {
    const had = this.#way === null && this.#mayHaveCookie;
    this.#mayHaveCookie = false;
    return had;
  }

  // Puts the form into `root`, or says on the one that is there what is wrong.
  show(root, reason) {
    if (this.#form) return this.#refuse(reason);
    const { form } = this;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form = form;
    root.replaceChildren(element("div", { class: "login card" }, form));
    this.#tell(reason);
    form.elements.authid.focus();
  }

  done() {
    this.#form = null;
  }

  async logout() {
    await this.#cookie?.logout();
    this.#way = null;
    this.#mayHaveCookie = false;
  }

  get form() {
    const form = element("form", { "aria-labelledby": "view-title" });
    const said = element("p", { class: "said", role: "alert" });
    if (!this.#cookie) form.append(labelled("Method", choice({ ticket: "Ticket, or password", wampcra: "WAMP-CRA" })));
    form.append(labelled("Name (authid)", field("authid", { autocomplete: "username", required: "" })));
    const secret = field("secret", { type: "password", autocomplete: "current-password", required: "" });
    const totp = field("totp", { autocomplete: "one-time-code", inputmode: "numeric" });
    const code = labelled("Code of the second factor", totp);
    code.hidden = true;
    form.append(labelled("Password", secret), code, said, element("button", { type: "submit" }, "Log in"));
    if (location.protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(location.hostname)) {
      const warning = "This page came without TLS: others on the way can read what you type.";
      form.append(element("p", { class: "hint" }, warning));
    }
    return form;
  }

  async #submit() {
    const { method, authid, secret, totp } = this.#form.elements;
    const code = totp.value.trim() || undefined;
    this.#tell("", true);
    try {
      if (this.#cookie) await this.#cookie.login({ authid: authid.value, password: secret.value, totp: code });
      this.#way = this.#cookie ?? METHODS[method.value]({ authid: authid.value, secret: secret.value, totp: code });
    } catch (error) {
      this.#refuse(error instanceof Refused ? error.message : "The router cannot be reached.");
      return;
    }
    this.#onlogin();
  }

  #refuse(reason) {
    this.#way = null;
    this.#tell(reason);
    const { secret, totp } = this.#form.elements;
    const needsCode = NEEDS_CODE.test(reason);
    if (needsCode) totp.parentElement.hidden = false;
    const wrong = needsCode ? totp : secret;
    wrong.focus();
    wrong.select();
  }

  #tell(text, isBusy = false) {
    this.#form.querySelector(".said").textContent = text;
    this.#form.querySelector("button").disabled = isBusy;
  }
}

const labelled = (text, inner) => element("label", {}, text, inner);
const field = (name, more) => element("input", { name, spellcheck: "false", autocapitalize: "off", ...more });

function choice(methods) {
  const options = Object.entries(methods).map(([value, text]) => element("option", { value }, text));
  return element("select", { name: "method" }, ...options);
}
