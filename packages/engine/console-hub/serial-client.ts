import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { type Clock, MvirtError } from '@mvirt/domain';
import type { HostFiles, HostSockets } from '@mvirt/host';
import { within } from '../deadline.ts';
import { appendBytes } from './append-bytes.ts';
import type { InputLine } from './input-line.ts';

/**
 * The one client of a socket on which a VMM itself serves its guest's serial line: what comes is appended to console.log,
 * what is typed goes back the same way. The VMM drops the connection at each reset, and keeps what is printed meanwhile.
 */
export interface SerialClient extends InputLine {
  /** The VMM is gone: takes what it had still printed. */
  end(): Promise<void>;
  /**
   * Lets the VMM go on without us: half-closes, takes what comes to the end, closes. A client that goes with unread bytes
   * would silence the line until the VM's next reset (cloud-hypervisor v53.0).
   */
  leave(): Promise<void>;
}

export type SerialClientDeps = {
  clock: Clock;
  files: Pick<HostFiles, 'shortPath'>;
  sockets: Pick<HostSockets, 'untakenOn'>;
  /** Absolute, as the VMM itself was told. */
  socketPath: string;
  logPath: string;
  vmId: string;
  warn: (message: string, error: unknown) => void;
  /** Something was appended. */
  onGrowth: () => void;
};

/** Also after another client has cut us off: two that do so must not race. */
const retryMs = 200;
/** While console.log cannot be written the bytes stay with the VMM. */
const fullRetryMs = 1000;
const partingMs = 1000;
/** A VMM takes a connection at once, or half a second after another client has gone. */
const takenMs = 3000;
const inputMs = 30_000;
const mostQueuedBytes = 256 * 1024;

export function createSerialClient({ clock, files, sockets, socketPath, logPath, vmId, warn, onGrowth }: SerialClientDeps): SerialClient {
  let socket: Socket | null = null;
  let connected = Promise.withResolvers<Socket>();
  let isUp = false;
  let timer: Disposable | null = null;
  let taken: Disposable | null = null;
  let room: Disposable | null = null;
  let hasFailed = false;
  let isSilent = false;
  let parting: PromiseWithResolvers<void> | null = null;
  let held: Uint8Array = new Uint8Array(0);
  let queuedBytes = 0;
  let last: Promise<unknown> = Promise.resolve();

  const later = (delayMs: number, task: () => void): void => {
    timer?.[Symbol.dispose]();
    timer = clock.after(delayMs, task);
  };

  const append = (): void => {
    const { rest, error } = appendBytes(logPath, held);
    if (error !== null && !hasFailed) warn('its console log cannot be written: what its guest prints waits with the VMM, which keeps the last 1 MiB', error);
    hasFailed = error !== null;
    const grew = rest.length < held.length;
    held = rest;
    if (grew) onGrowth();
  };

  const take = (from: Socket, bytes: Uint8Array): void => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    append();
    if (held.length === 0) return;
    if (parting !== null) return void lose();
    from.pause();
    waitForRoom();
  };

  /** Over any number of connections. */
  const waitForRoom = (): void => {
    room ??= clock.after(fullRetryMs, () => {
      room = null;
      append();
      if (held.length > 0) waitForRoom();
      else socket?.resume();
    });
  };

  /** Who leaves must read on all the same. */
  const lose = (): void => {
    warn(`its console log takes no more: ${held.length} bytes that came while leaving were dropped`, null);
    held = new Uint8Array(0);
  };

  /** The thread of a VMM that serves the socket may have ended: connections are then made, and nobody ever takes them. */
  const checkTaken = (): void => {
    isSilent = isUp && sockets.untakenOn(socketPath) > 0;
  };

  const checkLater = (): void => {
    taken = clock.after(takenMs, () => {
      checkTaken();
      if (isSilent) warn(silentWords, null);
    });
  };

  const over = (from: Socket): void => {
    if (socket !== from) return;
    socket = null;
    isSilent = false;
    taken?.[Symbol.dispose]();
    // Whoever waits for a connection goes on waiting where there was none yet.
    if (isUp) connected = Promise.withResolvers();
    isUp = false;
    if (parting !== null) parting.resolve();
    else later(retryMs, open);
  };

  const open = (): void => {
    let path: Disposable & { path: string };
    try {
      path = files.shortPath(dirname(socketPath), basename(socketPath));
    } catch {
      // The run directory is gone: so is the VMM, or soon.
      later(retryMs, open);
      return;
    }
    const own = connect({ path: path.path, allowHalfOpen: true });
    socket = own;
    own.on('connect', () => {
      isUp = true;
      connected.resolve(own);
      if (held.length > 0) own.pause();
      if (parting === null) checkLater();
    });
    own.on('data', (bytes) => take(own, typeof bytes === 'string' ? Buffer.from(bytes) : bytes));
    own.on('end', () => own.end());
    // Nobody listens at this moment of a reset, or the VMM has ended: 'close' follows either way.
    own.on('error', () => own.destroy());
    own.on('close', () => {
      path[Symbol.dispose]();
      over(own);
    });
  };

  /** begin: what asks for the end; then all that comes is taken. */
  const part = async (begin: (from: Socket) => void): Promise<void> => {
    if (parting !== null) return parting.promise;
    const gone = Promise.withResolvers<void>();
    parting = gone;
    timer?.[Symbol.dispose]();
    taken?.[Symbol.dispose]();
    room?.[Symbol.dispose]();
    if (held.length > 0) lose();
    const from = socket;
    if (from === null) return gone.resolve();
    from.resume();
    begin(from);
    const late = clock.after(partingMs, () => from.destroy());
    await gone.promise;
    late[Symbol.dispose]();
  };

  const send = async (bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> => {
    const late = () => new MvirtError({ code: 'TIMEOUT', message: `the VMM of VM ${vmId} took no input for ${inputMs / 1000} s` });
    let isWanted = true;
    const sent = connected.promise.then((to) => (isWanted ? written(to, bytes) : undefined));
    // Whoever leaves first hears no more of it.
    sent.catch(() => {});
    try {
      await within(sent, { clock, signal, timeoutMs: inputMs, late });
    } finally {
      isWanted = false;
    }
  };

  open();
  return {
    async write(bytes, { signal }) {
      if (parting !== null) throw new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmId} is not running: its console takes no input` });
      if (isSilent) checkTaken();
      if (isSilent)
        throw new MvirtError({ code: 'CONSOLE_READ_ONLY', message: `the console of VM ${vmId} takes no input: ${silentWords}`, hint: `mvirt reboot ${vmId}` });
      if (queuedBytes + bytes.length > mostQueuedBytes)
        throw new MvirtError({ code: 'TOO_MANY', message: `the guest does not read: ${queuedBytes} bytes of input wait already` });
      queuedBytes += bytes.length;
      const mine = last.then(() => send(bytes, signal));
      last = mine.catch(() => {});
      try {
        await mine;
      } finally {
        queuedBytes -= bytes.length;
      }
    },
    end: () => part(() => {}),
    leave: () => part((from) => from.end()),
    close: () => void part((from) => from.end()),
  };
}

/** What is known: it may hang, too, and then says so itself. */
const silentWords = 'its VMM takes no client on serial.sock, as after one that was killed while the guest printed; a reboot of the VM brings the line back';

function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const broken = (cause?: unknown): void =>
    reject(
      new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'the VMM let go of its serial line: what was typed may be lost', hint: 'type it again', cause }),
    );
  socket.once('close', broken);
  socket.write(bytes, (error) => {
    socket.off('close', broken);
    if (error) broken(error);
    else resolve();
  });
  return promise;
}
