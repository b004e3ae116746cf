// The first page: what there is to see, and a console for calls and events.

import { openPage } from "../page/shell.js";
import { startCall } from "./call.js";
import { linkDashboard } from "./dashboard.js";
import { startPubSub } from "./pubsub.js";

const connection = openPage();
startCall(connection);
startPubSub(connection);
linkDashboard();
