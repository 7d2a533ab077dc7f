import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { createLinuxHost } from '@mvirt/host/linux';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';

const { programs, system } = createLinuxHost();
const lacks = ['qemu-system-x86_64', 'genisoimage', 'ip', 'nft', 'dnsmasq'].filter((name) => programs.find(name) === null);
const missing = lackingMountNamespace() ?? (system.rights().netAdmin ? null : 'not root') ?? (lacks.length > 0 ? `missing: ${lacks.join(', ')}` : null);
if (missing !== null) console.log(`skipped: an agent on a full disk: ${missing}`);

test.skipIf(missing !== null)(
  'the disk of a real agent is full to the last block: it serves, stops, kills and deletes, begins nothing new and leaves no half of it, and goes on once there is room',
  () => {
    using dir = tempDir('full');
    const script = 'mount -t tmpfs -o size=32m tmpfs "$1"; exec unshare -n sh -ec \'ip link set lo up; exec "$2" "$3" "$1"\' sh "$@"';
    const ran = inMountNamespace(script, dir.path, process.execPath, fileURLToPath(import.meta.resolve('@mvirt/testkit/full-disk-agent')));
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
    const full = (what: string) => ({
      code: 'DISK_FULL',
      message: `${what}: the filesystem of ${dir.path}/data is full (0 KiB are left, and the last 2048 are for what runs)`,
      hint: `make room on its filesystem, which this shows: df -h ${dir.path}/data`,
    });
    const seen: Record<string, unknown> = JSON.parse(ran.stdout);
    const took = Object.entries(seen).filter(([name]) => name.endsWith(': ms'));
    console.log(took.map(([name, ms]) => `${name.slice(0, -': ms'.length)} ${ms} ms`).join(', '));
    expect(Object.fromEntries(Object.entries(seen).filter(([name]) => !name.endsWith(': ms')))).toEqual({
      list: 'done',
      logs: 'done',
      create: full('the VM cannot be created'),
      start: full('VM seeded cannot be started'),
      'network create': expect.objectContaining({ code: 'DISK_FULL', message: expect.stringContaining(`${dir.path}/data/network/lab/dnsmasq.conf`) }),
      'image import': 'done',
      'image import while full': 'DISK_FULL',
      'image import into too little': 'DISK_FULL',
      images: ['small.raw'],
      'create of an image': full('the VM cannot be created'),
      set: 'done',
      pause: 'done',
      resume: 'done',
      stop: 'done',
      kill: 'done',
      delete: 'done',
      events: ['created', 'starting', 'started', 'paused', 'resumed', 'stopping', 'stopped'],
      networks: [],
      bridges: [],
      folders: 3,
      died: 'SIGKILL',
      found: { seeded: 'stopped', orphan: 'running', killed: 'stopped', stopped: 'stopped' },
      'stop by the next agent': 'done',
      'start with room': 'done',
      'network create with room': 'done',
      'network rm': 'done',
      'create with room': 'done',
      left: [],
      ended: 0,
      log: true,
      processes: 0,
    });
  },
  90_000,
);
