// What a JSON Schema asks of a person, as far as a form can ask it. What it cannot is typed as JSON, so nothing is lost:
// it is the router, or the callee, that checks.
//
//   kindOf(schema)   {kind: "text" | "number" | "checkbox" | "choice" | "json", choices, isNullable, schema}
//   parameters(description)   what a call or a publication takes, see below

const MOST_HOPS = 8; // of a $ref that leads to a $ref

export class Schemas {
  #types = new Map(); // the realm's own, `type:com.example.person`
  #ask;

  // `ask(name)` gives a Promise of the schema of a type, or null.
  constructor(ask) {
    this.#ask = ask;
  }

  // Fetches the types that a description refers to, and those that these refer to.
  async prepare(value) {
    for (const name of namesOfTypes(value)) {
      if (this.#types.has(name)) continue;
      this.#types.set(name, true); // anything, until it is known
      const schema = await this.#ask(name).catch(() => null);
      if (schema === null) continue;
      this.#types.set(name, schema);
      await this.prepare(schema);
    }
  }

  // `root` is the schema in which `#/$defs/...` is looked up.
  kindOf(schema, root) {
    let isNullable = false;
    for (let hop = 0; hop < MOST_HOPS; hop += 1) {
      if (schema === null || typeof schema !== "object") break;
      const one = withoutNull(schema);
      if (one) {
        isNullable = true;
        schema = one;
      } else if (typeof schema.$ref === "string") {
        const { $ref, ...beside } = schema;
        [schema, root] = this.#follow($ref, root);
        if (schema && typeof schema === "object") schema = { ...schema, ...beside };
      } else break;
    }
    const plain = schema && typeof schema === "object" ? schema : {};
    return { schema: plain, isNullable, ...plainKind(plain) };
  }

  #follow(reference, root) {
    if (reference.startsWith("type:")) {
      const schema = this.#types.get(reference.slice(5)) ?? true;
      return [schema, schema];
    }
    if (!reference.startsWith("#")) return [true, root];
    let found = root;
    for (const step of reference.slice(1).split("/").slice(1)) {
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      found = Object.hasOwn(Object(found), key) ? found[key] : undefined;
    }
    return [found ?? true, root];
  }
}

function plainKind(schema) {
  if ("const" in schema) return { kind: "choice", choices: [schema.const] };
  if (Array.isArray(schema.enum)) return { kind: "choice", choices: schema.enum };
  if (schema.type === "string") return { kind: "text" };
  if (schema.type === "number" || schema.type === "integer") return { kind: "number" };
  if (schema.type === "boolean") return { kind: "checkbox" };
  return { kind: "json" };
}

// The other one of `X or null`; null if it is not that.
function withoutNull(schema) {
  const { anyOf, oneOf, type, ...beside } = schema;
  const options = anyOf ?? oneOf;
  if (options?.length === 2) {
    const others = options.filter((one) => one?.type !== "null");
    if (others.length === 1 && others[0] && typeof others[0] === "object") return { ...beside, ...others[0] };
  }
  if (Array.isArray(type) && type.length === 2 && type.includes("null")) {
    return { ...schema, type: type.find((one) => one !== "null") };
  }
  return null;
}

function namesOfTypes(value) {
  const found = new Set();
  JSON.stringify(value, (key, part) => {
    if (key === "$ref" && typeof part === "string" && part.startsWith("type:")) found.add(part.slice(5));
    return part;
  });
  return found;
}

// {positional: [{name, schema, root, required}], more, named: [the same], moreNamed}: `more` says that further positional
// arguments may follow, `moreNamed` the same of those by name.
export function parameters(description) {
  const { args, kwargs } = description ?? {};
  if (description?.arguments) return { positional: [], more: false, ...named(description.arguments) }; // the router's own
  return { ...positional(args), ...named(kwargs) };
}

function positional(schema) {
  if (schema === null || typeof schema !== "object") return { positional: [], more: true };
  const items = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  const least = schema.minItems ?? 0;
  const fields = items.map((item, index) => ({
    name: (item && item.title) || `args[${index}]`, schema: item, root: schema, required: index < least,
  }));
  const isFull = schema.items === false || schema.maxItems <= items.length;
  return { positional: fields, more: !isFull };
}

function named(schema) {
  if (schema === null || typeof schema !== "object") return { named: [], moreNamed: true };
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, item]) => ({
    name, schema: item, root: schema, required: required.has(name),
  }));
  const isFull = schema.additionalProperties === false || schema.unevaluatedProperties === false
    || schema.maxProperties <= fields.length;
  return { named: fields, moreNamed: !isFull };
}
