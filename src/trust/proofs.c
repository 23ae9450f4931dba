/* SPDX-License-Identifier: EUPL-1.2
 * The table of proofs, and what several of them share. */
#include "config.h"
#include "trust/proof.h"

#include <string.h>
#include <strings.h>

const char *bearer_token(const char *authorization)
{
	const char *token = authorization + 6;

	if (strncasecmp(authorization, "Bearer", 6) != 0 || *token != ' ')
		return NULL;
	return token + strspn(token, " ");
}

const char *trial_token(const struct trial *trial)
{
	if (trial->query_token)
		return trial->query_token;
	return trial->authorization && !trial->repeated ? bearer_token(trial->authorization) : NULL;
}
