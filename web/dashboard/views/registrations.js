// The registrations of a realm: a tree of procedures and patterns, who takes their calls, and how to stop somebody from it.

import { openUris } from "../parts/uris.js";
import { count } from "../parts/units.js";

export const registrations = {
  stays: true,
  open: (root, app) => openUris(root, app, {
    noun: "registration",
    of: "procedures",
    figure: "callees",
    figureTitle: "Callees",
    figureText: ({ callees }) => (callees === 1 ? "1 callee" : `${count(callees)} callees`),
    columns: [{ name: "invoke", title: "Policy", sort: true, text: (row) => row.invoke }],
    marks: ({ invoke }) => (invoke === "single" ? [] : [invoke]),
    facts: ({ invoke, queued }) => ({ Policy: invoke, "Calls that wait": count(queued) }),
    members: "offers",
    memberTitle: "Callees",
    memberColumns: [{ name: "calls", title: "Works at", number: true, text: worksAt }],
    remove: "remove_callee",
  }),
};

// How many calls a callee works at, under whatever registration, and how many it takes at a time here.
const worksAt = ({ calls, concurrency }) => (concurrency === null ? count(calls) : `${count(calls)} of ${count(concurrency)}`);
