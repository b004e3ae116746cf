// The call form: any procedure, its arguments as JSON, and what came of it.

import { byId, element, prependBounded, timeOfDay } from "../page/dom.js";
import { parsePayload, show, showError, showPayload, showResult } from "../page/payload.js";

const MOST_LINES = 100;

export function startCall(connection) {
  const form = byId("call");
  const fields = form.elements;
  const outcome = byId("call-outcome");
  const cancel = byId("call-cancel");
  const pending = new Set();

  function tell(kind, text) {
    const mark = element("span", { class: "kind" }, kind);
    const item = element("li", { "data-kind": kind }, element("time", {}, timeOfDay()), mark, element("code", {}, text));
    prependBounded(outcome, item, MOST_LINES);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const procedure = fields.procedure.value.trim();
    const started = performance.now();
    let call = null;
    try {
      const args = parsePayload(fields.args, "args");
      const kwargs = parsePayload(fields.kwargs, "kwargs");
      tell("call", `${procedure} ${showPayload(args, kwargs)}`);
      call = connection.call(procedure, args, kwargs, options());
      pending.add(call);
      cancel.disabled = false;
      const result = await call;
      tell("result", `${showResult(result)}  (${Math.round(performance.now() - started)} ms)`);
    } catch (error) {
      tell("error", showError(error));
    }
    pending.delete(call);
    cancel.disabled = pending.size === 0;
  });

  function options() {
    const chosen = {};
    if (fields.progress.checked) chosen.onprogress = (...part) => tell("progress", showPart(...part));
    if (fields.timeout.value) chosen.timeout = Number(fields.timeout.value);
    return chosen;
  }

  cancel.addEventListener("click", () => pending.forEach((call) => call.cancel()));

  byId("call-examples").addEventListener("click", ({ target }) => {
    const { procedure, args, progress } = target.closest("button")?.dataset ?? {};
    if (!procedure) return;
    fields.procedure.value = procedure;
    fields.args.value = args;
    fields.kwargs.value = "";
    fields.progress.checked = progress === "true";
    form.requestSubmit();
  });
}

// Like a result that autobahn.js gives: a single value stands for itself.
function showPart(args, kwargs) {
  return args.length === 1 && !Object.keys(kwargs).length ? show(args[0]) : showPayload(args, kwargs);
}
