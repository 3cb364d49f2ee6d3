// What both JavaScript peers share: tagging of values that JSON would blur, and the command loop; see ../peers.py.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const options = JSON.parse(process.argv[2]);

// The WebSocket of Node.js cannot show a certificate; that of the library `ws` can, and is the same to its user.
if (options.certificate) {
  const { default: WS } = await import('ws');
  const [cert, key, ca] = [options.certificate, options.key, options.ca].map((file) => readFileSync(file));
  globalThis.WebSocket = class extends WS {
    constructor(url, protocols) {
      super(url, protocols, { cert, key, ca });
    }
  };
}

export function say(line) {
  process.stdout.write(JSON.stringify(pack(line)) + '\n');
}

export function pack(value) {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : { $int: value.toString() };
  }
  if (value instanceof ArrayBuffer) return { $bytes: Buffer.from(value).toString('hex') };
  if (ArrayBuffer.isView(value)) {
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') };
  }
  if (Array.isArray(value)) return value.map(pack);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]));
  }
  return value === undefined ? null : value;
}

export function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value && typeof value === 'object') {
    if ('$bytes' in value) return Buffer.from(value.$bytes, 'hex');
    if ('$float' in value) return Number(value.$float);
    if ('$int' in value) return BigInt(value.$int);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
  }
  return value;
}

// Runs one command after the other, until standard input ends.
export async function obey(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, do: verb, ...fields } = JSON.parse(line);
    try {
      say({ id, ...((await commands[verb](fields)) ?? {}) });
    } catch (error) {
      say({ id, failed: error?.error ?? error?.message ?? String(error) });
    }
  }
  process.exit(0);
}
