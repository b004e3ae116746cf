// The way to the dashboard, if this router serves it, here and at its usual path.

import { byId } from "../page/dom.js";

export async function linkDashboard() {
  try {
    const { ok } = await fetch("dashboard/settings.json", { method: "HEAD" });
    byId("dashboard").hidden = !ok;
  } catch {
    // The router has gone since it served this page.
  }
}
