// What the browser tells of the network and of its user. Without a browser there is nothing of it.

// Calls `look()` when the network is there again, or the page is looked at again, and `leave()` when the page is left and
// kept for the way back: browsers keep its WebSocket open for minutes then, and answer pings. Returns what stops it.
export function onAttention(look, leave) {
  const { document, addEventListener } = globalThis;
  if (typeof addEventListener !== "function") return () => {};
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("online", () => look(), { signal });
  addEventListener("pagehide", (event) => event.persisted && leave(), { signal });
  addEventListener("pageshow", (event) => event.persisted && look(), { signal });
  document?.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look(), { signal });
  return () => listening.abort();
}
