/* SPDX-License-Identifier: EUPL-1.2
 * Runs every file of the corpora through its target, without libFuzzer: replay DIRECTORY, which has a directory
 * for each target. An input that breaks something ends the program by a signal. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/mem.h"
#include "base/sock.h"
#include "targets.h"

#define INPUT_MAX (1u << 20)

/* The program's name for the signal's story: which input it was. */
static void run_file(const struct target *target, const char *path)
{
	struct err err = {{0}};
	size_t len;
	char *text = file_read(path, INPUT_MAX, &len, &err);
	uint8_t *exact;

	if (!text) {
		fprintf(stderr, "%s\n", err.text);
		exit(EXIT_FAILURE);
	}
	exact = mem_dup(text, len);	/* so that a read behind its end is seen */
	free(text);
	printf("%s\n", path);
	fflush(stdout);
	target->run(exact, len);
	free(exact);
}

static size_t run_corpus(const char *root, const struct target *target)
{
	char *dir = str_fmt("%s/%s", root, target->name);
	DIR *entries = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	while (entries && (entry = readdir(entries))) {
		char *path = str_fmt("%s/%s", dir, entry->d_name);

		if (*entry->d_name != '.') {
			run_file(target, path);
			n++;
		}
		free(path);
	}
	if (entries)
		closedir(entries);
	free(dir);
	return n;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: replay DIRECTORY\n");
		return 2;
	}
	for (const struct target *target = targets; target->name; target++)
		if (!run_corpus(argv[1], target)) {
			fprintf(stderr, "%s/%s has no inputs\n", argv[1], target->name);
			return EXIT_FAILURE;
		}
	return EXIT_SUCCESS;
}
