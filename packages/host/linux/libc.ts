import { dlopen, FFIType, read } from 'bun:ffi';

/** Calls into the C library that node: has no words for. Each answers as C does; -1 leaves its cause in errno(). */
export interface Libc {
  errno(): number;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): number;
  /** A duplicate (close-on-exec) of a descriptor of another process. */
  pidfdGetfd(pidfd: number, fd: number): number;
  epollCreate(): number;
  epollAdd(epoll: number, fd: number, key: number): number;
  epollRemove(epoll: number, fd: number): number;
  /** Keys of what is ready now, without waiting. */
  epollReady(epoll: number): number[];
  eventfd(): number;
  eventfdWrite(fd: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  mkfifo(path: string, mode: number): number;
  /** The lock belongs to the open file: the kernel lets go of it when the last descriptor is closed, however that came. */
  flock(fd: number, operation: number): number;
  /** A Unix stream socket that never waits (close-on-exec). */
  unixSocket(): number;
  connectUnix(fd: number, path: string): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** The address of a socket's own end. */
  getsockname(fd: number, address: Uint8Array): number;
  /** The address of its peer's end. */
  getpeername(fd: number, address: Uint8Array): number;
  ioctl(fd: number, request: number, argument: Uint8Array | number): number;
  /** Makes the terminal raw: no echo, no signals, no translation. */
  makeRaw(fd: number): number;
  setNonBlocking(fd: number): number;
}

// Numbers of pidfd calls are the same on every architecture (they are above 424).
const sys = { pidfdSendSignal: 424, pidfdOpen: 434, pidfdGetfd: 438 } as const;
const closeOnExec = 0o2000000;
const epollIn = 1;
const epollOneShot = 1 << 30;
const maxEvents = 64;
// struct termios is 60 bytes in glibc; room to spare.
const termiosBytes = 256;
const fcntlGetFlags = 3;
const fcntlSetFlags = 4;
const nonBlocking = 0o4000;
const unixFamily = 1;
const streamSocket = 1;

/** struct epoll_event is packed on x86-64 only. */
export const epollEvent = process.arch === 'x64' ? ({ bytes: 12, keyAt: 4 } as const) : ({ bytes: 16, keyAt: 8 } as const);

/** Opens libc.so.6 (glibc); the one place of mvirt, with the end watcher's thread, that calls C. */
export function createLibc(): Libc {
  const { i32, i64, i64_fast, cstring, ptr } = FFIType;
  const { symbols: c } = dlopen('libc.so.6', {
    __errno_location: { args: [], returns: ptr },
    syscall: { args: [i64, i64, i64, i64, i64], returns: i64_fast },
    epoll_create1: { args: [i32], returns: i32 },
    epoll_ctl: { args: [i32, i32, i32, ptr], returns: i32 },
    epoll_wait: { args: [i32, ptr, i32, i32], returns: i32 },
    eventfd: { args: [i32, i32], returns: i32 },
    eventfd_write: { args: [i32, i64], returns: i32 },
    fallocate64: { args: [i32, i32, i64, i64], returns: i32 },
    mkfifo: { args: [cstring, i32], returns: i32 },
    flock: { args: [i32, i32], returns: i32 },
    socket: { args: [i32, i32, i32], returns: i32 },
    connect: { args: [i32, ptr, i32], returns: i32 },
    getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
    getsockname: { args: [i32, ptr, ptr], returns: i32 },
    getpeername: { args: [i32, ptr, ptr], returns: i32 },
    ioctl: { args: [i32, i64, ptr], returns: i32 },
    fcntl: { args: [i32, i32, i64], returns: i32 },
    tcgetattr: { args: [i32, ptr], returns: i32 },
    cfmakeraw: { args: [ptr], returns: FFIType.void },
    tcsetattr: { args: [i32, i32, ptr], returns: i32 },
  });
  const syscall = (number: number, a = 0, b = 0, d = 0, e = 0) => Number(c.syscall(number, a, b, d, e));

  return {
    errno() {
      const at = c.__errno_location();
      return at === null ? 0 : read.i32(at, 0);
    },
    pidfdOpen: (pid) => syscall(sys.pidfdOpen, pid),
    pidfdSendSignal: (pidfd, signal) => syscall(sys.pidfdSendSignal, pidfd, signal),
    pidfdGetfd: (pidfd, fd) => syscall(sys.pidfdGetfd, pidfd, fd),
    epollCreate: () => c.epoll_create1(closeOnExec),
    epollAdd(epoll, fd, key) {
      const event = new DataView(new ArrayBuffer(epollEvent.bytes));
      event.setUint32(0, epollIn | epollOneShot, true);
      event.setUint32(epollEvent.keyAt, key, true);
      return c.epoll_ctl(epoll, 1, fd, new Uint8Array(event.buffer));
    },
    epollRemove: (epoll, fd) => c.epoll_ctl(epoll, 2, fd, new Uint8Array(epollEvent.bytes)),
    epollReady(epoll) {
      const events = new Uint8Array(epollEvent.bytes * maxEvents);
      const count = Math.max(0, c.epoll_wait(epoll, events, maxEvents, 0));
      const view = new DataView(events.buffer);
      return Array.from({ length: count }, (_, index) => view.getUint32(index * epollEvent.bytes + epollEvent.keyAt, true));
    },
    eventfd: () => c.eventfd(0, closeOnExec),
    eventfdWrite: (fd) => c.eventfd_write(fd, 1),
    fallocate: (fd, mode, offset, length) => c.fallocate64(fd, mode, offset, length),
    mkfifo: (path, mode) => c.mkfifo(Buffer.from(`${path}\0`) as never, mode),
    flock: (fd, operation) => c.flock(fd, operation),
    unixSocket: () => c.socket(unixFamily, streamSocket | closeOnExec | nonBlocking, 0),
    connectUnix(fd, path) {
      // struct sockaddr_un: the family in host order, then the path and its NUL.
      const address = Buffer.concat([new Uint8Array(new Uint16Array([unixFamily]).buffer), Buffer.from(`${path}\0`)]);
      return c.connect(fd, address, address.length);
    },
    getsockopt(fd, level, name, value) {
      const length = new Uint32Array([value.byteLength]);
      return c.getsockopt(fd, level, name, value, length);
    },
    getsockname: (fd, address) => c.getsockname(fd, address, new Uint32Array([address.byteLength])),
    getpeername: (fd, address) => c.getpeername(fd, address, new Uint32Array([address.byteLength])),
    ioctl: (fd, request, argument) => c.ioctl(fd, request, argument as never),
    makeRaw(fd) {
      const termios = new Uint8Array(termiosBytes);
      if (c.tcgetattr(fd, termios) < 0) return -1;
      c.cfmakeraw(termios);
      return c.tcsetattr(fd, 0, termios);
    },
    setNonBlocking(fd) {
      const flags = c.fcntl(fd, fcntlGetFlags, 0);
      return flags < 0 ? -1 : c.fcntl(fd, fcntlSetFlags, flags | nonBlocking);
    },
  };
}

/** errno values that callers tell apart (asm-generic/errno-base.h, errno.h). */
export const errnoOf = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EBADF: 9,
  EAGAIN: 11,
  EACCES: 13,
  EEXIST: 17,
  EXDEV: 18,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSPC: 28,
  ENOSYS: 38,
  EOPNOTSUPP: 95,
  EDQUOT: 122,
} as const;
