#!/bin/sh
# nic.sh NAME: the NIC is up and asks for an IPv4 address until it gets one; IPv6 comes by router advertisements. With the first one comes an SSH server.
mkdir "/run/nic.$1" 2>/dev/null || exit 0
ip link set "$1" up
/etc/ssh.sh >/dev/null 2>&1 &
udhcpc -f -i "$1" -p "/run/nic.$1/pid" -s /etc/udhcpc.sh -x "hostname:$(hostname)" -F "$(hostname)" -t 4 -T 1 -A 5 >/dev/null 2>&1 &
