// The types of wamplex.js. What autobahn.js has is described as far as it is seen here.

export type Args = any[];
export type Kwargs = Record<string, any>;

/** An error of WAMP, as autobahn.js rejects with it and as endpoints throw it: `new autobahn.Error(uri, args, kwargs)`. */
export interface WampError {
  error: string;
  args: Args;
  kwargs: Kwargs;
}

/** What a call resolves to if its result is more than one value; endpoints return it: `new autobahn.Result(args, kwargs)`. */
export interface WampResult {
  args: Args;
  kwargs: Kwargs;
}

/** The autobahn.Session. */
export interface Session {
  readonly id: number;
  [more: string]: any;
}

export type State =
  | { name: "closed" }
  | { name: "connecting" }
  | {
      name: "joined";
      realm: string;
      session: number;
      authid?: string;
      authrole?: string;
      authmethod?: string;
      transport: "websocket" | "longpoll";
    }
  | {
      name: "waiting";
      /** A sentence for people. */
      reason: string;
      /** Whether the credentials were refused: the wait is long then, unless there are others. */
      refused: boolean;
      /** When the next try is due, in ms as `Date.now()` gives them. */
      until: number;
    };

/** A subscription or registration that the router refused or ended. */
export interface Problem {
  what: "subscribe" | "register";
  uri: string;
  error: WampError | Error;
}

export interface ConnectionOptions {
  /** `wss://…/ws` */
  url: string;
  realm: string;
  /** The URL of long-poll, `https://…/lp`, for where no WebSocket comes through. */
  fallback?: string | null;
  login?: Login | null;
  /** For clients without `login`. */
  authid?: string;
  authextra?: Kwargs;
  /** The autobahn.js to use; by default the global one. */
  autobahn?: any;
  /** ms without a message until the router is asked whether it is there, 25,000 by default; 0 never asks. */
  heartbeat?: number;
  /** ms to wait before the first try to come back, 1,000 by default, and at most, 30,000; each half as much more or less. */
  retry?: { first?: number; longest?: number };
  /** One of `autobahn.serializer`, such as `new autobahn.serializer.CBORSerializer()`; by default JSON. */
  serializer?: any;
}

export type CancelMode = "kill" | "killnowait" | "skip";

export interface CallOptions {
  onprogress?: (args: Args, kwargs: Kwargs) => void;
  signal?: AbortSignal;
  /** ms until the router cancels the call. */
  timeout?: number;
  disclose_me?: boolean;
  /** What else CALL takes. */
  [option: string]: any;
}

export interface Call<T> extends Promise<T> {
  /** The promise is rejected with `wamp.error.canceled` unless the result comes first. */
  cancel(mode?: CancelMode): void;
}

/** A call whose arguments come in pieces. */
export interface Stream<T = any> {
  readonly result: Promise<T>;
  /** Sends a piece, the first of which begins the call. Throws when the call is over. */
  send(args?: Args, kwargs?: Kwargs): void;
  /** Sends the last piece. */
  finish(args?: Args, kwargs?: Kwargs): Promise<T>;
  cancel(mode?: CancelMode): void;
}

export interface PublishOptions {
  /** Whether oneself is not told, which is so by default. */
  exclude_me?: boolean;
  retain?: boolean;
  exclude?: number[];
  eligible?: number[];
  disclose_me?: boolean;
  [option: string]: any;
}

export interface EventDetails {
  topic: string;
  publication: number;
  publisher?: number;
  publisher_authid?: string;
  publisher_authrole?: string;
  retained: boolean;
  /** Whether it was missed, or comes from the history. */
  recovered?: boolean;
  /** When the router received it, as ISO 8601, if it was recovered. */
  timestamp?: string;
}

export type EventHandler = (args: Args, kwargs: Kwargs, event: EventDetails) => unknown;

export interface RecoveryTold {
  /** Whether nothing is missing. */
  recovered: boolean;
  /** How many events came from the history. */
  events: number;
  /**
   * Why something may be missing, null if nothing is: the topic is not in the router's history; the history was lost and
   * began anew; it forgot what came next; the role may not ask; the router is no Wamplex; it failed to answer; too much came.
   */
  reason: "unrecorded" | "lost" | "evicted" | "denied" | "unsupported" | "failed" | "spilled" | null;
}

export interface SubscribeOptions {
  match?: "exact" | "prefix" | "wildcard";
  get_retained?: boolean;
  /** Deliver what was missed while there was no connection. */
  recover?: boolean;
  /** Deliver the last so many stored events first. */
  history?: number;
  onrecovery?: (told: RecoveryTold) => void;
  [option: string]: any;
}

export interface Subscription {
  readonly topic: string;
  readonly match: string;
  /** Settles with the router's first answer. */
  readonly ready: Promise<Subscription>;
  cancel(): void;
}

export interface InvocationDetails {
  procedure: string;
  /** Sends a progressive result; null if the caller wants none. */
  progress: ((args?: Args, kwargs?: Kwargs) => void) | null;
  /** Aborted when the caller cancelled or has gone. */
  signal: AbortSignal;
  caller?: number;
  caller_authid?: string;
  caller_authrole?: string;
}

export type Endpoint = (args: Args, kwargs: Kwargs, details: InvocationDetails) => unknown;

export interface RegisterOptions {
  match?: "exact" | "prefix" | "wildcard";
  invoke?: "single" | "roundrobin" | "random" | "first" | "last" | (string & {});
  concurrency?: number;
  disclose_caller?: boolean;
  [option: string]: any;
}

export interface Registration {
  readonly procedure: string;
  /** Settles with the router's first answer. */
  readonly ready: Promise<Registration>;
  cancel(): void;
}

export interface Member<S = any> {
  /** A session id. */
  member: number;
  state: S;
  since: string;
}

export interface Presence<S = any> {
  readonly members: Member<S>[];
  /** The id of the member that is this connection. */
  readonly me: number | null;
  readonly ready: Promise<Presence<S>>;
  update(state: S): Promise<void>;
  leave(): Promise<void>;
}

export interface ConnectionEvents {
  state: Event;
  problem: CustomEvent<Problem>;
}

export class Connection extends EventTarget {
  constructor(options: ConnectionOptions);
  readonly realm: string;
  readonly state: State;
  /** null while there is none. */
  readonly session: Session | null;
  /** Another one counts from the next try on. */
  login: Login | null;
  open(): void;
  close(): void;
  /** Tries at once if it is waiting. */
  retryNow(): void;
  call<T = any>(procedure: string, args?: Args, kwargs?: Kwargs, options?: CallOptions): Call<T>;
  stream<T = any>(procedure: string, options?: CallOptions): Stream<T>;
  publish(topic: string, args?: Args, kwargs?: Kwargs, options?: PublishOptions): Promise<{ readonly id: number }>;
  subscribe(topic: string, handler: EventHandler, options?: SubscribeOptions): Subscription;
  register(procedure: string, endpoint: Endpoint, options?: RegisterOptions): Registration;
  presence<S = any>(uri: string, room: string, state: S, onchange?: (members: Member<S>[]) => void): Presence<S>;
  addEventListener<K extends keyof ConnectionEvents>(
    type: K,
    listener: (event: ConnectionEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** What one try to join shows. */
export interface Credentials {
  authmethods: string[];
  authid?: string;
  /** Answers a CHALLENGE: the signature, or it and the `extra` of AUTHENTICATE. */
  onchallenge?: (method: string, extra: Kwargs) => string | [string, Kwargs] | Promise<string | [string, Kwargs]>;
}

export interface Login {
  /** Whether the next credentials may be better than those that were refused. */
  readonly renews: boolean;
  /** Asked for each try; throws Refused where it is no use to try again soon. */
  credentials(autobahn: any): Promise<Credentials>;
}

/** A text, or what gives one when it is needed. */
export type Secret = string | (() => string | Promise<string>);

export interface SecretOptions {
  authid: string;
  secret: Secret;
  /** The code of a second factor. */
  totp?: Secret;
}

export function ticket(options: SecretOptions): Login;
export function wampcra(options: SecretOptions): Login;

export interface TokenOptions {
  /** Gives a fresh token; or a URL to POST to with the browser's cookies, `/auth/token` by default. */
  fetch?: string | (() => TokenFetched | Promise<TokenFetched>);
  /** Who the token is for, unless it is told with the token. */
  authid?: string;
}

export type TokenFetched = string | { token: string; authid?: string };

export function token(options?: TokenOptions): Login;

export interface LoginAnswer {
  authid: string;
  role: string;
  /** Seconds. */
  expires_in: number;
}

export interface CookieLogin extends Login {
  /** Rejects with Refused, which has a sentence for people. */
  login(credentials: { authid: string; password: string; totp?: string }): Promise<LoginAnswer>;
  /** Ends all sessions of this login. */
  logout(): Promise<{}>;
  whoami(): Promise<LoginAnswer & { realm: string }>;
}

export function cookie(options?: { url?: string }): CookieLogin;

/** There is no session, or there is none any more. */
export class NotConnected extends Error {
  constructor(message?: string);
}

/** The credentials were refused: it is no use to try again with the same ones. */
export class Refused extends Error {
  constructor(message: string);
}
