// The subscriptions of a realm: a tree of topics and patterns, who listens, and how to stop somebody from it.

import { openUris } from "../parts/uris.js";
import { count } from "../parts/units.js";

export const subscriptions = {
  stays: true,
  open: (root, app) => openUris(root, app, {
    noun: "subscription",
    of: "topics",
    figure: "sessions",
    figureTitle: "Subscribers",
    figureText: ({ sessions }) => (sessions === 1 ? "1 subscriber" : `${count(sessions)} subscribers`),
    columns: [{ name: "recorded", title: "History", text: (row) => (row.recorded ? "recorded" : null) }],
    marks: ({ recorded }) => (recorded ? ["recorded"] : []),
    facts: ({ recorded }) => (recorded ? { Recorded: "The router keeps it for its event history, whoever listens." } : {}),
    members: "subscribers",
    memberTitle: "Subscribers",
    memberColumns: [],
    remove: "remove_subscriber",
  }),
};
