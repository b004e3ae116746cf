// The fields of a payload: one for each argument that a JSON Schema names, JSON for the rest. Everything may be typed as
// JSON instead, beginning with what the fields hold.
//
//   const form = new PayloadForm(schemas);
//   form.describe(description);         null: nothing is known, so all is JSON
//   form.read()                         {args, kwargs}; throws an Error whose text is for people, and focuses the field

import { element } from "../page/dom.js";
import { parsePayload } from "../page/payload.js";
import { parameters } from "./schema.js";

const HINTS = { json: "JSON", number: "number", text: "text", checkbox: "true or false", choice: "" };
let fields = 0; // makes ids

export class PayloadForm {
  #schemas;
  #shape = null;
  #inputs = []; // {field, kind, input}, as the arguments come
  #isPlain = true; // two fields of JSON

  constructor(schemas) {
    this.#schemas = schemas;
    this.element = element("fieldset", { class: "payload" }, element("legend", {}, "Arguments"));
    this.#show();
  }

  describe(description) {
    this.#shape = parameters(description);
    const { positional, named } = this.#shape;
    this.#isPlain = positional.length + named.length === 0;
    this.#show();
  }

  // Whether the schema asks for nothing at all.
  get isEmpty() {
    return this.#shape !== null && !this.#isPlain && this.#inputs.length === 0;
  }

  read() {
    if (this.#isPlain) return this.#readPlain();
    const { positional, named } = this.#shape;
    const values = this.#inputs.map((one) => valueOf(one));
    const args = values.slice(0, positional.length);
    while (args.length && args.at(-1) === undefined) args.pop();
    const kwargs = {};
    named.forEach(({ name }, index) => {
      const value = values[positional.length + index];
      if (value !== undefined) kwargs[name] = value;
    });
    const [more, moreNamed] = this.#readMore();
    return { args: [...args.map((value) => value ?? null), ...more], kwargs: { ...kwargs, ...moreNamed } };
  }

  #readPlain() {
    const [args, kwargs] = this.#plain;
    return { args: typed(args, "args") ?? [], kwargs: typed(kwargs, "kwargs") ?? {} };
  }

  #readMore() {
    const [args, kwargs] = this.#rest;
    return [args ? typed(args, "args") ?? [] : [], kwargs ? typed(kwargs, "kwargs") ?? {} : {}];
  }

  #show(filled = { args: [], kwargs: {} }) {
    const legend = this.element.firstElementChild;
    this.element.replaceChildren(legend);
    this.#inputs = [];
    this.#rest = [null, null];
    if (this.#isPlain) this.#showPlain(filled);
    else this.#showFields();
    const { positional, named } = this.#shape ?? { positional: [], named: [] };
    if (positional.length + named.length) this.element.append(this.#switch());
  }

  #plain = [];
  #rest = [null, null];

  #showPlain({ args, kwargs }) {
    const one = (name, value, empty) => {
      const input = area(name, empty);
      input.value = Object.keys(value).length ? JSON.stringify(value) : "";
      this.element.append(element("label", {}, element("span", {}, name, hint(`JSON, such as ${empty}`)), input));
      return input;
    };
    this.#plain = [one("args", args, '[1, "two"]'), one("kwargs", kwargs, '{"a": 1}')];
  }

  #showFields() {
    const { positional, named, more, moreNamed } = this.#shape;
    for (const field of [...positional, ...named]) this.#add(field);
    if (more && !named.length) this.#rest[0] = this.#addRest("further args", "[3]");
    if (moreNamed && !positional.length) this.#rest[1] = this.#addRest("further kwargs", '{"b": 2}');
  }

  #add(field) {
    const about = this.#schemas.kindOf(field.schema, field.root);
    const input = inputOf(field, about);
    this.#inputs.push({ field, about, input });
    const text = element("span", {}, field.name, hint(hintOf(field, about)));
    const isBox = input.type === "checkbox";
    const label = element("label", isBox ? { class: "check" } : {}, ...(isBox ? [input, text] : [text, input]));
    this.element.append(label);
    if (!about.schema.description) return;
    const id = `about-${(fields += 1)}`;
    input.setAttribute("aria-describedby", id);
    this.element.append(element("p", { class: "hint", id }, about.schema.description));
  }

  #addRest(name, empty) {
    const input = area(name, empty);
    this.element.append(element("label", {}, element("span", {}, name, hint("JSON")), input));
    return input;
  }

  #switch() {
    const text = this.#isPlain ? "Show the fields" : "Type JSON instead";
    const button = element("button", { type: "button", class: "quiet", "data-switch": "" }, text);
    button.addEventListener("click", () => {
      let filled;
      try {
        filled = this.read();
      } catch {
        filled = undefined; // half of it is typed: begin with nothing
      }
      this.#isPlain = !this.#isPlain;
      this.#show(filled);
      this.element.querySelector("[data-switch]").focus();
    });
    return button;
  }
}

function area(name, placeholder) {
  return element("textarea", { name, rows: "2", placeholder, spellcheck: "false", autocomplete: "off" });
}

const hint = (text) => element("small", {}, text);

function hintOf({ required }, { kind, schema, isNullable }) {
  const type = kind === "json" && typeof schema.type === "string" ? `JSON, ${schema.type}` : HINTS[kind];
  const bounds = boundsOf(schema);
  const given = schema.default === undefined ? "optional" : `optional, by default ${JSON.stringify(schema.default)}`;
  const need = required && !isNullable ? "" : isNullable && required ? "or nothing" : given;
  return [schema.type === "integer" ? "whole number" : type, bounds, need].filter(Boolean).join(", ");
}

function boundsOf({ minimum, maximum }) {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `from ${minimum}`;
  return maximum === undefined ? "" : `up to ${maximum}`;
}

function inputOf(field, { kind, choices, schema }) {
  const name = field.name;
  if (kind === "checkbox" && field.required) return element("input", { type: "checkbox", name });
  if (kind === "checkbox") return select(name, [true, false], false);
  if (kind === "choice") return select(name, choices, field.required);
  if (kind === "json") return area(name, schema.type === "array" ? "[]" : schema.type === "object" ? "{}" : "");
  const type = kind === "number" ? "number" : "text";
  const input = element("input", { name, type, autocomplete: "off", spellcheck: "false" });
  if (kind === "number") input.step = schema.type === "integer" ? "1" : "any";
  return input;
}

function select(name, choices, required) {
  const made = element("select", { name });
  if (!required) made.append(element("option", { value: "" }, "–"));
  for (const choice of choices) {
    const json = JSON.stringify(choice);
    made.append(element("option", { value: json }, typeof choice === "string" ? choice : json));
  }
  return made;
}

// What was typed; undefined for an optional argument that is not given, null for one that has to be and may be null.
function valueOf({ field, about, input }) {
  const { kind, isNullable } = about;
  if (input.type === "checkbox") return input.checked;
  const missing = () => refuse(input, `${field.name} is missing`);
  if (kind === "number" && input.validity.badInput) refuse(input, `${field.name} must be a number`);
  const text = kind === "text" ? input.value : input.value.trim();
  if (kind === "text" && text === "" && field.required && !isNullable) return "";
  if (text === "") return field.required ? (isNullable ? null : missing()) : undefined;
  if (kind === "text") return text;
  if (kind === "number") return Number(text);
  try {
    return JSON.parse(text);
  } catch {
    return refuse(input, `${field.name} is not valid JSON`);
  }
}

function typed(input, kind) {
  try {
    return parsePayload(input, kind);
  } catch (error) {
    return refuse(input, error.message);
  }
}

function refuse(input, sentence) {
  input.focus();
  throw new Error(sentence);
}
