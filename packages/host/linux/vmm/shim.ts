import { constants } from 'node:os';
import type { VmmExit } from '../../vmm.ts';

/**
 * Parent of one VMM, in /bin/sh: starts it, writes its pid, waits, and writes its exit status by rename.
 * Arguments: run directory, exit file, absolute path of mv, then the VMM's whole command line.
 */
export const shimScript = `
umask 077
run=$1 exit_file=$2 mv=$3
shift 3
trap : HUP INT TERM
exec 4<&0
"$@" <&4 4<&- &
vmm=$!
exec </dev/null >/dev/null 2>&1 3>&- 4<&-
cd /
printf '%s\\n' "$vmm" >"$run/vmm.pid"
while :; do
  wait "$vmm"
  status=$?
  kill -0 "$vmm" 2>/dev/null || break
done
printf '%s\\n' "$status" >"$run/$exit_file.new" && "$mv" -f "$run/$exit_file.new" "$run/$exit_file"
`;
// Why so: sh gives a child in the background /dev/null as stdin before its own redirections, so the line is kept as 4.
// Traps (not "ignore", which the VMM would inherit) keep the shim alive through a signal meant for everyone; wait then
// returns early, hence the loop. The shim starts in the run directory, so that at any moment some process is found by it,
// and has left it to the VMM alone when the pid is written.

export function shimArgv(sh: string, mv: string, runDir: string, exitFile: string, command: string[]): string[] {
  return [sh, '-c', shimScript, 'mvirt-shim', runDir, exitFile, mv, ...command];
}

/** Whether this command line (of /proc/PID/cmdline) is still the shim's or setpriv's, on the way to the VMM's own. */
export function isBeforeExec(cmdline: string[], setpriv: string): boolean {
  return cmdline.includes(shimScript) || (cmdline[0] === setpriv && cmdline[1] === '--no-new-privs');
}

/** The exit file's text, as a shell counts: 128 + n where signal n ended the VMM. null: nothing whole was written. */
export function parseExit(text: string): VmmExit | null {
  const digits = /^(\d{1,3})\n$/.exec(text)?.[1];
  if (digits === undefined) return null;
  const status = Number(digits);
  return status > 128 ? { status: null, signal: signalName(status - 128) } : { status, signal: null };
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}
