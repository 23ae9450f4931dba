# SPDX-License-Identifier: EUPL-1.2
# See processes() in bench.sh. Reads /proc/*/stat.
{
	pid = $1
	name[pid] = fields = $0
	sub(/^[0-9]+ \(/, "", name[pid])
	sub(/\) [A-Za-z] [-0-9 ]*$/, "", name[pid])
	sub(/.*\) /, "", fields)
	split(fields, f, " ")
	parent[pid] = f[2]
	cpu[pid] = (f[12] + f[13]) / hz
	ended[pid] = (f[14] + f[15]) / hz
}
END {
	n = split(roots, list, " ")
	for (i = 1; i <= n; i++) wanted[list[i]] = 1
	for (pid in name) {
		for (up = pid; up > 1 && !(up in wanted); up = parent[up]) ;
		if (!(up in wanted)) continue
		who = name[pid]
		gsub(/[^A-Za-z0-9._-]/, "_", who)
		if (length(who) == 15 && who ~ /^postvak-dispatc/) who = "postvak-dispatch"	# the kernel keeps 15
		if (who == "postvak") who = "postvak-serve"
		rollup = "/proc/" pid "/smaps_rollup"
		while ((getline line < rollup) > 0) {
			split(line, m, " ")
			if (m[1] == "Rss:" && m[2] > rss[who]) rss[who] = m[2]
			if (m[1] == "Pss:") pss[who] += m[2]
		}
		close(rollup)
		used[who] += cpu[pid]; gone[who] += ended[pid]; many[who]++
	}
	for (who in used) print who, used[who], gone[who], rss[who] + 0, pss[who] + 0, many[who]
}
