// Files go up in one call each, piece by piece (progressive call invocations). Progressive results say how much has arrived,
// and only so much is sent ahead of that: neither the browser nor the router has to hold a large file.

import { byId, element, prependBounded } from "../../page/dom.js";
import { Job } from "../../page/job.js";
import { showFailure } from "../../page/payload.js";
import { openPage } from "../../page/shell.js";

const PROCEDURE = "com.example.upload";
const PIECE = 64 * 1024; // octets
const AHEAD = 8 * PIECE; // octets that may be under way
const MOST_LINES = 20;
const HASHED_HERE = 64 * 1024 * 1024; // octets; a browser hashes only what it has in memory

const connection = openPage();
const choice = byId("choice");
const drop = byId("drop");

choice.addEventListener("change", () => {
  [...choice.files].forEach(send);
  choice.value = ""; // so that the same file can be chosen again
});
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  [...event.dataTransfer.files].forEach(send);
});

connection.subscribe("com.example.uploaded", (args, { name, size, sha256 }) => {
  byId("empty").hidden = true;
  const item = element("li", {}, `${name} (${octets(size)})`, element("code", {}, sha256));
  prependBounded(byId("arrived"), item, MOST_LINES);
});

async function send(file) {
  const started = performance.now();
  const job = new Job(file.name, octets(file.size));
  prependBounded(byId("files"), job.item, MOST_LINES);
  const advance = (received) => {
    const speed = (received / (performance.now() - started)) * 1000;
    job.advance(received / file.size, `${octets(received)} of ${octets(file.size)}, ${octets(speed)}/s`);
  };
  try {
    const { sha256, seconds } = await upload(file, job.signal, advance);
    const isComparable = file.size <= HASHED_HERE && crypto.subtle;
    if (isComparable && (await digest(file)) !== sha256) job.fail("It arrived, but not as it was sent.");
    else job.finish(`Arrived${isComparable ? " intact" : ""} in ${seconds} s`);
  } catch (error) {
    job.fail(showFailure(error, "upload"));
  }
}

// Resolves to the worker's answer.
async function upload(file, signal, onreceived) {
  let received = 0;
  let wanted = () => {}; // called whenever there is room for more
  const onprogress = (args) => {
    received = args[0].received;
    onreceived(received);
    wanted();
  };
  const stream = connection.stream(PROCEDURE, { onprogress, signal });
  let isOver = false; // it was refused, cancelled, or cut off
  const end = () => (isOver = true);
  const over = stream.result.then(end, end);
  const first = [file.name, file.size];
  if (file.size === 0) return stream.finish(first);
  stream.send(first);
  for (let start = 0; start < file.size; start += PIECE) {
    while (start - received >= AHEAD) {
      const room = new Promise((resolve) => (wanted = resolve));
      if (await Promise.race([room, over])) return stream.result;
    }
    const piece = await binary(file.slice(start, start + PIECE));
    if (isOver || signal.aborted) return stream.result;
    if (start + PIECE >= file.size) return stream.finish([piece]);
    stream.send([piece]);
  }
}

// Binary values in JSON are a NUL and base64: section "Binary support in JSON" of WAMP.
async function binary(blob) {
  const reader = new FileReader();
  const loaded = new Promise((resolve, reject) => {
    reader.onload = resolve;
    reader.onerror = () => reject(reader.error);
  });
  reader.readAsDataURL(blob);
  await loaded;
  return `\0${reader.result.slice(reader.result.indexOf(",") + 1)}`;
}

async function digest(file) {
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(hash)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

function octets(size) {
  const units = ["octets", "KiB", "MiB", "GiB"];
  const step = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), units.length - 1);
  return `${(size / 1024 ** step).toFixed(step ? 1 : 0)} ${units[step]}`;
}
