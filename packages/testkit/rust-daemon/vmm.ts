import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { tinyGuestPath } from '@mvirt/guests';
import type { Host, ProcessIdentity } from '@mvirt/host';
import { waitFor } from '../wait-for.ts';

/** A cloud-hypervisor that was started as the Rust daemon starts one: no shim, no events, no --no-shutdown, a serial socket of its own. */
export type RustVmm = AsyncDisposable & {
  readonly process: ProcessIdentity;
  /** The reply's body. @throws Error where it is refused. */
  api(method: 'GET' | 'PUT', resource: string, body?: object): Promise<string>;
  ended(): boolean;
};

export type RustVmmOptions = {
  host: Host;
  /** cloud-hypervisor, or what stands in for it. */
  program: string;
  /** Short enough for a socket's address: it is named by its absolute path. */
  runDir: string;
  config?: Record<string, unknown>;
};

export async function startRustVmm({ host, program, runDir, config = {} }: RustVmmOptions): Promise<RustVmm> {
  mkdirSync(runDir, { recursive: true });
  const [apiSocket, serialSocket] = [join(runDir, 'api.sock'), join(runDir, 'serial.sock')];
  const outputs = ['stdout', 'stderr'].map((name) => openSync(join(runDir, `cloud-hypervisor.${name}`), 'w'));
  const child = spawn(program, ['--api-socket', `path=${apiSocket}`], { stdio: ['ignore', ...outputs] });
  for (const fd of outputs) closeSync(fd);
  const process = child.pid === undefined ? null : host.processes.identify(child.pid);
  if (process === null) throw new Error(`${program} did not start`);
  const ended = () => !host.processes.isAlive(process);
  const api: RustVmm['api'] = (method, resource, body) => call(apiSocket, method, resource, body);
  await waitFor('its API', () => (existsSync(apiSocket) ? api('GET', 'vmm.ping').catch(() => null) : null));
  const machine = { cpus: { boot_vcpus: 1, max_vcpus: 1 }, memory: { size: 64 * 1024 * 1024 }, payload: { kernel: tinyGuestPath() } };
  await api('PUT', 'vm.create', { ...machine, serial: { mode: 'Socket', socket: serialSocket }, console: { mode: 'Off' }, ...config });
  await api('PUT', 'vm.boot');
  return {
    process,
    api,
    ended,
    async [Symbol.asyncDispose]() {
      host.processes.signal(process, 'SIGKILL');
      await waitFor('the VMM to be gone', ended);
    },
  };
}

function call(socketPath: string, method: string, path: string, body: object | undefined): Promise<string> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path: `/api/v1/${path}`, headers, agent: false }, (response) => {
      let reply = '';
      response.setEncoding('utf8').on('data', (part: string) => (reply += part));
      response.on('end', () => ((response.statusCode ?? 500) < 300 ? resolve(reply) : reject(new Error(`${path}: ${response.statusCode} ${reply}`))));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
