// The browser's side of Wamplex: a thin layer over stock autobahn.js, which is to be loaded before.

export { Connection } from "./connection.js";
