// As much of XMLHttpRequest as autobahn.js needs for long-poll, by the `fetch` of Node.js. Requests race as in a browser.
'use strict';

module.exports = class XMLHttpRequest {
  readyState = 0;
  status = 0;
  timeout = 0;
  #headers = {};

  open(method, url) {
    Object.assign(this, { method, url });
  }

  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }

  async send(body) {
    try {
      const signal = this.timeout ? AbortSignal.timeout(this.timeout) : undefined;
      const response = await fetch(this.url, { method: this.method, headers: this.#headers, body, signal });
      this.status = response.status;
      this.statusText = response.statusText;
      this.responseText = await response.text();
    } catch (error) {
      this.status = 0;
      this.statusText = String(error);
      if (error.name === 'TimeoutError') this.ontimeout?.();
    }
    this.readyState = 4;
    this.onreadystatechange?.();
  }
};
