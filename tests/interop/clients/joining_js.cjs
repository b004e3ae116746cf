// autobahn.js joins by every method that it has: `node joining_js.cjs CONFIG`, see ../joining.py.
//
// CONFIG has `package` and `attempts`. autobahn.js has tickets, WAMP-CRA and cryptosign; SCRAM and TOTP are written here
// as its users have to.
'use strict';

const { createHash, createHmac, pbkdf2Sync, randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');

const config = JSON.parse(process.argv[2]);
// With the WebSocket that Node.js 22 brought, it cannot send certificates and headers; before, it took package `ws`.
if (config.package === 'autobahn22') delete globalThis.WebSocket;
globalThis.XMLHttpRequest ??= require('./xml_http_request.cjs'); // Node.js has none; long-poll needs it
console.warn = console.log = console.error; // it tells about every connection on the standard output otherwise

const autobahn = require(config.package);
const nacl = require('tweetnacl');

const hmac = (key, message, hash = 'sha256') => createHmac(hash, key).update(message).digest();

function totp(key) {
  const bits = [...key.replace(/=+$/, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter));
  const octets = bits.map((five) => five.toString(2).padStart(5, '0')).join('').match(/.{8}/g);
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const digest = hmac(Buffer.from(octets.map((octet) => parseInt(octet, 2))), step, 'sha1');
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
}

class Scram {
  constructor(authid, password) {
    Object.assign(this, { authid, password, nonce: randomBytes(16).toString('base64') });
  }

  answer({ nonce, salt, iterations, kdf }) {
    if (kdf !== 'pbkdf2' || !nonce.startsWith(this.nonce)) throw new Error('the router is none of ours');
    const salted = pbkdf2Sync(this.password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const message = `n=${this.authid},r=${this.nonce},r=${nonce},s=${salt},i=${iterations},c=biws,r=${nonce}`;
    this.verifier = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ signature[at]));
    return [proof.toString('base64'), { nonce, channel_binding: null, cbind_data: null }];
  }
}

function transportOf({ url, transport, tls, certificate, cookie }) {
  if (transport === 'rawsocket') {
    const { hostname, port } = new URL(url);
    return { type: 'rawsocket', host: hostname, port: Number(port) };
  }
  const options = { type: transport, url };
  if (cookie) options.headers = { Cookie: cookie };
  if (certificate) {
    const pem = readFileSync(certificate);
    options.tlsConfiguration = { ca: readFileSync(tls.authority), cert: pem, key: pem };
  }
  return options;
}

function attempt(told) {
  const { realm, authid, authmethod, ticket, secret, password, key } = told;
  const scram = new Scram(authid, password);
  const pair = key && nacl.sign.keyPair.fromSeed(Uint8Array.from(Buffer.from(key, 'hex')));
  const answers = {
    ticket: () => ticket,
    wampcra: ({ salt, iterations, keylen, challenge }) =>
      autobahn.auth_cra.sign(salt ? autobahn.auth_cra.derive_key(secret, salt, iterations, keylen) : secret, challenge),
    'wamp-scram': (extra) => scram.answer(extra),
    cryptosign: (extra) => autobahn.auth_cryptosign.sign_challenge(pair, extra),
    totp: () => totp(told.totp),
  };
  const extras = {
    'wamp-scram': () => ({ nonce: scram.nonce }),
    cryptosign: () => ({ pubkey: autobahn.auth_cryptosign.public_key(pair), channel_binding: null }),
  };
  return new Promise((resolve) => {
    const connection = new autobahn.Connection({
      transports: [transportOf(told)],
      realm,
      authid,
      authmethods: [authmethod],
      authextra: extras[authmethod]?.(),
      max_retries: 0,
      onchallenge: (session, method, extra) => answers[method](extra),
    });
    connection.onopen = (session, { authid, authrole, authmethod, authextra }) => {
      connection.close();
      const proven = authmethod !== 'wamp-scram' || authextra.verifier === scram.verifier;
      const shown = authmethod === 'anonymous' ? '' : authid;
      resolve(proven ? [shown, authrole, authmethod] : ['the router did not prove that it knows the password']);
    };
    connection.onclose = (reason, details) => {
      resolve(details.reason ? [details.reason, details.message] : ['failed', reason]);
      return true;
    };
    connection.open();
  });
}

(async () => {
  for (const told of config.attempts) {
    process.stdout.write(JSON.stringify({ saw: told.name, value: await attempt(told) }) + '\n');
  }
  process.exit(0);
})();
