// autobahn.js, joining with its own cryptosign: `keys_node.cjs ATTEMPTS`, the JSON list of what it is to try.
//
// An attempt is {"url", "key", "authid"}. It prints what became of each, one JSON object a line, as keys_python.py does.

'use strict';

const autobahn = require('autobahn');
const nacl = require('tweetnacl');

function attempt({ url, key, authid }) {
  return new Promise((resolve) => {
    const pkey = nacl.sign.keyPair.fromSeed(Uint8Array.from(Buffer.from(key, 'hex')));
    const connection = autobahn.auth_cryptosign.create_connection({ url, realm: 'realm1', authid, pkey });
    connection.onopen = (session, details) => {
      resolve({ authid: details.authid, authmethod: details.authmethod, authrole: details.authrole });
      connection.close();
    };
    connection.onclose = (reason, details) => {
      resolve({ refused: details.reason });
      return true;
    };
    connection.open();
  });
}

(async () => {
  for (const one of JSON.parse(process.argv[2])) {
    process.stdout.write(JSON.stringify(await attempt(one)) + '\n');
  }
})();
