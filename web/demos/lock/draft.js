// What was typed and could not be saved: kept in view, to be copied, until its writer says that it is not needed.

import { byId } from "../../page/dom.js";

// What is kept already stays before it.
export function keep(text, why) {
  const draft = byId("draft");
  if (!text.trim() || draft.value.endsWith(text)) return;
  draft.value = byId("kept").hidden ? text : `${draft.value}\n\n${text}`;
  byId("why").textContent = why;
  byId("kept").hidden = false;
}

byId("copy").addEventListener("click", async () => {
  byId("draft").select();
  try {
    await navigator.clipboard.writeText(byId("draft").value);
  } catch {
    document.execCommand("copy"); // where there is no clipboard for pages that are neither https nor local
  }
  byId("copied").textContent = "Copied";
});

byId("drop").addEventListener("click", () => {
  byId("draft").value = byId("copied").textContent = "";
  byId("kept").hidden = true;
});
