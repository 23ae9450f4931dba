/* SPDX-License-Identifier: EUPL-1.2
 * Plugins that must not load. Which one is said by BAD when it is compiled:
 *	1  no symbol		2  interface 2.0	3  interface 1.99, said in the descriptor alone
 *	4  too small		5  no run function	6  no marked text
 *	7  uses state		8  a required option	9  interface 2.0, and its constructor shows that it ran
 *	10 interface 0.9	11 an undefined symbol	12 a default that is no number */
#include <stdio.h>
#include <stdlib.h>
#include <postvak/handler.h>

#define TEXT(abi) PV_NOTE_MARK "bad 1.0 " abi "\n\n"
#define SIZE ((uint32_t)sizeof(struct pv_handler))

#if BAD == 11
int nobody_has_this(void);
#endif

static int run(struct pv_host *host, void *state, struct pv_event *ev)
{
	(void)host;
	(void)state;
	(void)ev;
#if BAD == 11
	return nobody_has_this();
#else
	return PV_DONE;
#endif
}

#if BAD == 7
PV_HANDLER("bad", "1.0", PV_NO_OPTIONS, .uses_state = 1, .run = run);
#elif BAD == 8
#define OPTIONS(X) X("mailbox", PV_STRING, PV_REQUIRED, "where mail goes") X("n", PV_INT, "-5", "a number")
PV_HANDLER("bad", "1.0", OPTIONS, .run = run);
#elif BAD == 11
PV_HANDLER("bad", "1.0", PV_NO_OPTIONS, .run = run);
#elif BAD == 12
#define OPTIONS(X) X("n", PV_INT, "five", "a number")
PV_HANDLER("bad", "1.0", OPTIONS, .run = run);
#elif BAD == 1
PV_EXPORT extern const struct pv_handler some_other_name;
const struct pv_handler some_other_name = { 1, 0, SIZE, TEXT("1.0"), "bad", "1.0", NULL, 0, NULL, run, NULL };
#else
PV_EXPORT extern const struct pv_handler postvak_handler;
const struct pv_handler postvak_handler = {
#if BAD == 2 || BAD == 9
	2, 0, SIZE, TEXT("2.0"), "bad", "1.0", NULL, 0, NULL, run, NULL
#elif BAD == 3
	1, 99, SIZE, TEXT("1.0"), "bad", "1.0", NULL, 0, NULL, run, NULL
#elif BAD == 4
	1, 0, SIZE - 8, TEXT("1.0"), "bad", "1.0", NULL, 0, NULL, run, NULL
#elif BAD == 5
	1, 0, SIZE, TEXT("1.0"), "bad", "1.0", NULL, 0, NULL, NULL, NULL
#elif BAD == 6
	1, 0, SIZE, "", "bad", "1.0", NULL, 0, NULL, run, NULL
#elif BAD == 10
	0, 9, SIZE, TEXT("0.9"), "bad", "1.0", NULL, 0, NULL, run, NULL
#endif
};
#endif

#if BAD == 9
static void __attribute__((constructor)) ran(void)
{
	puts("a byte of it ran");
	exit(42);
}
#endif

/* What some of the above do not use. */
int (*const bad_run)(struct pv_host *, void *, struct pv_event *) = run;
