/* SPDX-License-Identifier: EUPL-1.2
 * What a handler can do to the process that it runs in. Those that return let the event be done:
 *
 *	busy	loops for ever			deaf	blocks and ignores every signal, then loops
 *	quit	calls _exit(0)			signalN	raises signal N
 *	heap	writes around what malloc gave, and frees that
 *	stack	overwrites the frames of its callers
 *	recurse	calls itself until there is no stack
 *	child	leaves a child that pauses, and one whose parent is gone
 *	copy	forks, and the child returns as well
 *	bomb	forks again and again, 128 processes in all, of which none ends
 *	garbage	writes bytes to every descriptor from 0 to 1023; fewer than a frame begins with
 *	flood	the same, a lot of bytes
 *	files	opens files until that fails	stdout	closes descriptors 0 to 2
 *	mask	blocks every signal		rlimits	allows itself a second of processor time, and no files
 *	cwd	changes to the root directory	umask	lets nobody have its files
 *	alarm	lets SIGALRM come in a second	session	tries to be a session of its own
 *	environ	empties its environment */
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

void misbehave(const char *word, int spared);	/* a descriptor that garbage spares */

#endif
