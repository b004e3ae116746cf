// autobahn.js joins with passwords: `node passwords_js.cjs CONFIG`, see test_passwords.py.
//
// CONFIG has `url`, and `attempts`: a list of `[name, authid, methods, password, totp]`. It prints what became of each,
// as one JSON object a line. autobahn.js has WAMP-CRA; SCRAM and TOTP are written here as its users have to.
'use strict';

const { createHash, createHmac, pbkdf2Sync, randomBytes } = require('node:crypto');
const autobahn = require('autobahn');

console.warn = console.error; // it tells about every connection on the standard output otherwise

const hmac = (key, message, hash = 'sha256') => createHmac(hash, key).update(message).digest();

function totp(key) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const digest = hmac(Buffer.from(key, 'latin1'), step, 'sha1');
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

function attempt(url, authid, authmethods, password, key) {
  const scram = new Scram(authid, password);
  const answers = {
    wampcra: ({ salt, iterations, keylen, challenge }) =>
      autobahn.auth_cra.sign(salt ? autobahn.auth_cra.derive_key(password, salt, iterations, keylen) : password, challenge),
    'wamp-scram': (extra) => scram.answer(extra),
    totp: () => totp(key),
  };
  return new Promise((resolve) => {
    const connection = new autobahn.Connection({
      transports: [{ type: 'websocket', url }],
      realm: 'passwords',
      authid,
      authmethods,
      authextra: { nonce: scram.nonce },
      max_retries: 0,
      onchallenge: (session, method, extra) => answers[method](extra),
    });
    connection.onopen = (session, { authid, authrole, authmethod, authextra }) => {
      connection.close();
      const proven = authmethod !== 'wamp-scram' || authextra.verifier === scram.verifier;
      resolve(proven ? [authid, authrole, authmethod] : ['the router did not prove that it knows the password']);
    };
    connection.onclose = (reason, details) => {
      resolve([details.reason ?? reason, details.message]);
      return true;
    };
    connection.open();
  });
}

async function run({ url, attempts }) {
  for (const [name, ...details] of attempts) {
    const begin = performance.now();
    const told = await attempt(url, ...details);
    const value = { told, seconds: (performance.now() - begin) / 1000 };
    process.stdout.write(JSON.stringify({ saw: name, value }) + '\n');
  }
  process.exit(0);
}

run(JSON.parse(process.argv[2]));
