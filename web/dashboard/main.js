// The operator's dashboard. Each view is a file of its own, views/<name>.js, which is loaded when it is first looked at.
// Here is which there are, in the order of the navigation.
//
//   export const sessions = {
//     ofRealm: false,                 // where it shows all realms at once: there is no realm to choose then
//     stays: true,                    // where it keeps what was typed when the connection was lost and is back
//     start(connection) { ... },      // once, when it was loaded, to collect something all the time
//     open(root, app) { ...; return () => { /* close */ }; },
//   };
//
// Its address is #sessions; what follows, #sessions/123, is in app.path. What a view gets as `app`, see app.js. What it
// shows things with, see parts/.

import { Shell } from "./shell.js";

const view = (name, title) => ({ name, title, load: async () => (await import(`./views/${name}.js`))[name] });

const groups = [
  { views: [view("overview", "Overview")] }, // is loaded at once: it collects
  {
    title: "Realm", // these show one realm, which the reader chooses
    views: [
      view("sessions", "Sessions"),
      view("subscriptions", "Subscriptions"),
      view("registrations", "Registrations"),
      view("procedures", "Procedures"),
      view("topics", "Topics"),
      view("decisions", "Decisions"),
    ],
  },
  {
    title: "Router",
    views: [
      view("configuration", "Configuration"),
      view("listeners", "Listeners"),
      view("log", "Log"),
    ],
  },
];

new Shell(groups).start();
