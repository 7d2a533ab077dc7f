# After a reboot with VMs running: they were drained and are back. Then removed, installed again, and purged.
show journalctl -b -1 -u mvirt-drain.service -o cat --no-pager
until_true 400 sh -c 'mvirt get web --json | grep -q "\"state\":\"running\"" && mvirt get plain --json | grep -q "\"state\":\"running\""'
show mvirt list
show mvirt events
show apt-get -q remove -y mvirt
echo "processes: $(ps -eo args= | grep -E '^[^ ]*(qemu|dnsmasq|mvirt)' || echo none)"
echo "links: $(ip -br link | cut -d' ' -f1 | tr '\n' ' ')"
show nft list ruleset
show ls /etc/mvirt /var/lib/mvirt
show apt-get -q install -y --no-install-recommends "$NEW"
show mvirt list
show apt-get -q purge -y mvirt
echo "processes: $(ps -eo args= | grep -E '^[^ ]*(qemu|dnsmasq|mvirt)' || echo none)"
echo "links: $(ip -br link | cut -d' ' -f1 | tr '\n' ' ')"
show nft list ruleset
echo "group: $(getent group mvirt || echo none)"
echo "units: $(systemctl list-unit-files --no-legend 'mvirt*'; systemctl list-units --no-legend --state=active,failed 'mvirt*')"
echo "control groups: $(find /sys/fs/cgroup -name '*mvirt*')"
echo "files: $(find / -xdev -name '*mvirt*' -not -path '/srv/*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/var/cache/man/*' | tr '\n' ' ')"
systemctl poweroff
