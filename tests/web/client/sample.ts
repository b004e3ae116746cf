// What TypeScript must accept and, where it says so, must not.

import { Connection, NotConnected, Refused, cookie, ticket, token, wampcra } from "wamplex";
import type { Login, Member, RecoveryTold, State } from "wamplex";

const own: Login = {
  renews: true,
  credentials: async () => ({ authmethods: ["ticket"], authid: "ann", onchallenge: (method) => method }),
};
const connection = new Connection({ url: "ws://127.0.0.1:8080/ws", realm: "realm1", fallback: null, login: own });
connection.login = cookie();
connection.addEventListener("problem", ({ detail }) => console.log(detail.what, detail.uri));

function words(state: State): string {
  if (state.name === "joined") return `${state.realm} ${state.session} ${state.transport}`;
  if (state.name === "waiting") return `${state.reason} ${new Date(state.until).toISOString()} ${state.refused}`;
  // @ts-expect-error: only who waits knows until when
  return String(state.until);
}

async function main(): Promise<void> {
  const sum = await connection.call<number>("com.example.add2", [2, 3], {}, { timeout: 10 });
  console.log(sum.toFixed(2), words(connection.state));
  const call = connection.call("com.example.slow", [], {}, { onprogress: (args, kwargs) => console.log(args[0], kwargs.of) });
  call.cancel("killnowait");
  // @ts-expect-error: there is no such mode
  call.cancel("softly");
  const stream = connection.stream<string>("com.example.upload", { signal: new AbortController().signal });
  stream.send(["piece"]);
  const stored: string = await stream.finish();
  const { id } = await connection.publish("com.example.news", [stored]);
  const told = ({ recovered, events, reason }: RecoveryTold) => console.log(recovered, events, reason === "evicted", id);
  const subscription = await connection.subscribe("com.example.news", ([text], _, event) => console.log(text, event.topic), {
    match: "prefix",
    recover: true,
    onrecovery: told,
  }).ready;
  subscription.cancel();
  // @ts-expect-error: match is one of three
  connection.subscribe("com.example.news", () => {}, { match: "regex" });
  connection.register("com.example.double", ([number], kwargs, { progress, signal }) => {
    progress?.([number], kwargs);
    return signal.aborted ? null : 2 * number;
  });
  const presence = connection.presence("com.example.presence", "lobby", { name: "Ann" }, (members: Member<{ name: string }>[]) =>
    console.log(members.map(({ state }) => state.name)),
  );
  await presence.update({ name: "Bea" });
  // @ts-expect-error: the state has a name
  await presence.update({ age: 7 });
  const logins: Login[] = [ticket({ authid: "a", secret: "b" }), wampcra({ authid: "a", secret: async () => "b" }), token()];
  console.log(logins.length, new NotConnected().message, new Refused("no").message);
}

main().catch((error: unknown) => console.error(error instanceof NotConnected));
