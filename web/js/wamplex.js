// The browser's side of Wamplex: a thin layer over stock autobahn.js, which is to be loaded before. README.md explains it.

export { Connection } from "./connection.js";
export { Refused, cookie, ticket, token, wampcra } from "./login.js";
export { NotConnected } from "./link.js";
