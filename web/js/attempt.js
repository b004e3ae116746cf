// One try to join by one transport, and the session if it succeeds. autobahn.js would stop for good after 15 tries, and at
// once after GOODBYE or ABORT; so each of its connections is used once.

import { Link } from "./link.js";
import { Refused } from "./login.js";
import { isRefusal } from "./retry.js";
import { Wire } from "./wire.js";

const PATIENCE = 10_000; // ms until WELCOME
const PATIENCE_WITH_PEOPLE = 60_000; // while something may have to be typed

export class Attempt {
  #options;
  #told;
  #timer = 0;
  #connection = null;
  #failure = null; // what the application's part of logging in threw
  #link = null;
  #isOver = false;

  // `told.joined(link, details)` is called once at most, `told.lost(end)` once, but not after `giveUp`. `end` is
  // {reason: a sentence, refused: whether the credentials were, reached: whether there was nothing wrong with the transport}.
  constructor(options, told) {
    this.#options = options;
    this.#told = told;
  }

  async begin() {
    this.#hurry(PATIENCE_WITH_PEOPLE);
    let credentials = null;
    try {
      credentials = await this.#options.login?.credentials(this.#options.autobahn);
    } catch (error) {
      const refused = error instanceof Refused;
      this.#end({ reason: refused ? error.message : `Could not log in: ${sentenceOf(error)}`, refused, reached: true });
      return;
    }
    if (!this.#isOver) this.#open(credentials ?? {});
  }

  // Ends it without a word to `told`. With a session GOODBYE is said.
  giveUp() {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#connection?.close();
    } catch {
      // A long-poll that is not open yet cannot be closed; autobahn.js gives it up by itself.
    }
    this.#over();
  }

  // Nothing comes any more, and nothing tells why.
  abandon(reason) {
    if (this.#isOver) return;
    this.giveUp();
    this.#told.lost({ reason, refused: false, reached: false });
  }

  #open({ authmethods, authid, onchallenge }) {
    const { autobahn, transport, realm, authextra } = this.#options;
    this.#hurry(PATIENCE);
    const challenged = async (session, method, extra) => {
      this.#hurry(PATIENCE_WITH_PEOPLE);
      try {
        return await onchallenge(method, extra, session);
      } catch (error) {
        this.#failure = error;
        throw error;
      }
    };
    const connection = new autobahn.Connection({
      transports: [{ ...transport }],
      realm,
      max_retries: 0,
      authmethods,
      authid: authid ?? this.#options.authid,
      authextra,
      onchallenge: onchallenge && challenged,
      on_user_error: () => {}, // what endpoints and challenges throw is told where it matters
    });
    this.#connection = connection;
    let wire = null;
    connection.onclose = (reason, details) => {
      this.#closed(reason, details);
      return true; // autobahn.js is not to retry by itself
    };
    connection.onopen = (session, details) => {
      if (this.#isOver) return connection.close(); // it was given up, and came through after all
      clearTimeout(this.#timer);
      this.#link = new Link(autobahn, session, wire);
      this.#told.joined(this.#link, details);
    };
    connection.open();
    if (connection.isConnected) wire = new Wire(connection.transport);
  }

  #closed(reason, { reason: uri, message }) {
    const said = this.#failure ? sentenceOf(this.#failure) : sentence(reason, uri, message);
    const refused = isRefusal(uri) || this.#failure instanceof Refused;
    this.#end({ reason: said, refused, reached: Boolean(uri || this.#failure) });
  }

  #end(end) {
    if (this.#isOver) return;
    this.#over();
    this.#told.lost(end);
  }

  #over() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#link?.lost();
  }

  #hurry(patience) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.abandon("The router does not answer"), patience);
  }
}

// Why it ended, for people. `uri` is that of a GOODBYE or ABORT, null when the transport broke.
function sentence(reason, uri, message) {
  if (uri) return `The router said ${uri}${message ? ` (${message})` : ""}`;
  if (reason === "unsupported") return "There is no such transport here";
  if (reason === "unreachable") return "The router cannot be reached";
  return "Connection lost";
}

const sentenceOf = (error) => error?.message || String(error);
