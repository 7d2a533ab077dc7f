import { constants } from 'node:os';
import type { VmmExit } from '../../vmm.ts';
import type { VmmGroup } from './group.ts';
import { scopeSlice, type VmmScope } from './scope.ts';

/**
 * Parent of one VMM, in /bin/sh: starts it, writes its pid, waits, and writes its exit status by rename, and whether its
 * control group has counted a kill for want of memory. Arguments: run directory, exit file, absolute paths of mv and rmdir,
 * the control group, busctl and the unit of the scope (or nothing), the counter, then the VMM's whole command line.
 */
export const shimScript = `
umask 077
ulimit -c 0
run=$1 exit_file=$2 mv=$3 rmdir=$4 group=$5 busctl=$6 unit=$7 counter=$8
shift 8
trap : HUP INT TERM
exec 4<&0
"$@" <&4 4<&- &
vmm=$!
exec </dev/null >/dev/null 2>&1 3>&- 4<&-
cd /
printf '%s\\n' "$vmm" >"$run/vmm.pid"
joined=
if [ -n "$group" ] && echo "$vmm" >"$group/cgroup.procs"; then
  while read -r pid; do
    [ "$pid" != "$vmm" ] || joined=yes
  done <"$group/cgroup.procs"
fi
if [ -n "$unit" ]; then
  "$busctl" --timeout=3 call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \\
    StartTransientUnit 'ssa(sv)a(sa(sv))' "$unit" fail 5 PIDs au 1 "$vmm" Slice s ${scopeSlice} Before as 2 mvirt.service mvirt-drain.service \\
    CollectMode s inactive-or-failed Description s "mvirt: the VM in $run" 0 &
fi
while :; do
  wait "$vmm"
  status=$?
  kill -0 "$vmm" 2>/dev/null || break
done
oom=
[ -z "$unit" ] || [ ! -e "$counter" ] || joined=yes
if [ -n "$joined" ]; then
  while read -r key value; do
    [ "$key" != oom_kill ] || { [ "$value" = 0 ] && oom=' no-oom' || oom=' oom'; }
  done <"$counter"
fi
printf '%s%s\\n' "$status" "$oom" >"$run/$exit_file.new" && "$mv" -f "$run/$exit_file.new" "$run/$exit_file"
[ -z "$group" ] || "$rmdir" "$group" "\${group%/*}"
`;
// No core: it would be the guest's whole memory, in its run directory. Why so: sh gives a child in the background /dev/null as stdin before its own redirections, so the line is kept as 4.
// Traps (not "ignore", which the VMM would inherit) keep the shim alive through a signal meant for everyone; wait then
// returns early, hence the loop. The shim starts in the run directory, so that at any moment some process is found by it,
// and has left it to the VMM alone when the pid is written. Moving a process into a group takes the kernel up to 20 ms: it is
// done beside the VMM's own start, before the guest's memory is used; one that was dead by then is not in it, and its end not counted. The folder of all groups goes with the last one.
// A scope holds the VMM alone: whoever makes its memory smaller than what it uses has the kernel kill one process after the other in it, and the shim would be
// next. systemd takes it away when the VMM has ended; the shim reads the counter before that, or not at all. At a shutdown a scope is stopped after the drain
// and the agent: stopping goes the other way round. A systemd that does not answer holds up no start, and one that fails for its 3 s at most.

export type ShimPlan = { sh: string; mv: string; rmdir: string; runDir: string; exitFile: string; place: VmmGroup | VmmScope | null; command: string[] };

export function shimArgv({ sh, mv, rmdir, runDir, exitFile, place, command }: ShimPlan): string[] {
  const group = place !== null && 'path' in place ? place.path : '';
  const [busctl, unit] = place !== null && 'unit' in place ? [place.busctl, place.unit] : ['', ''];
  return [sh, '-c', shimScript, 'mvirt-shim', runDir, exitFile, mv, rmdir, group, busctl, unit, place?.counter ?? '', ...command];
}

/** Whether this command line (of /proc/PID/cmdline) is still the shim's or setpriv's, on the way to the VMM's own. */
export function isBeforeExec(cmdline: string[], setpriv: string): boolean {
  return cmdline.includes(shimScript) || (cmdline[0] === setpriv && cmdline[1] === '--no-new-privs');
}

/** The exit file's text, as a shell counts: 128 + n where signal n ended the VMM, then "oom" or "no-oom" where it had a group. null: nothing whole was written. */
export function parseExit(text: string): VmmExit | null {
  const [, digits, oom] = /^(\d{1,3})( oom| no-oom)?\n$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const status = Number(digits);
  if (status <= 128) return { status, signal: null };
  return { status: null, signal: signalName(status - 128), ...(oom === undefined ? {} : { outOfMemory: oom === ' oom' }) };
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}
