/* SPDX-License-Identifier: EUPL-1.2
 * Who is at the other end of a connection. Another user than root is played by a child process, so most of it wants
 * root. */
#include "config.h"
#include "unit.h"

#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gate/peer.h"

#define STRANGER 54321		/* ids that nobody has */
#define GROUP 54322
#define OTHER 54323

struct who {
	uid_t uid;
	gid_t gid;
	gid_t groups[2];
	size_t n;
};

static int listen_at(struct sockaddr_un *address)
{
	char dir[UNIT_PATH];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof address->sun_path, "%s/s", unit_dir(dir));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)address, sizeof *address), 0);
	ck_assert_int_eq(chmod(unit_root, 0755) | chmod(dir, 0755) | chmod(address->sun_path, 0666), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* Whether the rule takes a connection of these for one of the web server. */
static bool serves(const struct peer_rule *rule, const struct who *who)
{
	struct sockaddr_un address;
	int listener = listen_at(&address), fd, status;
	pid_t child = fork();
	bool yes;

	if (child == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (setgroups(who->n, who->groups) < 0 || setresgid(who->gid, who->gid, who->gid) < 0 ||
		    setresuid(who->uid, who->uid, who->uid) < 0)
			_exit(1);
		_exit(connect(fd, (const struct sockaddr *)&address, sizeof address) < 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	yes = peer_serves(rule, fd);
	close(fd);
	close(listener);
	return yes;
}

START_TEST(the_web_server_is_known_by_its_group)
{
	static const struct peer_rule rule = { .by_group = true, .group = GROUP };
	static const struct { struct who who; bool yes; } rows[] = {
		{ { STRANGER, GROUP, { 0 }, 0 }, true },
		{ { STRANGER, OTHER, { OTHER, GROUP }, 2 }, true },
		{ { STRANGER, OTHER, { OTHER }, 1 }, false },
		{ { STRANGER, OTHER, { 0 }, 0 }, false },
		{ { 0, OTHER, { 0 }, 0 }, true },
	};

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(serves(&rule, &rows[i].who) == rows[i].yes, "row %zu", i);
}
END_TEST

START_TEST(without_a_group_only_ones_own_user_is_believed)
{
	static const struct who stranger = { STRANGER, 0, { 0 }, 1 };
	const struct peer_rule nobody = peer_rule(false, ""), own = peer_rule(true, "");

	ck_assert(!nobody.by_group && !nobody.own && !own.by_group && own.own);
	if (geteuid() != 0)
		return;
	ck_assert(!serves(&nobody, &stranger));
	ck_assert(!serves(&own, &stranger));	/* the group 0 of root is not meant when none is */
}
END_TEST

START_TEST(ones_own_user_is_believed)
{
	const struct peer_rule own = peer_rule(true, "");
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert(peer_serves(&own, fds[0]));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(over_tcp_nobody_is_believed)
{
	struct peer_rule rule = { .own = true, .by_group = true, .group = getegid() };
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), listener = socket(AF_INET, SOCK_STREAM, 0), end;
	socklen_t len = sizeof any;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&any, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&any, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&any, len), 0);
	end = accept(listener, NULL, NULL);
	ck_assert(!peer_serves(&rule, end));
	ck_assert(!peer_serves(&rule, -1));
	close(end);
	close(fd);
	close(listener);
}
END_TEST

START_TEST(a_group_that_is_not_there_has_no_members)
{
	struct peer_rule rule = peer_rule(false, "no-such-group-here");

	ck_assert(!rule.by_group);
	rule = peer_rule(false, "root");
	ck_assert(rule.by_group);
	ck_assert(rule.group == 0);
}
END_TEST

UNIT_MAIN("peer", the_web_server_is_known_by_its_group, without_a_group_only_ones_own_user_is_believed, ones_own_user_is_believed,
	  over_tcp_nobody_is_believed, a_group_that_is_not_there_has_no_members)
