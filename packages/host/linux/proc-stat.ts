/** What mvirt reads of /proc/PID/stat (proc(5)); times in clock ticks, which Linux counts at 100 a second for programs. */
export type ProcStat = { command: string; state: string; parentPid: number; cpuTicks: number; startTicks: number };

export const ticksPerSecond = 100;

/** Parses a line whose command may hold spaces, parentheses and newlines; null where it is no such line. */
export function parseProcStat(text: string): ProcStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  // The first word after the command is field 3.
  const words = text.slice(close + 2).split(' ');
  const field = (number: number) => Number(words[number - 3]);
  const state = words[0];
  const startTicks = field(22);
  if (state === undefined || !Number.isSafeInteger(startTicks)) return null;
  return { command: text.slice(open + 1, close), state, parentPid: field(4), cpuTicks: field(14) + field(15), startTicks };
}

/** A zombie ('Z') and a dead process ('X') are not alive. */
export const isLiving = (stat: ProcStat): boolean => stat.state !== 'Z' && stat.state !== 'X' && stat.state !== 'x';
