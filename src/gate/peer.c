/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "gate/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

#define GROUPS_FEW 256
#define GROUPS_MOST 65536	/* NGROUPS_MAX of Linux */

struct peer_rule peer_rule(bool own, const char *group)
{
	const struct group *entry = *group ? getgrnam(group) : NULL;

	return (struct peer_rule){ own, entry != NULL, entry ? entry->gr_gid : 0 };
}

static bool has(const gid_t *groups, size_t n, gid_t group)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* As the group database has them, for kernels that do not tell (before 4.13). */
static bool member_by_name(uid_t uid, gid_t gid, gid_t group)
{
	struct passwd space, *entry = NULL;
	gid_t groups[GROUPS_FEW];
	char text[4096];
	int n = GROUPS_FEW;

	if (getpwuid_r(uid, &space, text, sizeof text, &entry) != 0 || !entry)
		return false;
	if (getgrouplist(entry->pw_name, gid, groups, &n) < 0)
		n = GROUPS_FEW;
	return has(groups, (size_t)n, group);
}

static bool member(int fd, const struct ucred *cred, gid_t group)
{
#ifdef SO_PEERGROUPS
	gid_t few[GROUPS_FEW], *groups = few;
	socklen_t len = sizeof few;
	int rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len);
	bool found;

	if (rc < 0 && errno == ERANGE && len <= GROUPS_MOST * sizeof *groups) {
		groups = mem_alloc(len);
		rc = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len);
	}
	found = rc == 0 && has(groups, len / sizeof *groups, group);
	if (groups != few)
		free(groups);
	if (rc == 0 || errno != ENOPROTOOPT)
		return found;
#else
	(void)fd;
#endif
	return member_by_name(cred->uid, cred->gid, group);
}

bool peer_serves(const struct peer_rule *rule, int fd)
{
	struct ucred cred = { 0 };
	int domain = 0;
	socklen_t len = sizeof cred, domain_len = sizeof domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) < 0 || domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	if (cred.uid == 0 || (rule->own && cred.uid == geteuid()))
		return true;
	return rule->by_group && (cred.gid == rule->group || member(fd, &cred, rule->group));
}
