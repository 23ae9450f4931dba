# SPDX-License-Identifier: EUPL-1.2
# Sourced by quickstart.sh and tests/run.sh: installs Debian packages that are missing, and says which.

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "This needs root for: $*" >&2
		echo "Run it as root, or install sudo." >&2
		return 1
	fi
}

# need_packages NAME...: installs those that are not there
need_packages() {
	missing=
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		*"install ok installed") ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "These packages are needed, and there is no apt-get here to install them:$missing" >&2
		return 1
	fi
	echo "installing:$missing"
	# No web server is to start by itself because we installed it.
	policy=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	status=0
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing >/tmp/postvak-apt.$$ 2>&1 || {
		as_root apt-get -qq update >/tmp/postvak-apt.$$ 2>&1 &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing >/tmp/postvak-apt.$$ 2>&1
	} || status=$?
	[ -z "$policy" ] || as_root rm -f $policy
	if [ $status != 0 ]; then
		tail -n 20 /tmp/postvak-apt.$$ >&2
		echo "apt-get could not install:$missing" >&2
	fi
	rm -f /tmp/postvak-apt.$$
	return $status
}

BUILD_PACKAGES="gcc libc6-dev make autoconf automake libtool pkg-config libsqlite3-dev libssl-dev libinih-dev libcurl4-openssl-dev"
BENCH_PACKAGES="nginx libfcgi-dev libjson-c-dev"	# what Postvak is compared with
