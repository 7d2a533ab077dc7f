#!/bin/sh
# ssh.sh: an SSH server, from the first NIC on. Its key lives in memory, so it is new in each run; it is printed as cloud-init prints keys.
mkdir /run/ssh 2>/dev/null || exit 0
key=$(dropbearkey -t ed25519 -f /run/ssh/key 2>/dev/null | grep '^ssh-ed25519 ')
printf -- '\n-----BEGIN SSH HOST KEY KEYS-----\n%s\n-----END SSH HOST KEY KEYS-----\n' "$key" >/dev/console
# Whoever holds a key that the seed names; without one everybody, as on the console.
mkdir -p /root/.ssh
sed -n 's/^ *- *"\{0,1\}\(\(ssh-\|ecdsa-\|sk-\)[^"]*\)"\{0,1\}$/\1/p' /seed/user-data >/root/.ssh/authorized_keys 2>/dev/null
chmod 700 /root /root/.ssh
chmod 600 /root/.ssh/authorized_keys
if [ -s /root/.ssh/authorized_keys ]; then who=-s; else who=-B; fi
dropbear -r /run/ssh/key "$who" -P /run/ssh/pid
