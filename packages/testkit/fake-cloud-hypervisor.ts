import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { type Call, type CloudHypervisorMachine, createCloudHypervisorMachine, type Reply } from './cloud-hypervisor/machine.ts';

/**
 * A program that stands in for cloud-hypervisor v53.0: its options, its HTTP API with the replies of the real one, its events
 * file, and a guest with the bare-metal guest's manners on stdin and stdout. Runs nothing.
 */
const option = (name: string): string | null => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? null : (process.argv[at + 1]?.replace(/^path=/, '') ?? null);
};

if (process.argv.includes('--version')) {
  console.log('cloud-hypervisor v53.0');
  process.exit(0);
}

const startedAt = performance.now();
const eventsPath = option('event-monitor');
if (eventsPath !== null) writeFileSync(eventsPath, '');

const event = (source: string, event: string, properties: Record<string, string> | null = null): void => {
  if (eventsPath === null) return;
  const nanos = Math.round((performance.now() - startedAt) * 1e6);
  const timestamp = { secs: Math.floor(nanos / 1e9), nanos: nanos % 1e9 };
  appendFileSync(eventsPath, `${JSON.stringify({ timestamp, source, event, properties }, null, 2)}\n\n`);
};
const print = (text: string): void => void process.stdout.write(text);

event('vmm', 'starting');
const machine = createCloudHypervisorMachine({ event, print, exit: process.argv.includes('--no-shutdown') ? null : () => process.exit(0) });
const cmdline = option('cmdline');
if (option('api-socket') === null && cmdline !== null) {
  print(`TINY up: ${cmdline}\r\nTINY probe done\r\n`);
  process.exit(0);
}

process.stdin.on('data', (bytes: Buffer) => machine.type(bytes.toString('latin1')));
process.on('SIGTERM', () => leave(machine));

/** As its micro-http: an array of strings, a JSON document, or nothing. */
function answer(response: ServerResponse, { status, body }: Reply): void {
  const text = body === null ? '' : JSON.stringify(body).replaceAll('"u64::MAX"', '18446744073709551615');
  response.statusMessage = '';
  response.writeHead(status, { Server: 'Cloud Hypervisor API', 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function leave(of: CloudHypervisorMachine): void {
  of.shutDown();
  event('vmm', 'shutdown');
  process.exit(0);
}

// One request after another, as the real one's single thread.
let last: Promise<void> = Promise.resolve();
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (chunk: Buffer) => parts.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('utf8');
    const call: Call = { method: request.method ?? '', resource: (request.url ?? '').replace('/api/v1/', ''), text };
    last = last.then(async () => {
      const reply = await machine.answer(call);
      answer(response, reply);
      if (call.resource === 'vmm.shutdown' && reply.status === 200) response.on('finish', () => leave(machine));
    });
  });
});
server.listen(option('api-socket') ?? 'api.sock');
