// What passes between stock autobahn.js and its transport, for what it leaves out:
//
// - It drops the arguments of progressive results unless the promise library `when` is there.
// - It does not know INTERRUPT, hence does not announce that its callees can be cancelled, hence is never asked for
//   progressive results.
// - It sends one CALL for a call; a call in several pieces (progressive call invocations) repeats the request id.
// - It forgets a call that it cancels in any mode but "kill", and takes the answer for a violation of the protocol.
// - It does not notice that nobody is there any more: browsers answer pings, but cannot send them.
//
// So we listen at the `transport` of an autobahn.Connection, and say the missing messages there.

const [HELLO, ERROR, UNSUBSCRIBE, CALL, CANCEL] = [1, 8, 34, 48, 49];
const [RESULT, INVOCATION, INTERRUPT, YIELD] = [50, 68, 69, 70];

const FEATURES = {
  caller: { progressive_call_invocations: true },
  callee: { call_canceling: true },
};

const NO_SUBSCRIPTION = 2 ** 53; // ids are random below, and this one is nobody's

export class Wire {
  onheard = null; // called with each message that comes
  #transport;
  #isOpen = true;
  #request = 0; // of the last CALL
  #progress = new Map(); // request → what wants its progressive results
  #invocations = new Map(); // request → AbortController
  #invocation = null; // the one that is being passed to its endpoint
  #probe = 0;

  // `transport` is that of an autobahn.Connection whose `open()` was called just now.
  constructor(transport) {
    this.#transport = transport;
    const opened = transport.onopen;
    const receive = transport.onmessage;
    transport.onopen = () => {
      const send = transport.send; // a long-poll has none before
      transport.send = (message) => this.#isOpen && send(this.#leaving(message));
      opened();
    };
    transport.onmessage = (message) => {
      this.onheard?.();
      if (this.#takes(message)) return;
      receive(message);
    };
  }

  send(message) {
    this.#transport.send(message);
  }

  // The request id that autobahn.js gives to the CALL that `act` makes it send; `onprogress(args, kwargs)` or null.
  call(act, onprogress) {
    const pending = act();
    const request = this.#request;
    if (onprogress) this.#progress.set(request, onprogress);
    return { pending, request };
  }

  // A further piece of a call; without `more` the last one.
  piece(request, procedure, args = [], kwargs = {}, more = false) {
    this.send([CALL, request, more ? { progress: true } : {}, procedure, args, kwargs]);
  }

  cancel(request, mode) {
    this.send([CANCEL, request, { mode }]);
  }

  callIsOver(request) {
    this.#progress.delete(request);
  }

  // The AbortSignal of the invocation that autobahn.js passes to an endpoint right now.
  signal() {
    return this.#invocation.signal;
  }

  // Makes the router say something, whatever the session may do: there is no such subscription.
  probe(session) {
    this.#probe = session._new_request_id();
    this.send([UNSUBSCRIBE, this.#probe, NO_SUBSCRIPTION]);
  }

  // Nothing is sent any more: what autobahn.js says on a closed transport would be an error.
  close() {
    this.#isOpen = false;
    for (const invocation of this.#invocations.values()) invocation.abort();
    this.#invocations.clear();
    this.#progress.clear();
  }

  #leaving(message) {
    const [code, request] = message;
    if (code === HELLO) return [HELLO, message[1], { ...message[2], roles: extended(message[2].roles) }];
    if (code === CALL) this.#request = request;
    const isAnswer = (code === YIELD && !message[2].progress) || (code === ERROR && message[1] === INVOCATION);
    if (isAnswer) this.#invocations.delete(code === YIELD ? request : message[2]);
    return message;
  }

  // Whether a message is for us only.
  #takes(message) {
    const [code, request] = message;
    if (code === RESULT && message[2].progress && this.#progress.has(request)) {
      this.#progress.get(request)(message[3] ?? [], message[4] ?? {});
      return true;
    }
    if (code === ERROR && message[1] === UNSUBSCRIBE && message[2] === this.#probe) return true;
    if (code === INTERRUPT) {
      this.#invocations.get(request)?.abort();
      return true;
    }
    if (code === INVOCATION) {
      this.#invocation = new AbortController();
      this.#invocations.set(request, this.#invocation);
    }
    return false;
  }
}

// The roles of HELLO with our features; autobahn.js has one object for all sessions, which is left as it is.
function extended(roles) {
  const told = { ...roles };
  for (const [role, features] of Object.entries(FEATURES)) {
    told[role] = { ...roles[role], features: { ...roles[role]?.features, ...features } };
  }
  return told;
}
