import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type MvirtError, toMvirtError } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import { refusal } from './refusal.ts';

export type SshTunnelDeps = {
  services: Pick<Services, 'vms' | 'ssh'>;
  /** A connection that failed by a defect of ours (INTERNAL). */
  onDefect(failure: MvirtError, path: string): void;
};

const path = /^\/ssh\/([^/]{1,768})$/;
const welcome = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ssh\r\n\r\n';

/** Disposed: every tunnel is cut. */
export type SshTunnels = Disposable & { take(request: IncomingMessage, client: Duplex, head: Buffer): boolean };

/**
 * `GET /ssh/VM` with `Upgrade: ssh` makes the connection one to the SSH server of a VM's guest, as the agent reaches it:
 * for clients in another network than the agent's. take answers false where a request is for somebody else.
 */
export function createSshTunnels({ services, onDefect }: SshTunnelDeps): SshTunnels {
  const open = new Set<Duplex>();

  const connect = async (reference: string, client: Duplex, head: Buffer): Promise<void> => {
    const left = new AbortController();
    const leave = () => left.abort();
    client.on('error', leave).once('close', leave);
    try {
      const guest = await services.ssh.connect(services.vms.resolve(reference, { careful: false }), { signal: left.signal });
      // One that fails or goes takes the other along.
      guest.on('error', () => client.destroy()).once('close', () => client.end());
      client.once('close', () => guest.destroy());
      if (client.destroyed) return void guest.destroy();
      client.write(welcome);
      if (head.length > 0) guest.write(head);
      client.pipe(guest).pipe(client);
    } catch (thrown) {
      const failure = toMvirtError(thrown);
      if (failure.code === 'INTERNAL') onDefect(failure, 'ssh');
      client.end(refusal(failure));
    }
  };

  return {
    take(request, client, head) {
      const [, name] = path.exec(request.url ?? '') ?? [];
      if (name === undefined || request.headers.upgrade !== 'ssh') return false;
      open.add(client);
      client.once('close', () => open.delete(client));
      void connect(decode(name), client, head);
      return true;
    },
    [Symbol.dispose]() {
      for (const client of open) client.destroy();
    },
  };
}

/** What is no text is no VM either. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
