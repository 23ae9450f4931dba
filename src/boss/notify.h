/* SPDX-License-Identifier: EUPL-1.2
 * Tells the service manager how it goes, as sd_notify(3) does: one datagram to NOTIFY_SOCKET. */
#ifndef BOSS_NOTIFY_H
#define BOSS_NOTIFY_H

/* Nothing happens where there is no NOTIFY_SOCKET, and a failure is only logged: nobody who is
 * served should suffer from it. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);

#endif
