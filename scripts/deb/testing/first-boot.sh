# Installed, used, restarted, upgraded; then the machine reboots with VMs running.
show cat /proc/1/comm
show stat -f -c %T /sys/fs/cgroup
show apt-get -q install -y --no-install-recommends "$OLD"
show systemctl is-active mvirt.service mvirt-drain.service
show systemctl is-enabled mvirt.service mvirt-drain.service
show getent group mvirt
show stat -c '%A %U:%G %n' /run/mvirt /run/mvirt/agent.sock /var/lib/mvirt /etc/mvirt/agent.toml /usr/bin/mvirt
show mvirt version
show sh -c 'mvirt doctor | grep -A 1 -E "configuration|user|network rights|agent$"'
show sh -c "systemd-analyze security --no-pager mvirt.service | grep →"
show systemd-analyze verify --man=no mvirt.service mvirt-drain.service

show mvirt create --name web --kernel /srv/tiny.elf --memory 64 --network default --autostart --restart on-failure
show mvirt create --name plain --kernel /srv/tiny.elf --memory 64 --restart on-failure
until_true 240 mvirt start web plain
show mvirt list
until_true 240 sh -c 'mvirt logs web --console | grep -q "TINY up"'
show mvirt logs web --console
pid=$(field web pid)
agent=$(systemctl show -P MainPID mvirt.service)
show cat "/proc/$pid/cgroup"
show systemctl list-units --plain --no-legend 'mvirt-*.scope'
show systemctl show -P Before,Slice "$(basename "$(cat "/proc/$pid/cgroup")")"
show grep -E 'CapEff|NoNewPrivs|Seccomp:' "/proc/$pid/status"

show systemctl restart mvirt.service
echo "agent is another process: $([ "$(systemctl show -P MainPID mvirt.service)" != "$agent" ] && echo yes || echo no)"
echo "VM after the restart: $(field web state), $([ "$(field web pid)" = "$pid" ] && echo the same process || echo another process)"

agent=$(systemctl show -P MainPID mvirt.service)
echo '# a key of the administrator'
echo 'log-level = "debug"' >>/etc/mvirt/agent.toml
show apt-get -q install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$NEW"
show dpkg-query --show mvirt
echo "agent is another process: $([ "$(systemctl show -P MainPID mvirt.service)" != "$agent" ] && echo yes || echo no)"
echo "VM after the upgrade: $(field web state), $([ "$(field web pid)" = "$pid" ] && echo the same process || echo another process)"
show tail -n 1 /etc/mvirt/agent.toml
show mvirt list

echo 'log-levl = "info"' >>/etc/mvirt/agent.toml
show mvirt agent
sed -i '$d' /etc/mvirt/agent.toml

show mvirt create --name hungry --kernel /srv/tiny.elf --memory 256
until_true 240 mvirt start hungry
victim=$(field hungry pid)
group=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$victim/cgroup")
echo "# echo 8M >$group/memory.max"
echo 8M >"$group/memory.max"
until_true 240 sh -c 'mvirt get hungry --json | grep -q "\"state\":\"stopped\""'
show mvirt get hungry
show journalctl -u mvirt.service -o cat --no-pager -n 3
echo "# systemctl reboot"
systemctl reboot
