// What takes too long, or does not happen on demand, with a real router: parts of the client by themselves.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PAGE } from "../../../web/js/history.js";
import { Pulse } from "../../../web/js/pulse.js";
import { Recovery } from "../../../web/js/recovery.js";

const eventOf = (publication, recovered) => [[publication], {}, { publication, recovered }];

// The history of a router, which may forget, and tell or do something at each question.
class Book {
  isOpen = true;
  epoch = "first";
  recorded = true;
  forgotten = false;
  onask = () => {};

  constructor(...publications) {
    this.events = publications;
  }

  async state() {
    return { recorded: this.recorded, epoch: this.epoch, last: this.events.at(-1) ?? null, forgotten: this.forgotten };
  }

  async after(publication) {
    await this.onask(publication);
    if (publication !== null && !this.events.includes(publication)) return { events: [], found: false };
    const page = this.events.slice(this.events.indexOf(publication) + 1, this.events.indexOf(publication) + 1 + PAGE);
    return { events: page.map((one) => this.#told(one)), found: true };
  }

  async has(publication) {
    return this.events.includes(publication);
  }

  async newest(count) {
    return this.events.slice(-count).map((one) => this.#told(one));
  }

  #told(publication) {
    const [args, kwargs, event] = eventOf(publication, true);
    return { args, kwargs, event };
  }
}

function listening(options = {}) {
  const heard = [];
  const told = [];
  const recovery = new Recovery({
    recover: true,
    history: 0,
    deliver: ([publication]) => heard.push(publication),
    isOwn: () => false,
    onrecovery: (outcome) => told.push(outcome),
    ...options,
  });
  return { recovery, heard, told };
}

const range = (from, to) => Array.from({ length: to - from }, (_, index) => from + index);

async function join(recovery, book, ...live) {
  recovery.hold();
  for (const publication of live) recovery.receive(...eventOf(publication));
  await recovery.catchUp(book);
}

test("an event that came live before the history was asked is delivered, although it is the last one there", async () => {
  const { recovery, heard } = listening();
  await join(recovery, new Book(1, 2, 3), 2, 3);
  assert.deepEqual(heard, [2, 3]);
});

test("events that a killed router did not save are no gap", async () => {
  const { recovery, heard, told } = listening();
  const book = new Book();
  await join(recovery, book);
  for (const publication of range(1, 700)) recovery.receive(...eventOf(publication));
  recovery.lost();
  book.events = [...range(1, 100), ...range(1000, 1010)]; // 600 were not saved
  await join(recovery, book);
  assert.deepEqual(heard, [...range(1, 700), ...range(1000, 1010)]);
  assert.deepEqual(told[1], { recovered: true, events: 10, reason: null });
});

test("a session that is lost while catching up is gone on with, not begun again", async () => {
  const { recovery, heard, told } = listening();
  const book = new Book(1);
  await join(recovery, book, 1);
  recovery.lost();
  book.events.push(...range(2, 2000));
  let pages = 0;
  book.onask = () => {
    pages += 1;
    if (pages === 3) recovery.lost();
  };
  await join(recovery, book, 1999);
  assert.equal(heard.length, 1 + 2 * PAGE);
  await join(recovery, book, 2000);
  assert.deepEqual(heard, range(1, 2001));
  assert.equal(told.length, 2);
});

test("what comes before the first answer, and then the session is lost, is delivered and counts", async () => {
  const { recovery, heard } = listening();
  const book = new Book(1);
  recovery.hold();
  recovery.receive(...eventOf(1));
  recovery.lost();
  book.events.push(2);
  await join(recovery, book);
  assert.deepEqual(heard, [1, 2]);
});

test("a history that forgets faster than it is read is a gap, and what is left comes once", async () => {
  const { recovery, heard, told } = listening();
  const book = new Book(1);
  await join(recovery, book, 1);
  recovery.lost();
  book.events.push(...range(2, 1500));
  book.onask = (publication) => {
    if (publication !== 1 + PAGE) return;
    book.events = range(1200, 1500);
    book.forgotten = true;
  };
  await join(recovery, book);
  assert.deepEqual(heard, [...range(1, 2 + PAGE), ...range(1200, 1500)]);
  assert.deepEqual(told[1], { recovered: false, events: PAGE + 300, reason: "evicted" });
});

test("a flood while catching up takes bounded memory, and what is stored comes in order", async () => {
  const { recovery, heard, told } = listening();
  const book = new Book(1);
  await join(recovery, book, 1);
  recovery.lost();
  let next = 2;
  book.onask = () => {
    for (const _ of next < 30_000 ? range(0, 12_000) : []) {
      book.events.push(next);
      recovery.receive(...eventOf(next));
      next += 1;
    }
  };
  await join(recovery, book);
  assert.deepEqual(heard, range(1, next));
  assert.equal(told[1].reason, "spilled");
});

test("without recovery only what did not come before is taken of the history", async () => {
  const { recovery, heard, told } = listening({ recover: false, history: 3 });
  const book = new Book(1, 2, 3, 4);
  await join(recovery, book, 5);
  recovery.lost();
  book.events.push(5, 6);
  await join(recovery, book);
  recovery.lost();
  book.events.push(7, 8, 9, 10);
  await join(recovery, book);
  assert.deepEqual(heard, [2, 3, 4, 5, 6, 8, 9, 10]);
  assert.deepEqual(told.map(({ recovered }) => recovered), [true, true, false]);
});

test("silence is asked about, an answer is enough, and no answer ends it", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const wire = { asked: 0, onheard: null, probe: () => (wire.asked += 1) };
  let silences = 0;
  const pulse = new Pulse({ wire, session: {} }, 20_000, () => (silences += 1));
  for (const _ of range(0, 10)) {
    mock.timers.tick(15_000);
    wire.onheard();
  }
  assert.equal(wire.asked, 0);
  mock.timers.tick(20_000);
  assert.equal(wire.asked, 1);
  wire.onheard();
  mock.timers.tick(19_000);
  assert.equal(wire.asked, 1);
  pulse.check();
  pulse.check();
  assert.equal(wire.asked, 2);
  mock.timers.tick(4000);
  assert.equal(silences, 1);
  mock.timers.tick(60_000);
  assert.equal(silences, 1);
  mock.timers.reset();
});
