#!/bin/sh
# Run by udhcpc with what the DHCP server said.
case $1 in
deconfig) ifconfig "$interface" 0.0.0.0 ;;
bound | renew)
  ifconfig "$interface" "$ip" netmask "${subnet:-255.255.255.0}"
  [ -n "$mtu" ] && ip link set "$interface" mtu "$mtu"
  ip route del default dev "$interface" 2>/dev/null
  for gateway in $router; do
    ip route add default via "$gateway" dev "$interface"
    break
  done
  : >/etc/resolv.conf
  for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
  [ "$1" = bound ] && echo "TINY-IP $interface $ip/${mask:-24}" >/dev/console
  ;;
esac
