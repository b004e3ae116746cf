// Where the router is: on the host that served this page, at /ws, unless the address line says otherwise. Where that lets
// no WebSocket through there is long-poll, at /lp; on the same host only, as the page may fetch from nowhere else.

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

// `?url=` serves development: a page from one port, a router on another. A link must not be able to send what is typed
// here to a stranger's router, so other hosts are refused. Returns {url, fallback, realm, refused}.
export function routerAddress(location) {
  const asked = new URLSearchParams(location.search);
  const own = new URL("/ws", location.href);
  own.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const realm = asked.get("realm") || "realm1";
  const wanted = asked.get("url");
  const isTaken = wanted === null || isAllowed(wanted, own);
  const url = isTaken ? (wanted ?? own.href) : own.href;
  const fallback = new URL(url).host === own.host ? new URL("/lp", location.href).href : null;
  return { url, fallback, realm, refused: isTaken ? null : wanted };
}

function isAllowed(wanted, own) {
  if (!URL.canParse(wanted)) return false;
  const url = new URL(wanted);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return false;
  return url.host === own.host || LOOPBACK.test(url.hostname);
}
