// The page: one connection, and the parts that use it. Each part owns one section of index.html.

import { routerAddress } from "./address.js";
import { startCall } from "./call.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { startLog } from "./log.js";
import { startPubSub } from "./pubsub.js";
import { startStatus } from "./status.js";
import { startTicker } from "./ticker.js";

const { url, fallback, realm, refused } = routerAddress(location);
byId("router-url").textContent = url;
if (refused !== null) {
  byId("notice").textContent = `The router ${refused} is on another host and was not used.`;
  byId("notice").hidden = false;
}

const connection = new Connection(url, realm, fallback);
startStatus(connection);
startTicker(connection);
startCall(connection);
startLog(connection);
startPubSub(connection);
connection.open();
