// Publishes an event: its topic, its payload, and the options of PUBLISH.
//
//   const publisher = new Publisher(root, app, schemas);
//   publisher.take(topic);              asks what is known of the topic, and shows fields for it

import { element } from "../page/dom.js";
import { showError } from "../page/payload.js";
import { PayloadForm } from "./payload.js";

const OPTIONS = [
  ["acknowledge", "Acknowledge", "the router says that it has it"],
  ["exclude_me", "Exclude me", "this page does not get it"],
  ["retain", "Retain", "kept for who subscribes later"],
];

export class Publisher {
  #app;
  #schemas;
  #asked = "";

  constructor(root, app, schemas) {
    this.#app = app;
    this.#schemas = schemas;
    const plain = { spellcheck: "false", autocomplete: "off" };
    this.topic = element("input", { name: "topic", required: "", placeholder: "com.example.topic", ...plain });
    this.payload = new PayloadForm(schemas);
    this.about = element("p", { class: "hint", hidden: "" });
    this.options = OPTIONS.map(([name, title, about]) => {
      const box = element("input", { type: "checkbox", name, ...(name === "acknowledge" && { checked: "" }) });
      const text = element("span", {}, title, element("small", {}, about));
      return { name, box, label: element("label", { class: "check" }, box, text) };
    });
    this.note = element("p", { class: "status", role: "status" });
    const actions = element("span", { class: "actions" }, element("button", { type: "submit" }, "Publish"));
    this.form = element(
      "form", { class: "publisher" }, element("label", {}, "Topic", this.topic), this.about, this.payload.element,
      element("div", { class: "options" }, ...this.options.map(({ label }) => label)),
      element("div", { class: "bar" }, this.note, actions),
    );
    this.topic.addEventListener("change", () => this.#describe());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#publish();
    });
    root.append(this.form);
  }

  take(topic) {
    this.topic.value = topic;
    return this.#describe();
  }

  async #describe() {
    const topic = this.topic.value.trim();
    if (topic === this.#asked) return;
    this.#asked = topic;
    let told = null;
    try {
      told = topic ? await this.#app.call("wamp.reflection.topic.describe", [topic]) : null;
      await this.#schemas.prepare(told);
    } catch {
      told = null; // it is published to without fields, then
    }
    if (topic !== this.#asked) return;
    this.about.textContent = told?.description ?? "";
    this.about.hidden = !told?.description;
    this.payload.describe(told);
  }

  async #publish() {
    const options = Object.fromEntries(this.options.map(({ name, box }) => [name, box.checked]));
    try {
      const { args, kwargs } = this.payload.read();
      const topic = this.topic.value.trim();
      if (options.acknowledge) {
        const publication = await this.#app.connection.publish(topic, args, kwargs, options);
        this.#say(`Published as ${publication.id}`, "good");
      } else {
        this.#session().publish(topic, args, kwargs, options);
        this.#say("Sent; nobody says whether the router took it", "wait");
      }
    } catch (error) {
      this.#say(showError(error), "bad");
    }
  }

  // The client asks for an acknowledgement always; without one is how autobahn.js publishes.
  #session() {
    const { session } = this.#app.connection;
    if (!session) throw new Error("not connected");
    return session;
  }

  #say(text, kind) {
    this.note.textContent = text;
    this.note.dataset.kind = kind;
  }
}
