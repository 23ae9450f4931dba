#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Proves both commands of the README in a bare root made by debootstrap, with nothing installed but
# what debootstrap puts there. Needs root and debootstrap.
#   sh tests/clean-root.sh [SUITE [MIRROR]]       default: bookworm http://deb.debian.org/debian
# The root is made in build/clean-root (PV_CLEAN_ROOT names another place) and removed afterwards.
set -eu
cd "$(dirname "$0")/.."
source=$(pwd)
. examples/packages.sh
suite=${1:-bookworm}
mirror=${2:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "clean-root.sh: run this as root (debootstrap and chroot need it)" >&2; exit 1; }
need_packages debootstrap git
root=${PV_CLEAN_ROOT:-$source/build/clean-root}

leave() {
	status=$?
	for mount in dev proc; do
		! mountpoint -q "$root/$mount" || umount -l "$root/$mount"
	done
	rm -rf --one-file-system "$root"
	exit $status
}
trap leave EXIT
trap 'exit 130' INT TERM

rm -rf --one-file-system "$root"
mkdir -p "$root"
echo "== debootstrap $suite"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/apt/apt.conf.d/*proxy*; do
	[ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/postvak"
git archive --format=tar HEAD | tar -x -C "$root/postvak"

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
echo "== sh examples/quickstart.sh --once"
inside sh /postvak/examples/quickstart.sh --once
echo "== sh tests/run.sh"
inside sh /postvak/tests/run.sh ${PARTS:-}
