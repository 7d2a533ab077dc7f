#!/bin/sh
# Each boot of the machine has its script; what they say goes to the serial line, between marks.
. /root/lib.sh
OLD=/srv/old.deb NEW=/srv/new.deb
boot=first
[ -e /root/booted ] && boot=second
touch /root/booted
echo "=== $boot boot"
others_first &
. "/root/$boot-boot.sh"
echo "=== end"
