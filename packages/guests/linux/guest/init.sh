#!/bin/sh
# The first program of mvirt's small Linux guest. Lines that start with TINY- are for programs.
export PATH=/bin HOME=/root TERM=linux
mount -t devtmpfs dev /dev 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
# The last console= of the kernel's command line.
exec </dev/console >/dev/console 2>&1
read -r up _ </proc/uptime
echo "TINY-INIT uptime=$up"
option() { case " $(cat /proc/cmdline) " in *" $1 "*) return 0 ;; esac; return 1; }

while read -r module; do insmod "/lib/modules/$module" 2>/dev/null; done </etc/modules
hostname mvirt
ip link set lo up

# The NoCloud seed: a block device labelled cidata. The label is at byte 32808 (iso9660), 43 (FAT16) or 71 (FAT32).
label() { dd if="/dev/$1" bs=1 skip="$2" count=6 2>/dev/null | tr '[:upper:]' '[:lower:]'; }
seed=
for path in /sys/class/block/[vs]d* /sys/class/block/sr* /sys/class/block/nvme*; do
  [ -e "$path" ] || continue
  disk=${path##*/}
  kind=
  if [ "$(label "$disk" 32808)" = cidata ]; then kind=iso9660
  elif [ "$(label "$disk" 43)" = cidata ] || [ "$(label "$disk" 71)" = cidata ]; then kind=vfat
  fi
  if [ -n "$kind" ] && mount -t "$kind" -o ro "/dev/$disk" /seed; then
    echo "TINY-SEED $disk $kind"
    seed=/seed
    break
  fi
done
if [ -n "$seed" ]; then
  name=$(sed -n 's/^hostname: *//p' /seed/user-data 2>/dev/null | head -n 1 | tr -d "\"'")
  [ -n "$name" ] || name=$(sed -n 's/^local-hostname: *//p' /seed/meta-data 2>/dev/null | head -n 1 | tr -d "\"'")
  [ -n "$name" ] && hostname "$name"
fi

# NICs and disks that come and go, then those that are here. Addresses are asked for in the background: no server costs the boot nothing.
uevent /etc/uevent.sh >/dev/null 2>&1 &
for path in /sys/class/net/*; do
  nic=${path##*/}
  [ "$nic" = lo ] || /etc/nic.sh "$nic"
done

if [ -n "$seed" ] && [ "$(head -c 2 /seed/user-data 2>/dev/null)" = '#!' ]; then
  cp /seed/user-data /tmp/user-data
  chmod 700 /tmp/user-data
  /tmp/user-data
  echo "TINY-USERDATA rc=$?"
fi

# The power button is the one key of this machine.
if ! option tiny.ignorepwr; then
  for event in /dev/input/event*; do
    [ -e "$event" ] && (dd if="$event" of=/dev/null bs=24 count=1 2>/dev/null && exec /etc/poweroff.sh) &
  done
fi

read -r up _ </proc/uptime
echo "TINY-READY host=$(hostname) uptime=$up cpus=$(nproc) kernel=$(uname -r)"
echo
echo "mvirt demo guest: Linux $(uname -r) with BusyBox, root without a password."
echo "Try: uptime, ip addr, dmesg, reboot, poweroff"
# BusyBox's init keeps a shell on the console and answers poweroff and reboot.
exec init
