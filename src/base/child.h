/* SPDX-License-Identifier: EUPL-1.2
 * What the boss and its children agree on. A child (receiver, dispatcher, keys) that has a boss finds
 * POSTVAK_BOSS=1 in an otherwise clean environment and these descriptors:
 *   0  the listening socket of receivers, or that of keys (dispatcher: /dev/null)
 *   3  control: one end of a SOCK_SEQPACKET pair; each message is one of the words below
 *   4  its configuration (conf_pack), to be read to the end and closed
 *   5  the dispatcher's doorbell
 * End of control means that the boss is gone: drain and leave. */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#define CHILD_LISTEN_FD 0
#define CHILD_CONTROL_FD 3
#define CHILD_CONF_FD 4
#define CHILD_BELL_FD 5

#define CHILD_READY "ready"		/* child to boss, once: it works */
#define CHILD_DRAIN "drain"		/* boss to child: finish what is in hand and leave */
/* Boss to a receiver, with a SOCK_SEQPACKET end: at a reload the old receivers send their idle
 * kept-alive connections (one message of one byte with one descriptor each) into one end as they
 * become idle, the new ones take them from the other. */
#define CHILD_GIVE "give"
#define CHILD_TAKE "take"

/* Names in run_dir */
#define RUN_BOSS "boss.pid"		/* held locked by the boss; its pid, a line */
#define RUN_BELL "bell"			/* the dispatcher's doorbell; made by the boss, or by `postvak drain` */
#define RUN_BOARD "board"		/* counters */
#define RUN_RATES "rates"		/* requests a minute, of senders and origins */
#define RUN_FAILED "failed"		/* failed.HANDLER: why the handler does not start, a sentence; gone once it does */
#define RUN_KEYS "keys"			/* where issuers are asked after: a SOCK_SEQPACKET socket, see trust/ask.h; the boss's */
#define RUN_GENERATION "generation"	/* decimal number of the newest generation, a line */
/* In state_dir */
#define STATE_DISPATCH "dispatch"	/* dispatch.lock: who holds it is the dispatcher */
#define STATE_KEYS "keys"		/* keys of issuers, a directory: keys/ISSUER.jwks as received, keys/ISSUER.json about it */

#endif
