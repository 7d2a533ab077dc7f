// The VM `demo`: a small Linux from Debian's own packages.
import { closeSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { mustMvirt, mvirt, root, say, until } from './shell.ts';

export type DemoGuest = { kernel: string; initramfs: string; cmdline: string };

/** Builds the guest in the cache folder, or finds it there. */
export async function buildGuest(): Promise<DemoGuest> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mvirt');
  const child = Bun.spawn([process.execPath, join(root, 'packages/guests/build-linux.ts'), '--cache', cache], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [stdout, status] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (status !== 0) throw new Error('the demo guest could not be built');
  return JSON.parse(stdout) as DemoGuest;
}

/** Creates `demo` where it is not there yet, starts it, and answers once the guest has said its banner. */
export async function bootDemo(guest: DemoGuest): Promise<{ banner: string }> {
  if ((await mvirt('get', 'demo', '--json')).status !== 0) await createDemo(guest);
  const before = new Date();
  const started = JSON.parse(await mustMvirt('start', 'demo', '--json')) as { results: { changed: boolean }[] };
  const since = started.results[0]?.changed ? ['--since', before.toISOString()] : [];
  const banner = await until("the guest's banner on its console", 60_000, async () => {
    const text = (await mvirt('logs', 'demo', '--console', ...since)).stdout;
    return /^.*TINY-READY.*$/m.exec(text)?.[0].trim() ?? null;
  });
  return { banner };
}

async function createDemo(guest: DemoGuest): Promise<void> {
  const network = tunOpens() ? ['--network', 'default'] : [];
  if (network.length === 0) say('/dev/net/tun does not open here: demo has no NIC');
  await mustMvirt(
    'create',
    '--name',
    'demo',
    '--memory',
    '256',
    '--kernel',
    guest.kernel,
    '--initramfs',
    guest.initramfs,
    '--cmdline',
    guest.cmdline,
    ...network,
  );
}

function tunOpens(): boolean {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return true;
  } catch {
    return false;
  }
}

/** Stops every VM that runs, gracefully; what does not hear the button is powered off after 30 s. */
export async function stopAll(): Promise<void> {
  const listed = await mvirt('list', '--json');
  if (listed.status !== 0) return;
  const up = (JSON.parse(listed.stdout) as { vms: { id: string; state: string }[] }).vms.filter((vm) => vm.state !== 'stopped');
  if (up.length > 0) await mvirt('stop', ...up.map((vm) => vm.id));
}
