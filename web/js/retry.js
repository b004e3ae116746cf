// How long to wait until the next try. Never for ever, and never all at the same moment: the browsers that lost a router
// together must not come back in lockstep.

const FIRST = 1000; // ms; a router that restarts is back by then
const LONGEST = 30_000;
const GROWTH = 1.6;

// Who was refused for what it showed is refused again: that costs the router a password to check, and locks people out.
const FIRST_REFUSED = 30_000;
const LONGEST_REFUSED = 300_000;
const REFUSED_GROWTH = 2;

// What ABORT or GOODBYE says of the credentials. All else may be different the next time.
const REFUSALS = new Set([
  "wamp.close.logout",
  "wamp.error.authentication_denied",
  "wamp.error.authentication_required",
  "wamp.error.authorization_denied",
  "wamp.error.cannot_authenticate",
  "wamp.error.no_matching_auth_method",
  "wamp.error.no_such_principal",
  "wamp.error.no_such_role",
  "wamp.error.not_authorized",
]);

export const isRefusal = (uri) => REFUSALS.has(uri);

export class Retry {
  #first;
  #longest;
  #random;
  #delay;
  #refused;
  #refusals;

  // Both in ms; `random` gives numbers from 0 to 1.
  constructor({ first = FIRST, longest = LONGEST, random = () => Math.random() } = {}) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
    this.over();
  }

  // ms to wait. `refused` is whether the credentials were, `renews` whether there will be others at the next try.
  next({ refused = false, renews = false } = {}) {
    if (refused) this.#refusals += 1;
    if (refused && !(renews && this.#refusals === 1)) {
      const pause = this.#spread(this.#refused);
      this.#refused = Math.min(this.#refused * REFUSED_GROWTH, LONGEST_REFUSED);
      return pause;
    }
    const pause = this.#spread(this.#delay);
    this.#delay = Math.min(this.#delay * GROWTH, this.#longest);
    return pause;
  }

  // All is well, and has been for a while: what comes now is a new trouble.
  over() {
    this.#delay = this.#first;
    this.#refused = FIRST_REFUSED;
    this.#refusals = 0;
  }

  #spread(pause) {
    return pause * (0.5 + this.#random());
  }
}
