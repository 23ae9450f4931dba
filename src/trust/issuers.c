/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/issuers.h"

struct issuers *issuers_new(const struct conf *conf, struct problems *problems)
{
	(void)conf;
	(void)problems;
	return NULL;
}

void issuers_free(struct issuers **issuers)
{
	*issuers = NULL;
}

void issuers_consult(struct issuers *issuers, trust_wanted *wanted, void *arg)
{
	(void)issuers;
	(void)wanted;
	(void)arg;
}

void issuers_tell(struct issuers *issuers, const struct trust_question *question, const void *answer, size_t len)
{
	(void)issuers;
	(void)question;
	(void)answer;
	(void)len;
}
