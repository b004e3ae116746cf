// Calls: one CALL, or several pieces of one (progressive call invocations), and what comes back.

import { NotConnected, tell } from "./link.js";

// Resolves to what autobahn.js gives. The promise has `cancel(mode)`. `link` is null while there is no session.
export function call(link, procedure, args, kwargs, { onprogress, signal, ...options } = {}) {
  if (!link) return failed(new NotConnected());
  if (signal?.aborted) return failed(signal.reason);
  if (onprogress) options.receive_progress = true;
  try {
    return begun(link, () => link.session.call(procedure, args, kwargs, options), onprogress, signal).result;
  } catch (error) {
    return failed(error);
  }
}

// A call whose arguments come in pieces under one request id; to its callee it is one invocation.
export class Stream {
  #link;
  #procedure;
  #options;
  #begun = null; // {result, request} once the first piece is sent
  #isOver = false;
  #settle = {};

  constructor(link, procedure, options = {}) {
    this.#link = link;
    this.#procedure = procedure;
    this.#options = options;
    this.result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    const over = () => (this.#isOver = true);
    this.result.then(over, over);
    if (!link) this.#settle.reject(new NotConnected());
  }

  // Sends a piece. Throws when the call is over.
  send(args, kwargs) {
    this.#say(args, kwargs, true);
  }

  // Sends the last piece; gives the result.
  finish(args, kwargs) {
    try {
      this.#say(args, kwargs, false);
    } catch (error) {
      this.#settle.reject(error);
    }
    this.#isOver = true;
    return this.result;
  }

  cancel(mode) {
    this.#isOver = true;
    if (this.#begun) this.#begun.result.cancel(mode);
    else this.#settle.reject(new Error("cancelled before the first piece"));
  }

  #say(args, kwargs, more) {
    if (!this.#link?.isOpen) throw new NotConnected();
    if (this.#isOver) throw new Error("the call is over");
    if (this.#begun) this.#link.wire.piece(this.#begun.request, this.#procedure, args, kwargs, more);
    else this.#begin(args, kwargs, more);
  }

  #begin(args, kwargs, more) {
    const { onprogress, signal, ...options } = this.#options;
    signal?.throwIfAborted();
    if (more) options.progress = true;
    if (onprogress) options.receive_progress = true;
    const act = () => this.#link.session.call(this.#procedure, args, kwargs, options);
    this.#begun = begun(this.#link, act, onprogress, signal);
    this.#begun.result.then(this.#settle.resolve, this.#settle.reject);
  }
}

// {result, request} of the call that `act` makes autobahn.js send.
function begun(link, act, onprogress, signal) {
  const progress = onprogress && ((args, kwargs) => tell(onprogress, args, kwargs));
  const { pending, request } = link.begin(() => link.wire.call(act, progress));
  let isOver = false;
  const over = () => {
    isOver = true;
    link.wire.callIsOver(request);
    signal?.removeEventListener("abort", abort);
  };
  const cancel = (mode = "kill") => {
    if (!isOver && link.isOpen) link.wire.cancel(request, mode);
  };
  let abort = null;
  const result = new Promise((resolve, reject) => {
    const end = (settle) => (value) => {
      over();
      settle(value);
    };
    abort = () => {
      cancel("killnowait");
      end(reject)(signal.reason);
    };
    signal?.addEventListener("abort", abort);
    link.ask(() => pending).then(end(resolve), end(reject));
  });
  return { result: Object.assign(result, { cancel }), request };
}

function failed(error) {
  return Object.assign(Promise.reject(error), { cancel() {} });
}
