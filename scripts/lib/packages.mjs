// Debian packages: which are missing, and installing them with the user's knowledge.
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline/promises';

/** What `npm start` needs: QEMU, namespaces and TAPs, the network `default`, seed images, `mvirt ssh`. The demo guest is built without further tools. */
export const startPackages = ['qemu-system-x86', 'iproute2', 'util-linux', 'nftables', 'dnsmasq-base', 'genisoimage', 'openssh-client'];

/** What `npm test` needs besides. */
export const testPackages = [
  ...startPackages,
  'iputils-ping',
  'qemu-utils',
  'gzip',
  'xz-utils',
  'zstd',
  'bzip2',
  'btrfs-progs',
  'e2fsprogs',
  'tmux',
  'screen',
  'zsh',
  'fish',
  'socat',
  'procps',
  'xorriso',
  'dosfstools',
  'mtools',
  'cpio',
  'vim',
  'less',
  'python3-grpcio',
  'python3-grpc-tools',
  'openssl',
  'nftables',
];

/** What `npm run build:deb` needs. */
export const debPackages = ['dpkg'];

/** What `npm run test:long` needs besides: a whole Debian guest is built. */
export const longTestPackages = [...testPackages, 'mmdebstrap'];

/** What `npm run bench` needs besides `npm start`: the peer that it measures beside mvirt. */
export const benchPackages = [...startPackages, 'procps', 'libvirt-clients', 'libvirt-daemon', 'libvirt-daemon-driver-qemu', 'libvirt-daemon-system'];

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
const statusFormat = '${db:Status-Status}';

const installed = (name) => {
  const answer = spawnSync('dpkg-query', ['-W', '-f', statusFormat, name], { encoding: 'utf8' });
  return answer.status === 0 && answer.stdout === 'installed';
};

/** Makes sure that these packages are installed, or says what to do and ends. */
export async function ensurePackages(names, log) {
  if (spawnSync('dpkg-query', ['--version']).status !== 0) {
    log(`not a Debian system: taking it that these are there: ${names.join(' ')}`);
    return;
  }
  const missing = names.filter((name) => !installed(name));
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  log(`missing Debian packages: ${missing.join(' ')}`);
  if (process.getuid() === 0) return installAll([], install, log);
  const sudo = spawnSync('sudo', ['--version']).status === 0;
  if (sudo && process.stdin.isTTY && process.stderr.isTTY && (await agrees(`install them now with sudo? [y/N] `))) return installAll(['sudo'], install, log);
  log('install them with:');
  log(`  sudo apt-get update && sudo ${install.join(' ')}`);
  process.exit(1);
}

async function agrees(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(question);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function installAll(prefix, install, log) {
  const options = { stdio: ['inherit', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const run = (argv) => {
    const [program, ...rest] = [...prefix, ...argv];
    return spawnSync(program, rest, options).status;
  };
  if (run(['apt-get', '-q', 'update']) !== 0) log('apt-get update failed; trying with the lists that are there');
  if (run(install) === 0) return;
  log(`could not install them; try by hand: ${[...prefix, ...install].join(' ')}`);
  process.exit(1);
}
