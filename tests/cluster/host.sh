#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# host.sh DIR NAME: process 1 of a host (rig.py), in namespaces of its own. What of the machine is a host's own is laid
# over the machine's by files of DIR: names, the home of the user, the settings of ssh.
dir=$1 name=$2
hostname "$name"
mount -t proc proc /proc &&
mount -t tmpfs -o mode=755 tmpfs /run &&
mkdir -p /run/sshd /run/lock &&
mount -t tmpfs -o mode=1777 tmpfs /dev/shm || exit 1
for f in hosts nsswitch.conf resolv.conf ssh/ssh_config; do
    mount --bind "$dir/etc/${f#ssh/}" "/etc/$f" || exit 1
done
mount --bind "$dir/$name/passwd" /etc/passwd || exit 1
[ -e "$dir/$name/sshd_config" ] && { /usr/sbin/sshd -f "$dir/$name/sshd_config" -E "$dir/$name/sshd.log" || exit 1; }
: >"$dir/$name/up"
trap : TERM HUP INT
while :; do
    sleep infinity &
    wait $! # bash takes the end of what is left to it
done
