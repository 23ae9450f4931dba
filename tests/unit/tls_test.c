/* SPDX-License-Identifier: EUPL-1.2
 * TLS client certificates as a credential: what web servers pass, and what is asked of it. */
#include "config.h"
#include "unit.h"

#include <string.h>
#include "trust/subject.h"
#include "trust/trust.h"

/* C=NL, O=Gemeente Sint-Jan, Noordwâld (with the comma), organizationIdentifier=NTRNL-00000001,
 * serialNumber=00000001823288444000, CN=webhooks.voorbeeld.nl; DNS webhooks.voorbeeld.nl and *.wild.voorbeeld.nl,
 * URI https://voorbeeld.nl/Notificaties, email Beheer@voorbeeld.nl. Nobody has its key. */
#define CERT(B) "-----BEGIN CERTIFICATE-----" B("") \
	B("MIICsjCCAligAwIBAgIUK1lVntXwDLaHm0B32XzyzcrEe88wCgYIKoZIzj0EAwIw") \
	B("gY0xCzAJBgNVBAYTAk5MMSYwJAYDVQQKDB1HZW1lZW50ZSBTaW50LUphbiwgTm9v") \
	B("cmR3w6JsZDEXMBUGA1UEYQwOTlRSTkwtMDAwMDAwMDExHTAbBgNVBAUTFDAwMDAw") \
	B("MDAxODIzMjg4NDQ0MDAwMR4wHAYDVQQDDBV3ZWJob29rcy52b29yYmVlbGQubmww") \
	B("IBcNMjYxMTI2MTA0ODIzWhgPMjEyNjExMDIxMDQ4MjNaMIGNMQswCQYDVQQGEwJO") \
	B("TDEmMCQGA1UECgwdR2VtZWVudGUgU2ludC1KYW4sIE5vb3Jkd8OibGQxFzAVBgNV") \
	B("BGEMDk5UUk5MLTAwMDAwMDAxMR0wGwYDVQQFExQwMDAwMDAwMTgyMzI4ODQ0NDAw") \
	B("MDEeMBwGA1UEAwwVd2ViaG9va3Mudm9vcmJlZWxkLm5sMFkwEwYHKoZIzj0CAQYI") \
	B("KoZIzj0DAQcDQgAER5mNfWVtcSs7ilNZSLFhhqRnryiZK6esoDNhHv32n2dhq0Eb") \
	B("OOZSMSgzVdrenquShvffuoffGjhgfRCTyiQyUqOBkTCBjjBtBgNVHREEZjBkghV3") \
	B("ZWJob29rcy52b29yYmVlbGQubmyCEyoud2lsZC52b29yYmVlbGQubmyGIWh0dHBz") \
	B("Oi8vdm9vcmJlZWxkLm5sL05vdGlmaWNhdGllc4ETQmVoZWVyQHZvb3JiZWVsZC5u") \
	B("bDAdBgNVHQ4EFgQUomXf9UyrYWny1Os1qZh6/0+wqOgwCgYIKoZIzj0EAwIDSAAw") \
	B("RQIgMqrpLs4B9quRgq+ehOxbuA276pq3LjkI0MN+nZq9UhgCIQDVWM8Aipjkkm6V") \
	B("QHId2gzYkpyoQPphfgy4aUIcl8/7zA==") \
	"-----END CERTIFICATE-----"
#define LINE(text) text "\n"
#define BLANK(text) text " "
#define ESCAPED(text) text "%0A"

#define SUBJECT "CN=webhooks.voorbeeld.nl,serialNumber=00000001823288444000,2.5.4.97=#0C0E4E54524E4C2D3030303030303031," \
	"O=Gemeente Sint-Jan\\, Noordw\\C3\\A2ld,C=NL"
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static const char *const names[] = { "DNS:a.nl", "email:B@a.nl" };

/* What came, to a sender with this setting. */
struct row {
	const char *subject_wanted, *names_wanted;
	struct message_tls tls;
	enum trust_verdict verdict;
	const char *note;		/* or null */
};

static void judge(const struct row *row, int line)
{
	static size_t senders[] = { 0 };
	struct conf_sender sender = { .name = "s", .tls_subject = row->subject_wanted, .tls_names = row->names_wanted };
	struct conf_endpoint endpoint = { .name = "e", .path = "/", .senders = senders, .n_senders = 1 };
	struct conf conf = { .endpoints = &endpoint, .n_endpoints = 1, .senders = &sender, .n_senders = 1 };
	struct message m = { .method = "POST", .path = "/", .query = "", .peer = "", .body = (const unsigned char *)"", .tls = row->tls };
	struct pool *pool = pool_new();
	struct trust_request request = { .m = &m, .pool = pool };
	struct trust *trust = trust_new(&conf);
	struct admitted admitted;
	enum trust_verdict verdict = trust_admit(trust, &request, &admitted);

	ck_assert_msg(verdict == row->verdict, "line %d: %d, %s", line, (int)verdict, admitted.note ? admitted.note : "");
	ck_assert_msg(!admitted.note == !row->note, "line %d: %s", line, admitted.note ? admitted.note : "no note");
	if (row->note)
		ck_assert_msg(strstr(admitted.note, row->note) != NULL, "line %d: %s", line, admitted.note);
	ck_assert_int_eq(admitted.why == NULL, verdict == TRUST_OK);
	trust_free(&trust);
	pool_free(&pool);
}

#define JUDGE(...) judge(&(struct row){ __VA_ARGS__ }, __LINE__)
#define BY_CERT(text) { .trusted = true, .verified = true, .cert = text }
#define BY_SUBJECT(text) { .trusted = true, .verified = true, .subject = text }

START_TEST(a_subject_is_found_in_the_certificate_however_it_is_passed)
{
	JUDGE("CN=webhooks.voorbeeld.nl", NULL, BY_CERT(CERT(LINE)), TRUST_OK, NULL);
	JUDGE("CN=webhooks.voorbeeld.nl", NULL, BY_CERT(CERT(BLANK)), TRUST_OK, NULL);
	JUDGE("CN=webhooks.voorbeeld.nl", NULL, BY_CERT(CERT(ESCAPED)), TRUST_OK, NULL);
	JUDGE("serialNumber=00000001823288444000, O=Gemeente Sint-Jan\\, Noordw\303\242ld", NULL, BY_CERT(CERT(LINE)), TRUST_OK, NULL);
	JUDGE("2.5.4.5=00000001823288444000, ORGANIZATIONIDENTIFIER=NTRNL-00000001", NULL, BY_CERT(CERT(LINE)), TRUST_OK, NULL);
	JUDGE("CN=other | 2.5.4.97=NTRNL-00000001", NULL, BY_CERT(CERT(LINE)), TRUST_OK, NULL);
}
END_TEST

START_TEST(another_certificate_is_wrong)
{
	const char *const wanted[] = {
		"CN=other", "CN=Webhooks.voorbeeld.nl", "CN=webhooks.voorbeeld.nl2", "CN=webhooks", "O=webhooks.voorbeeld.nl",
		"CN=webhooks.voorbeeld.nl, C=BE", "O=Gemeente Sint-Jan", "CN=x | C=BE", "serialNumber=1823288444000", "CN=webhooks.voorbeeld.nl, x=y",
	};

	for (size_t i = 0; i < COUNT(wanted); i++) {
		JUDGE(wanted[i], NULL, BY_CERT(CERT(LINE)), TRUST_WRONG, "another subject");
		JUDGE(wanted[i], NULL, BY_SUBJECT(SUBJECT), TRUST_WRONG, "another subject");
	}
}
END_TEST

START_TEST(without_the_certificate_its_subject_will_do)
{
	JUDGE("serialNumber=00000001823288444000, O=Gemeente Sint-Jan\\, Noordw\303\242ld", NULL, BY_SUBJECT(SUBJECT), TRUST_OK, NULL);
	JUDGE("organizationIdentifier=NTRNL-00000001", NULL, BY_SUBJECT(SUBJECT), TRUST_OK, NULL);
	JUDGE("E=b@a.nl", NULL, BY_SUBJECT("emailAddress=b@a.nl"), TRUST_OK, NULL);
	JUDGE("S=Drenthe", NULL, BY_SUBJECT("CN=x+ST=Drenthe, O=y"), TRUST_OK, NULL);
	/* The certificate is what counts where both are there. */
	JUDGE("CN=x", NULL, { .trusted = true, .verified = true, .subject = "CN=x", .cert = CERT(LINE) }, TRUST_WRONG, "another subject");
	JUDGE("CN=x", NULL, { .trusted = true, .verified = true, .subject = "CN=x", .cert = "no" }, TRUST_WRONG, "cannot be read");
}
END_TEST

/* O=Evil/CN=good is one value there. */
START_TEST(the_old_form_of_subjects_is_not_believed)
{
	JUDGE("CN=good", NULL, BY_SUBJECT("/C=NL/O=Evil/CN=good"), TRUST_WRONG, "old form");
	JUDGE("CN=webhooks.voorbeeld.nl", NULL, { .trusted = true, .verified = true, .subject = "/CN=z", .cert = CERT(LINE) }, TRUST_OK, NULL);
}
END_TEST

START_TEST(names_are_those_of_the_certificate)
{
	const char *const good[] = { "DNS:WebHooks.Voorbeeld.nl", "DNS:x.nl, DNS:webhooks.voorbeeld.nl", "URI:https://voorbeeld.nl/Notificaties",
				     "email:Beheer@voorbeeld.nl", "DNS:*.wild.voorbeeld.nl" };
	const char *const bad[] = { "DNS:voorbeeld.nl", "DNS:a.wild.voorbeeld.nl", "URI:https://voorbeeld.nl/notificaties",
				    "email:beheer@voorbeeld.nl", "DNS:Beheer@voorbeeld.nl", "URI:webhooks.voorbeeld.nl" };

	for (size_t i = 0; i < COUNT(good); i++)
		JUDGE(NULL, good[i], BY_CERT(CERT(LINE)), TRUST_OK, NULL);
	for (size_t i = 0; i < COUNT(bad); i++)
		JUDGE(NULL, bad[i], BY_CERT(CERT(LINE)), TRUST_WRONG, "other names");
	JUDGE("C=NL", "DNS:webhooks.voorbeeld.nl", BY_CERT(CERT(LINE)), TRUST_OK, NULL);
	JUDGE("C=BE", "DNS:webhooks.voorbeeld.nl", BY_CERT(CERT(LINE)), TRUST_WRONG, "another subject");
	JUDGE("C=NL", "DNS:other.nl", BY_CERT(CERT(LINE)), TRUST_WRONG, "other names");
}
END_TEST

START_TEST(names_may_be_passed_one_by_one)
{
	JUDGE(NULL, "DNS:A.nl", { .trusted = true, .verified = true, .names = names, .n_names = 2 }, TRUST_OK, NULL);
	JUDGE(NULL, "email:B@a.nl", { .trusted = true, .verified = true, .names = names, .n_names = 2 }, TRUST_OK, NULL);
	JUDGE(NULL, "email:b@a.nl", { .trusted = true, .verified = true, .names = names, .n_names = 2 }, TRUST_WRONG, "other names");
	JUDGE(NULL, "DNS:A.nl", BY_SUBJECT("CN=A.nl"), TRUST_WRONG, "passes no names");
}
END_TEST

START_TEST(what_the_web_server_did_not_say_does_not_count)
{
	JUDGE("CN=x", NULL, { .trusted = true }, TRUST_MISSING, NULL);
	JUDGE("CN=x", NULL, { .trusted = true, .verified = true }, TRUST_MISSING, "passes nothing");
	JUDGE("CN=x", NULL, { .verified = true, .subject = "CN=x" }, TRUST_MISSING, "not the web server");
	JUDGE("C=NL", NULL, { .verified = true, .cert = CERT(LINE) }, TRUST_MISSING, "not the web server");
	JUDGE("CN=x", NULL, { .trusted = true, .subject = "CN=x" }, TRUST_WRONG, "did not verify");
	JUDGE("C=NL", NULL, { .trusted = true, .cert = CERT(LINE) }, TRUST_WRONG, "did not verify");
}
END_TEST

START_TEST(subjects_that_are_none_are_refused)
{
	const char *const bad[] = {
		"CN", "=x", "CN=x,", "CN=x,,O=y", "CN=\\", "CN=\\0", "CN=\\00", "CN=\\zz", "CN=\"x\"", "CN=a<b", "CN=#0C0", "CN=#0C0178x", "CN=#0C0100",
		"CN=#0C01FF", "CN=\\FF", "CN=x\377", " CN=x", "C N=x",
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		JUDGE("CN=x", NULL, BY_SUBJECT(bad[i]), TRUST_WRONG, "cannot be read");
}
END_TEST

START_TEST(values_in_hexadecimal_are_strings_or_nothing)
{
	const char *const none[] = { "CN=#", "CN=#0C", "CN=#0C0278", "CN=#0C017879", "CN=#020178", "CN=#0C810", "CN=#0C8278", "CN=#0C80" };

	JUDGE("CN=x", NULL, BY_SUBJECT("CN=#0C0178"), TRUST_OK, NULL);
	JUDGE("CN=x", NULL, BY_SUBJECT("CN=#130178,O=y"), TRUST_OK, NULL);
	JUDGE("CN=x", NULL, BY_SUBJECT("CN=#16810178"), TRUST_OK, NULL);
	JUDGE("CN=x", NULL, BY_SUBJECT("CN=#1682000178"), TRUST_OK, NULL);
	for (size_t i = 0; i < COUNT(none); i++) {
		struct pool *pool = pool_new();
		struct subject subject = { .pool = pool };

		ck_assert_msg(!subject_parse(&subject, none[i]) || subject.n == 0, "%s", none[i]);
		pool_free(&pool);
	}
}
END_TEST

START_TEST(more_attributes_than_anybody_needs_are_left_out)
{
	struct pool *pool = pool_new();
	struct subject subject = { .pool = pool }, wanted = { .pool = pool };

	for (int i = 0; i < 1000; i++)
		subject_add(&subject, "CN", "x");
	ck_assert_uint_eq(subject.n, SUBJECT_MOST);
	ck_assert(!subject_has(&subject, &wanted));	/* what asks for nothing is not fulfilled */
	pool_free(&pool);
}
END_TEST

UNIT_MAIN("tls", a_subject_is_found_in_the_certificate_however_it_is_passed, another_certificate_is_wrong,
	  without_the_certificate_its_subject_will_do, the_old_form_of_subjects_is_not_believed, names_are_those_of_the_certificate,
	  names_may_be_passed_one_by_one, what_the_web_server_did_not_say_does_not_count, subjects_that_are_none_are_refused,
	  values_in_hexadecimal_are_strings_or_nothing, more_attributes_than_anybody_needs_are_left_out)
