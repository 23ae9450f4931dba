# SPDX-License-Identifier: EUPL-1.2
# Sourced first, from the root of the source: what is wrong is said before anything is installed or built.

# numbers SCRIPT FROM TO MOST WORD...: --help prints these lines of the script; else at most MOST whole numbers above 0.
numbers() {
	of=$1 from=$2 to=$3 most=$4
	shift 4
	for word in "$@"; do
		case $word in
		--help | -h) sed -n "$from,${to}s/^#[ 	]\{0,1\}//p" "$of"; exit 0 ;;
		0* | *[!0-9]* | ????????* | "") most=-1 ;;
		*) most=$((most - 1)) ;;
		esac
		[ $most -ge 0 ] || { echo "${of##*/}: what is '$word'? See sh $of --help" >&2; exit 2; }
	done
}

# The names of the peers, whether they can be had here or not.
peers_named() { sed -n 's/^peers_there="\(.*\)"$/\1/p' tests/bench/peers/peers.sh; }

# positive NAME...: variables, if they are set
positive() {
	for name in "$@"; do
		eval "word=\${$name-1}"
		case $word in 0* | *[!0-9]* | ?????* | "")
			echo "${0##*/}: $name is a whole number from 1 to 9999, not '$word'" >&2
			exit 2 ;;
		esac
	done
}
