// A program that uses the client. Each line that it is sent is the body of a function as JSON, which has `connection`,
// `say(what, value)` and what it keeps in `here`; its answer, and all that is said, are lines of JSON, too.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import * as wamplex from "../../../web/js/wamplex.js";
import { Retry } from "../../../web/js/retry.js";

const { options, login, autobahn: name } = JSON.parse(process.argv[2]);
if (name === "autobahn22") delete globalThis.WebSocket; // then it takes the package `ws`, as on an older Node.js
const autobahn = createRequire(process.argv[3])(name);
const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const say = (what, value = null) => write({ what, value });
const here = { Retry };

const names = ["connection", "say", "here", "wamplex", "autobahn"];
const body = (text) => new (async () => {}).constructor(...names, text);
const values = [null, say, here, wamplex, autobahn];
const connection = new wamplex.Connection({ ...options, autobahn, login: login && (await body(login)(...values)) });
values[0] = connection;
connection.addEventListener("state", () => say("state", connection.state));
connection.addEventListener("problem", ({ detail }) => say("problem", [detail.what, detail.uri, detail.error.error ?? null]));

for await (const line of createInterface(process.stdin)) {
  const { id, text } = JSON.parse(line);
  body(text)(...values).then(
    (value) => write({ id, value: value ?? null }),
    (error) => write({ id, error: error?.error ?? `${error?.name}: ${error?.message}` }),
  );
}
process.exit();
