/* SPDX-License-Identifier: EUPL-1.2
 * A built postvak-runner on a bench: what a dispatcher does with it, a step at a time. Whatever is not
 * as it should be fails the test that runs. Works in the build directory. */
#ifndef TESTS_RUN_RIG_H
#define TESTS_RUN_RIG_H

#include <stdint.h>
#include <sys/types.h>
#include "base/board.h"
#include "base/buf.h"
#include "base/mem.h"
#include "event/wire.h"
#include "postvak/handler.h"

#define LIBS "tests/handlers/.libs/"
#define BUNDLED "handlers/.libs/"
#define SLOT 1			/* whose mark is the runner's, among SLOTS */
#define SLOTS 2

struct rig {
	pid_t pid;
	int sock;
	struct mark *marks;
	struct buf in;
	size_t at;
	struct pool *pool;	/* of what was received */
};

extern char scratch_dir[];	/* there once scratch_path was called; removed at exit */
char *scratch_path(const char *name);	/* to be freed, as all paths and texts here */
/* Where the build put a program or plugin; made safe from others, whatever the umask was. */
char *built_path(const char *path);
char *text_read(const char *path);
void text_write(const char *path, const char *text);

struct rig rig_start(void);	/* nothing said yet */
struct rig rig_plugin(const char *plugin, struct wire_option *options, size_t n, uint64_t memory);	/* ready */
struct rig rig_tester(const char *name, const char *value);	/* testhandler.so, ready, with one option or none */

void rig_send(struct rig *rig, struct buf *out);	/* and frees it */
void rig_hello(struct rig *rig, struct wire_hello hello);
/* A notification with its number in the key. */
struct event event_like(uint64_t n, const char *data);
void rig_event(struct rig *rig, const struct event *event, uint32_t attempt);
void rig_put_action(struct buf *out, uint64_t n, const char *actie, uint32_t attempt);
void rig_action(struct rig *rig, uint64_t n, const char *actie, uint32_t attempt);	/* for testhandler.so */

int rig_next(struct rig *rig, struct cut *body);	/* kind of the next frame, 0 at the end */
struct wire_outcome rig_outcome(struct rig *rig, uint64_t n);
char *rig_text(struct rig *rig, int wanted);	/* the first text of the next frame, of that kind; in the pool */

uint64_t rig_marked(const struct rig *rig);	/* the number in its mark */
void rig_wait(const struct rig *rig, uint64_t n);	/* until it is n */

int rig_end(struct rig *rig);		/* waits for the end; the status of waitpid */
void rig_end_well(struct rig *rig);	/* ends the input; the status must be 0 */

/* Loads what must not load and looks for text in the reason. */
void rig_fails(const char *path, struct wire_hello hello, const char *text);
void rig_built_fails(const char *plugin, struct wire_hello hello, const char *text);

#endif
