// Ways to log in. Each has `credentials(autobahn)`: a Promise of what one try joins with, {authmethods, authid,
// onchallenge(method, extra)}; it is asked anew for each. One that `renews` may bring better ones the next time.

// What `credentials` throws if it is no use to try again soon.
export class Refused extends Error {
  constructor(message) {
    super(message);
    this.name = "Refused";
  }
}

// `secret` is a text, or a function that gives one; so is `totp`, the code of a second factor.
export function ticket({ authid, secret, totp }) {
  return { renews: typeof secret === "function", credentials: async () => shown("ticket", authid, secret, totp) };
}

export function wampcra({ authid, secret, totp }) {
  const signature = (autobahn) => async (extra) => {
    const { sign, derive_key } = autobahn.auth_cra;
    const { challenge, salt, iterations, keylen } = extra;
    const given = await valueOf(secret);
    return sign(salt ? derive_key(given, salt, iterations, keylen) : given, challenge);
  };
  return {
    renews: typeof secret === "function",
    credentials: async (autobahn) => ({
      authmethods: ["wampcra"],
      authid,
      onchallenge: (method, extra) => (method === "totp" ? secondFactor(totp) : signature(autobahn)(extra)),
    }),
  };
}

// `fetch` is a function that gives a token, as text or as {token, authid}, or the URL to POST for one with the browser's
// cookies. The router of the token says who it is for; `authid` is needed only where it is not in what was fetched.
export function token({ fetch = "/auth/token", authid } = {}) {
  return {
    renews: true,
    credentials: async () => {
      const got = typeof fetch === "function" ? await fetch() : await post(fetch);
      const { token: secret, authid: who } = typeof got === "string" ? { token: got } : got;
      return shown("ticket", authid ?? who, secret);
    },
  };
}

// The browser's cookie of a login over HTTP, which no script can read; `url` is where the router has login and logout.
export function cookie({ url = "/auth" } = {}) {
  const at = url.replace(/\/$/, "");
  return {
    renews: false,
    credentials: async () => ({ authmethods: ["cookie"] }),
    login: (credentials) => post(`${at}/login`, credentials),
    logout: () => post(`${at}/logout`),
    whoami: () => ask(`${at}/whoami`, { method: "GET" }),
  };
}

const valueOf = async (given) => (typeof given === "function" ? given() : given);

function shown(method, authid, secret, totp) {
  return { authmethods: [method], authid, onchallenge: (asked) => (asked === "totp" ? secondFactor(totp) : valueOf(secret)) };
}

async function secondFactor(totp) {
  if (totp === undefined) throw new Refused("A second factor is needed");
  return valueOf(totp);
}

const post = (url, body = {}) =>
  ask(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// The answer's JSON. Refused with the router's sentence if it says that one may not.
async function ask(url, options) {
  const answer = await fetch(url, { ...options, credentials: "include" });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const sentence = said.error ?? `${url} answers ${answer.status}`;
  throw answer.status >= 400 && answer.status < 500 ? new Refused(sentence) : new Error(sentence);
}
