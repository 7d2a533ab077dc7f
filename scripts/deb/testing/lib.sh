# For the scripts that a machine runs at its boot: each command is shown with what it says and its exit status.
export NO_COLOR=1 LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root

show() {
  echo "# $*"
  status=0
  # No terminal: whoever draws progress there does not.
  "$@" >/root/said 2>&1 </dev/null || status=$?
  cat /root/said
  [ $status = 0 ] || echo "(exit status $status)"
}

# until_true SECONDS COMMAND...
until_true() {
  last=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$(date +%s)" -ge $last ]; then
      echo "(never true: $*)"
      return 0
    fi
    sleep 2
  done
}

field() { mvirt get "$1" --json | tr ',{' '\n\n' | sed -n "s/^\"$2\":\"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}$/\\1/p" | head -n 1; }

# The bare-metal guest looks for news without a pause, and this machine is itself emulated: whatever else runs here goes first.
others_first() {
  while sleep 5; do
    [ ! -e /sys/fs/cgroup/machine.slice/cpu.weight ] || echo 1 >/sys/fs/cgroup/machine.slice/cpu.weight || true
    for task in $(cat /sys/fs/cgroup/machine.slice/*/cgroup.threads 2>/dev/null); do renice -n 19 -p "$task" >/dev/null 2>&1 || true; done
  done
}
