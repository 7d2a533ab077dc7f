#!/bin/sh
# Run by uevent for each event of the kernel.
case $SUBSYSTEM in
net) name=$INTERFACE ;;
block) [ "$DEVTYPE" = disk ] && name=$DEVNAME || exit 0 ;;
*) exit 0 ;;
esac
case $ACTION in add | remove) ;; *) exit 0 ;; esac
echo "TINY-HOTPLUG $ACTION $name" >/dev/console
[ "$SUBSYSTEM" = net ] || exit 0
if [ "$ACTION" = add ]; then
  exec /etc/nic.sh "$name"
fi
kill "$(cat "/run/nic.$name/pid")" 2>/dev/null
rm -rf "/run/nic.$name"
