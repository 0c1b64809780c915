// Payloads of a named encryption key with WebCrypto. The first line says "ready"; then,
// for each line of stdin, fields in base64 with "-" for none:
//
//	seal KEY NONCE PLAIN   the payload; without a nonce, under a random one
//	open KEY PAYLOAD       the plaintext, or "refused"
import { webcrypto } from 'node:crypto';
import { createInterface } from 'node:readline';

const bytes = (field) => Buffer.from(field === '-' ? '' : field, 'base64');
const text = (data) => Buffer.from(data).toString('base64') || '-';

async function answer([op, key, ...fields]) {
  const aes = await webcrypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
  if (op === 'seal') {
    const [nonce, plain] = fields;
    const iv = nonce === '-' ? webcrypto.getRandomValues(new Uint8Array(12)) : bytes(nonce);
    return text(Buffer.concat([iv, Buffer.from(await webcrypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, bytes(plain)))]));
  }
  const payload = bytes(fields[0]);
  const iv = payload.subarray(0, 12);
  return webcrypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, payload.subarray(12)).then(text, () => 'refused');
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await answer(line.split(' ')));
}
