/* SPDX-License-Identifier: EUPL-1.2
 * Stands for a receiver, a dispatcher, who fetches keys, and `postvak check` in tests of the boss: speaks
 * base/child.h and writes what happens to it, a line each, to state_dir/log. A file
 * state_dir/ROLE.GENERATION.ORDER makes it misbehave: die, mute, closed (control), deaf, or hold
 * (drain only once the file is gone); of die-all-but-one, one child makes "die" for the others. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/child.h"
#include "base/mem.h"
#include "base/sock.h"

static char *role, *state_dir;
static unsigned long long generation;

static void note(const char *word)
{
	char *path = str_fmt("%s/log", state_dir);
	char *line = str_fmt("%s %llu %s\n", role, generation, word);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		abort();
	close(fd);
	free(path);
	free(line);
}

static bool ordered(const char *order)
{
	char *path = str_fmt("%s/%s.%llu.%s", state_dir, role, generation, order);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

/* Who can rename the order is the one. */
static bool spared(void)
{
	char *from = str_fmt("%s/%s.%llu.die-all-but-one", state_dir, role, generation);
	char *to = str_fmt("%s/%s.%llu.die", state_dir, role, generation);
	bool is = rename(from, to) == 0;

	free(from);
	free(to);
	return is;
}

static void read_conf(void)
{
	size_t len;
	char *text = fd_read_all(CHILD_CONF_FD, 1 << 20, &len, NULL);
	struct cut c = { (unsigned char *)text, len, false };
	const unsigned char *p;

	p = cut_bytes(&c, &len);
	role = strndup((const char *)p, len);
	generation = cut_u64(&c);
	p = cut_bytes(&c, &len);
	state_dir = strndup((const char *)p, len);
	if (c.bad)
		abort();
	free(text);
}

/* Its descriptors and the names in its environment. */
static void note_world(void)
{
	struct buf b = {0};

	buf_str(&b, "fds");
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			buf_fmt(&b, " %d", fd);
	buf_str(&b, " env");
	for (char **variable = environ; *variable; variable++)
		buf_fmt(&b, " %.*s", (int)strcspn(*variable, "="), *variable);
	note(b.p);
	buf_free(&b);
}

static void drain(void)
{
	note("drain");
	while (ordered("hold") || ordered("deaf"))
		poll(NULL, 0, 5);
	note("end");
	exit(0);
}

static void hear(void)
{
	char word[32] = {0};
	int fd, type = 0;
	socklen_t len = sizeof type;
	ssize_t n = sock_receive(CHILD_CONTROL_FD, word, sizeof word - 1, &fd);

	if (n <= 0) {
		note("eof");
		exit(0);
	}
	if (strcmp(word, CHILD_DRAIN) == 0)
		drain();
	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET) {
		note(word);
		close(fd);
	} else
		note("nonsense");
}

/* postvak -c FILE check: a line "check N" in the file is the exit status. */
static int check(const char *file)
{
	char *text = file_read(file, 65536, NULL, NULL), *line = text ? strstr(text, "check ") : NULL;
	int status = line ? atoi(line + 6) : 0;

	if (status)
		fprintf(stderr, "%s:3: the checker does not like it\n", file);
	free(text);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "-c") == 0 && strcmp(argv[3], "check") == 0)
		return check(argv[2]);
	alarm(60);
	read_conf();
	note("start");
	if (!spared() && ordered("die"))
		return 3;
	if (generation == 1)
		note_world();
	if (!ordered("mute")) {
		note("ready");
		if (sock_send(CHILD_CONTROL_FD, CHILD_READY, strlen(CHILD_READY), -1) < 0)
			return 4;
	}
	if (ordered("closed"))
		close(CHILD_CONTROL_FD);
	while (ordered("closed"))
		pause();
	for (;;)
		hear();
}
