import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { AgentClient } from '@mvirt/api/client';
import { createNumberedLines } from './numbered-lines.ts';

const pieceBytes = 1024 * 1024;

/** A console.log, read on from where it was read last: every byte is checked. onRead: how many came. */
export function checkLog(path: string, onRead: (bytes: number) => void = () => {}): { readOn(): void; bytes(): number } {
  const lines = createNumberedLines(path);
  let at = 0;
  return {
    readOn() {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      for (; at < size; ) {
        const bytes = readRange(path, at, Math.min(size, at + pieceBytes));
        lines.push(bytes);
        at += bytes.length;
        onRead(bytes.length);
      }
    },
    bytes: () => at,
  };
}

function readRange(path: string, from: number, to: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(to - from);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}

/** Somebody who watches a console through agents that die, and checks what comes. */
export type ConsoleWatcher = {
  /** How far its stream has come: an offset in console.log. */
  offset(): number;
  /** How often it has joined. */
  joins(): number;
  /** What was wrong with it. */
  faults(): string[];
  leave(): void;
};

/** staysFor: messages after which it leaves, and joins again where it was. */
export function watchConsole({ api }: Pick<AgentClient, 'api'>, vmId: string, staysFor = () => Number.POSITIVE_INFINITY): ConsoleWatcher {
  const lines = createNumberedLines(`the stream of ${vmId}`);
  const faults: string[] = [];
  let offset = 0;
  let cursor: string | null = null;
  let joins = 0;
  let leave = () => {};

  const take = (bytes: Uint8Array, end: number): void => {
    if (end - bytes.length !== offset) faults.push(`${bytes.length} bytes up to ${end} came at ${offset}`);
    offset = end;
    try {
      lines.push(bytes);
    } catch (thrown) {
      faults.push(String(thrown));
    }
  };

  const join = (): void => {
    joins += 1;
    let left = staysFor();
    let isOver = false;
    const stream = api.console.attach.subscribe(
      { vm: vmId, from: cursor === null ? { kind: 'all' } : { kind: 'cursor', cursor } },
      {
        onData: ({ data }) => {
          if (isOver) return;
          cursor = data.cursor;
          if (data.kind === 'data') take(data.bytes, Number(data.cursor.split(':')[1]));
          else if (data.kind === 'resync') faults.push(`a gap: ${JSON.stringify(data)}`);
          left -= 1;
          if (left > 0) return;
          leave();
          join();
        },
      },
    );
    leave = () => {
      isOver = true;
      stream.unsubscribe();
    };
  };

  join();
  return { offset: () => offset, joins: () => joins, faults: () => faults, leave: () => leave() };
}
