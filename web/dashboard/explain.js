// What may this role do with this URI, and which rule says so? The answer is the router's own, of the code that decides.

import { element } from "./page/dom.js";
import { showError } from "./page/payload.js";
import { count } from "./parts/units.js";

const MATCHES = { exact: "exact: this URI", prefix: "prefix: all that begin so", wildcard: "wildcard: any for an empty component" };
const MOST_ROLES = 500;

// How an answer is headed and coloured.
const ANSWERS = { allowed: ["Allowed", "good"], authorizer: ["Is asked about", "wait"], denied: ["Denied", "bad"] };

// The terms in words; what is not here goes without saying.
const TERMS = {
  call: {
    disclose: { allow: "The caller is disclosed to callees that ask.", refuse: "The caller is never disclosed.", always: "The caller is always disclosed." },
    validate: { true: "Payloads are checked against the schemas." },
  },
  register: { disclose: { allow: "It may ask who calls.", refuse: "It may not ask who calls.", always: "It learns who calls." } },
  publish: {
    disclose: { allow: "The publisher is disclosed if it asks for it.", refuse: "The publisher is never disclosed.", always: "The publisher is always disclosed." },
    retain: { true: "Events may be retained.", false: "Events may not be retained." },
    validate: { true: "Payloads are checked against the schemas." },
  },
  subscribe: { history: { true: "Retained and stored events may be asked for.", false: "Retained and stored events may not be asked for." } },
};

export class Explain {
  #app;
  #asked = 0;
  #wanted = null; // the role to choose once the roles are there
  #roles = new Map();

  constructor(root, app) {
    this.#app = app;
    this.role = element("select", { name: "role", required: "" });
    this.uri = element("input", { name: "uri", spellcheck: "false", autocomplete: "off", autocapitalize: "none", placeholder: "com.example.add2" });
    this.match = element("select", { name: "match" });
    for (const [value, text] of Object.entries(MATCHES)) this.match.append(element("option", { value }, text));
    this.answer = element("div", { class: "answer", "aria-live": "polite" });
    this.rules = element("details", { class: "rules", hidden: "" }, element("summary"));
    const form = element(
      "form", {},
      element("label", {}, "Role", this.role),
      element("label", {}, "URI or pattern", this.uri),
      element("label", {}, "Match", this.match),
      element("p", { class: "actions" }, element("button", {}, "Explain")),
    );
    const hint = element("p", { class: "hint" }, `What may a role of ${app.realm} do with a URI, and which rule says so?`);
    root.append(element("h2", { id: "explain" }, "Explain"), hint, form, this.answer, this.rules);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.role.addEventListener("change", () => this.#showRules());
    app.connection.addEventListener("state", this.#load);
    this.#load();
  }

  close() {
    this.#app.connection.removeEventListener("state", this.#load);
  }

  // Ask this; `action` is the one in question.
  ask({ role, uri, match = "exact", action }) {
    this.#wanted = role;
    this.#choose(role);
    this.uri.value = uri;
    this.match.value = match in MATCHES ? match : "exact";
    this.#ask(action, role);
  }

  // The roles of the realm; they may be others after a reload.
  #load = async () => {
    if (!this.#app.connection.session) return;
    try {
      const { roles } = await this.#app.call("wamplex.role.list", [this.#app.realm], { limit: MOST_ROLES });
      const chosen = this.#wanted ?? this.role.value;
      this.#roles = new Map(roles.map((role) => [role.name, role]));
      this.role.replaceChildren(...roles.map(({ name }) => element("option", { value: name }, name)));
      this.#choose(chosen);
      this.#showRules();
    } catch (error) {
      if (this.#app.connection.session) this.#app.notify(showError(error), "bad");
    }
  };

  #choose(role) {
    if (!this.#roles.has(role)) return;
    this.role.value = role;
    this.#showRules();
  }

  async #ask(action, role = this.role.value) {
    const asked = ++this.#asked;
    try {
      const answer = await this.#app.call("wamplex.role.explain", [this.#app.realm, role, this.uri.value.trim()], { match: this.match.value });
      if (asked === this.#asked) this.#show(answer, action);
    } catch (error) {
      if (asked === this.#asked) this.answer.replaceChildren(element("p", { class: "bad", role: "alert" }, showError(error)));
    }
  }

  #show({ role, uri, match, file, actions }, wanted) {
    const what = element("p", { class: "asked" }, "What ", element("b", {}, role), " may do with ", nameOf({ uri, match }));
    const answers = alike(actions).map((group) => this.#answer(group, file, group.actions.includes(wanted)));
    this.answer.replaceChildren(what, element("ul", {}, ...answers));
    if (wanted) this.answer.scrollIntoView({ block: "nearest" });
  }

  #answer({ actions, said, terms }, file, isWanted) {
    const name = said.allowed ? "allowed" : said.because === "authorizer" ? "authorizer" : "denied";
    const [word, kind] = ANSWERS[name];
    const item = element("li", { "data-actions": actions.join(" "), "data-answer": name, class: isWanted ? "wanted" : "" });
    item.append(element("p", { class: "verdict" }, element("b", {}, actions.join(", ")), element("span", { class: `word ${kind}` }, word)));
    item.append(element("p", {}, said.reason));
    if (said.rule) item.append(ruleOf(said.rule, file));
    if (said.parts.length) item.append(element("p", { class: "hint" }, partsOf(said)), ...said.parts.map((part) => ruleOf(part, file)));
    if (terms) item.append(element("p", { class: "hint" }, terms));
    return item;
  }

  // All that the chosen role has.
  #showRules() {
    const role = this.#roles.get(this.role.value);
    this.rules.hidden = !role;
    if (!role) return;
    const rules = role.rules.length === 1 ? "1 rule" : `${count(role.rules.length)} rules`;
    const sessions = role.sessions === 1 ? "1 session" : `${count(role.sessions)} sessions`;
    const asked = role.authorizer ? [element("p", { class: "hint" }, "What they leave open is decided by ", element("code", {}, role.authorizer), ".")] : [];
    const trusted = role.trusted ? [element("p", { class: "hint" }, "It is trusted: it may say for whom it acts.")] : [];
    const summary = element("summary", {}, `All of ${role.name}: ${rules}, ${sessions}`);
    this.rules.replaceChildren(summary, ...role.rules.map((rule) => ruleOf(rule)), ...asked, ...trusted);
  }
}

// Actions with the same answer are said once.
function alike(actions) {
  const groups = new Map();
  for (const [action, said] of Object.entries(actions)) {
    const words = Object.entries(said.terms ?? {}).map(([term, value]) => TERMS[action][term]?.[value]);
    const terms = words.filter(Boolean).join(" ");
    const key = JSON.stringify([said.because, said.allowed, said.reason, said.rule, said.parts, terms]);
    if (!groups.has(key)) groups.set(key, { actions: [], said, terms });
    groups.get(key).actions.push(action);
  }
  return [...groups.values()];
}

function partsOf({ because, parts }) {
  if (because === "part") return parts.length === 1 ? "Denies a part of it:" : "Deny parts of it:";
  return "For parts of it:";
}

// A URI with how it is matched. The empty prefix is every URI.
function nameOf({ uri, match }) {
  const name = element("span", { class: "pattern" }, element("code", {}, uri || "(empty)"));
  if (match !== "exact") name.append(" ", element("span", { class: "tag" }, match));
  return name;
}

// A rule, and where it stands.
function ruleOf(rule, file) {
  const allows = rule.allow.length ? `allows ${rule.allow.join(", ")}` : "allows nothing";
  const line = rule.line === null ? [] : [element("span", { class: "place" }, file ? `${file}, line ${rule.line}` : `line ${rule.line}`)];
  return element("p", { class: "rule" }, nameOf(rule), element("span", {}, allows), ...line);
}
