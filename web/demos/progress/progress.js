// A long job as one call: progressive results move a bar, and Cancel stops the worker, not just the page.

import { byId, prependBounded } from "../../page/dom.js";
import { Job } from "../../page/job.js";
import { showFailure } from "../../page/payload.js";
import { openPage } from "../../page/shell.js";

const PROCEDURE = "com.example.primes.count";
const MOST_JOBS = 8; // at a time
const MOST_LINES = 20;

const connection = openPage();
const form = byId("job");
const grouped = new Intl.NumberFormat("en");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const limit = Number(form.elements.limit.value.replace(/[\s_,]/g, ""));
  const problem = problemWith(limit);
  byId("note").textContent = problem;
  if (!problem) start(limit);
});

function problemWith(limit) {
  if (connection.state.name !== "joined") return "The router cannot be reached just now.";
  if (!Number.isInteger(limit)) return "A whole number is needed here.";
  if (byId("jobs").querySelectorAll("[data-state=running]").length >= MOST_JOBS) return "That is enough for one page.";
  return "";
}

async function start(limit) {
  const started = performance.now();
  const job = new Job(`Primes up to ${grouped.format(limit)}`, "Waiting for the worker …");
  byId("empty").hidden = true;
  prependBounded(byId("jobs"), job.item, MOST_LINES);
  const onprogress = ([{ done, primes }]) => {
    const share = done / limit;
    const left = Math.ceil(((performance.now() - started) / 1000) * (1 / share - 1));
    job.advance(share, `${grouped.format(primes)} so far, about ${left} s to go`);
  };
  try {
    const answer = await connection.call(PROCEDURE, [limit], {}, { onprogress, signal: job.signal });
    const { primes, largest, seconds } = answer;
    job.finish(`${grouped.format(primes)} primes in ${seconds} s; the largest is ${grouped.format(largest)}`);
  } catch (error) {
    job.fail(showFailure(error, "primes"));
  }
}
