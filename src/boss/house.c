/* SPDX-License-Identifier: EUPL-1.2 */
#include "boss/house.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/board.h"
#include "base/child.h"
#include "base/sock.h"
#include "boss/pidfile.h"
#include "conf/conf.h"

/* No receiver of ours lives now: what one that was killed counted is void. */
static int open_board(const char *path, const struct conf *conf, struct err *err)
{
	struct board *board = board_open(path, conf->group, err);

	if (!board)
		return -1;
	board_add(board, BOARD_CONNECTIONS, -board_get(board, BOARD_CONNECTIONS));
	board_add(board, BOARD_THREADS, -board_get(board, BOARD_THREADS));
	board_close(&board);
	return 0;
}

int house_open(struct house *house, const struct conf *conf, struct err *err)
{
	char *bell = str_fmt("%s/%s", conf->run_dir, RUN_BELL), *board = str_fmt("%s/%s", conf->run_dir, RUN_BOARD);
	int rc = -1;

	*house = (struct house){ .doors = { -1, -1, -1 }, .pidfile = -1, .run_dir = str_dup(conf->run_dir) };
	if (conf_make_dirs(conf, err) < 0)
		goto out;
	house->pidfile = pidfile_take(conf->run_dir, err);
	if (house->pidfile < 0)
		goto out;
	house->doors.bell = bell_open(bell, conf->group, err);
	if (house->doors.bell < 0 || open_board(board, conf, err) < 0)
		goto out;
	rc = house_listen(house, conf, err);
out:
	free(bell);
	free(board);
	return rc;
}

static char *keys_path(const struct house *house)
{
	return str_fmt("%s/%s", house->run_dir, RUN_KEYS);
}

static int listen_for_keys(struct house *house, const struct conf *conf, struct err *err)
{
	char *path = keys_path(house);

	house->doors.keys = sock_listen_packets(path, conf->group, err);
	free(path);
	return house->doors.keys < 0 ? -1 : 0;
}

int house_listen(struct house *house, const struct conf *conf, struct err *err)
{
	if (conf_fetches(conf) && house->doors.keys < 0 && listen_for_keys(house, conf, err) < 0)
		return -1;
	if (conf->receivers == 0 || house->doors.listen >= 0)
		return 0;
	house->doors.listen = sock_listen(conf->listen, conf->group, err);
	if (house->doors.listen < 0)
		return -1;
	house->listening = str_dup(conf->listen);
	return 0;
}

static void close_keys(struct house *house)
{
	char *path = keys_path(house);

	unlink(path);
	close(house->doors.keys);
	house->doors.keys = -1;
	free(path);
}

void house_unlisten(struct house *house, const struct conf *conf)
{
	if (house->doors.keys >= 0 && !(conf && conf_fetches(conf)))
		close_keys(house);
	if (house->doors.listen < 0 || (conf && conf->receivers > 0))
		return;
	if (strncmp(house->listening, "unix:", 5) == 0)
		unlink(house->listening + 5);
	close(house->doors.listen);
	house->doors.listen = -1;
	free(house->listening);
	house->listening = NULL;
}

void house_close(struct house *house)
{
	char *bell = str_fmt("%s/%s", house->run_dir, RUN_BELL);

	house_unlisten(house, NULL);
	if (house->doors.bell >= 0) {
		unlink(bell);
		close(house->doors.bell);
		house->doors.bell = -1;
	}
	pidfile_drop(house->run_dir, &house->pidfile);
	free(bell);
	free(house->run_dir);
	house->run_dir = NULL;
}

int house_publish(const struct house *house, uint64_t generation, struct err *err)
{
	char *path = str_fmt("%s/%s", house->run_dir, RUN_GENERATION), text[24];
	int len = snprintf(text, sizeof text, "%" PRIu64 "\n", generation);
	int rc = file_replace(path, text, (size_t)len, 0644, err);

	free(path);
	return rc;
}

uint64_t house_published(const struct house *house)
{
	char *path = str_fmt("%s/%s", house->run_dir, RUN_GENERATION);
	char *text = file_read(path, 64, NULL, NULL);
	uint64_t generation = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	free(path);
	return generation;
}
