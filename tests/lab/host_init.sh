#!/bin/sh
# Process 1 of a lab host: turns fresh network, mount, UTS and PID namespaces into something that looks like a machine of its own,
# prints its process id (in the numbering of whoever started it) and then lives exactly as long as its standard input is open.
# The owner holds the other end: however it dies, this process ends, and the kernel takes every process, mount and link of the host with it.
#   host_init.sh HOSTNAME DIRECTORY
set -eu
name=$1
directory=$2
exec 2>"$directory/init.log"

# /proc is still the starter's here, so this is the process id that the starter knows us by.
read -r pid _ </proc/self/stat
mount -t proc proc /proc
hostname "$name"

# A fresh sysfs shows this namespace's links; it hides the cgroups, which the engines need, so they are carried over.
mount --rbind /sys/fs/cgroup "$directory/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$directory/cgroup" /sys/fs/cgroup
umount -l "$directory/cgroup"

# Writes to /etc and /var stay in the host; what the machine itself keeps at these places must not shine through.
for place in etc var; do
  mkdir "$directory/$place" "$directory/$place.work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$directory/$place,workdir=$directory/$place.work" "/$place"
done
for place in /run /etc/openvswitch /etc/docker /etc/cni /var/lib/openvswitch /var/log/openvswitch /var/lib/containerd \
  /var/lib/contiv /var/lib/cni; do
  mkdir -p "$place"
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
mkdir -p /run/lock /run/netns /run/openvswitch /run/docker/plugins /run/contiv

# The engine's own layers are overlays, which cannot lie on an overlay.
mkdir "$directory/docker"
mkdir -p /var/lib/docker
mount --bind "$directory/docker" /var/lib/docker

ip link set lo up
echo "$pid"
exec >/dev/null
cat
exit 0
