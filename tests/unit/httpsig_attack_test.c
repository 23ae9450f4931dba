/* SPDX-License-Identifier: EUPL-1.2
 * Message signatures that are not believed for what they cover: each attack by itself, and that it is refused for what
 * it is. */
#include "config.h"
#include "httpsig_rig.h"

/* ---- what is not there ---- */

ATTACK(no_signature_at_all)
{
	ck_assert_int_eq(rig_judge(r), HTTPSIG_MISSING);
	rig_add(r, "content-digest", DIGEST);
	ck_assert_int_eq(rig_judge(r), HTTPSIG_MISSING);
}

ATTACK(the_signature_is_stripped)
{
	rig_sign(r);
	rig_remove(r, "signature");
	rig_refused(r, "no Signature");
}

ATTACK(the_signature_input_is_stripped)
{
	rig_sign(r);
	rig_remove(r, "signature-input");
	rig_refused(r, "no Signature-Input");
}

ATTACK(both_are_empty)
{
	rig_add(r, "signature-input", "");
	rig_add(r, "signature", "");
	rig_refused(r, "empty");
}

ATTACK(an_empty_signature)
{
	rig_sign(r);
	*rig_header(r, "signature") = "sig1=::";
	rig_refused(r, "the signature is wrong");
}

/* ---- what is covered ---- */

ATTACK(it_covers_nothing)
{
	rig_sign_input(r, "sig1", "()" NOW);
	rig_refused(r, "covers nothing");
	r->rules.components = "";
	rig_refused(r, "covers nothing");
}

ATTACK(an_attribute_in_a_header_is_not_covered)
{
	rig_add(r, "ce-id", "1");
	rig_sign(r);
	rig_good(r);
	*rig_header(r, "ce-id") = "2";
	rig_refused(r, "the signature is wrong");
	*rig_header(r, "ce-id") = "1";
	rig_add(r, "ce-subject", "een");
	rig_refused(r, "does not cover all");
	rig_add(r, "cex", "geen attribuut");
	rig_remove(r, "ce-subject");
	rig_good(r);
}

ATTACK(the_body_is_not_covered)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-type\")" NOW);
	rig_refused(r, "does not cover all");
	r->rules.components = "@method @authority";
	rig_good(r);
}

ATTACK(only_a_member_of_the_digest_is_covered)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\";key=\"sha-256\" \"content-type\")" NOW);
	rig_refused(r, "does not cover all");
}

/* Each of what is asked for by default is asked for; what has it inside does for it. */
ATTACK(each_required_component_is)
{
	static const struct { const char *input; bool good; } rows[] = {
		{ ALL, true },
		{ "(\"@authority\" \"@path\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"@path\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"@authority\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"@authority\" \"@path\" \"content-type\")", false },
		{ "(\"@method\" \"@authority\" \"@path\" \"content-digest\")", false },
		{ "(\"@method\" \"@target-uri\" \"content-digest\" \"content-type\")", true },
		{ "(\"@method\" \"@authority\" \"@request-target\" \"content-digest\" \"content-type\")", true },
		{ "(\"@method\" \"@request-target\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"@authority\" \"@query\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"host\" \"@path\" \"content-digest\" \"content-type\")", false },
		{ "(\"@method\" \"@authority\" \"@path\" \"content-digest\";sf \"content-type\";bs)", true },
		{ "(\"content-type\" \"content-digest\" \"@path\" \"@authority\" \"@method\" \"@query\" \"host\")", true },
	};
	size_t before = (rig_add(r, "content-digest", DIGEST), r->m.n_headers);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		r->m.n_headers = before;
		rig_sign_input(r, "sig1", pool_fmt(r->pool, "%s" NOW, rows[i].input));
		ck_assert_msg(rig_judge(r) == (rows[i].good ? HTTPSIG_GOOD : HTTPSIG_BAD), "%s: %s", rows[i].input, r->why);
	}
}

ATTACK(what_is_asked_for_is_a_setting)
{
	r->rules.components = "date|x-date, @query|@target-uri";
	rig_add(r, "x-date", "1");
	rig_sign_input(r, "sig1", "(\"x-date\" \"@query\")" NOW);
	rig_good(r);
	r->rules.components = "date";
	rig_refused(r, "does not cover all");
	r->rules.components = "@query-param";	/* one of them is not all of them */
	rig_remove(r, "signature");
	rig_remove(r, "signature-input");
	rig_sign_input(r, "sig1", "(\"@query-param\";name=\"d\")" NOW);
	rig_refused(r, "does not cover all");
}

ATTACK(content_type_is_asked_for_where_there_is_one)
{
	rig_remove(r, "content-type");
	rig_sign(r);
	rig_good(r);
	rig_add(r, "content-type", "text/plain");
	rig_refused(r, "does not cover all");
}

ATTACK(a_component_twice)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"@method\")" NOW);
	rig_refused(r, "covers something twice");
}

ATTACK(a_component_twice_in_another_order_of_parameters)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" "
		       "\"content-digest\";sf;key=\"sha-256\" \"content-digest\";key=\"sha-256\";sf)" NOW);
	rig_refused(r, "covers something twice");
}

ATTACK(a_component_by_different_parameters_is_two)
{
	rig_add(r, "content-digest", DIGEST ", x=1");
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"content-digest\";bs "
		       "\"content-digest\";sf \"content-digest\";key=\"sha-256\" \"content-digest\";key=\"x\")" NOW);
	rig_good(r);
}

ATTACK(a_header_that_is_not_there)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"x-gone\")" NOW);
	rig_refused(r, "a header that it covers is not there");
}

ATTACK(a_covered_header_is_removed)
{
	rig_add(r, "x-zaak", "1");
	r->make.components = HTTPSIG_REQUIRED " x-zaak";
	rig_sign(r);
	rig_good(r);
	rig_remove(r, "x-zaak");
	rig_refused(r, "a header that it covers is not there");
}

ATTACK(a_covered_header_is_added_to)
{
	rig_add(r, "x-zaak", "1");
	r->make.components = HTTPSIG_REQUIRED " x-zaak";
	rig_sign(r);
	rig_add(r, "x-zaak", "2");
	rig_refused(r, "the signature is wrong");
}

ATTACK(an_ambiguous_query_parameter)
{
	r->m.query = "a=1&a=2";
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"@query-param\";name=\"a\")" NOW);
	rig_refused(r, "there twice");
}

ATTACK(bs_mixed_with_sf)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\";bs;sf \"content-type\")" NOW);
	rig_refused(r, "bs does not go together");
}

ATTACK(parameters_that_are_not_known)
{
	static const char *const ids[] = { "\"content-digest\";tr", "\"content-digest\";req", "\"content-digest\";new", "\"content-digest\";sf=1" };
	size_t before = (rig_add(r, "content-digest", DIGEST), r->m.n_headers);

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		r->m.n_headers = before;
		rig_sign_input(r, "sig1", pool_fmt(r->pool, "(\"@method\" \"@authority\" \"@path\" %s \"content-type\")" NOW, ids[i]));
		rig_refused(r, "not known here");
	}
}

ATTACK(a_status_or_the_parameters_themselves_are_covered)
{
	static const char *const ids[] = { "\"@status\"", "\"@signature-params\"", "\"@verzonnen\"" };
	size_t before = (rig_add(r, "content-digest", DIGEST), r->m.n_headers);

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		r->m.n_headers = before;
		rig_sign_input(r, "sig1", pool_fmt(r->pool, "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" %s)" NOW, ids[i]));
		rig_refused(r, "that requests do not have");
	}
}

ATTACK(names_that_are_no_strings)
{
	rig_add(r, "content-digest", DIGEST);
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" host)" NOW);
	rig_refused(r, "not a string");
}

/* Lines of a base in the value of a header */
ATTACK(a_value_with_a_line_end)
{
	rig_add(r, "content-digest", DIGEST);
	rig_add(r, "x", "1\n\"@path\": /other");
	rig_sign_input(r, "sig1", "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \"x\")" NOW);
	rig_refused(r, "not printable ASCII");
}

/* ---- the message is another one ---- */

ATTACK(another_method_host_path_or_type)
{
	rig_sign(r);
	rig_good(r);
	r->m.method = "PUT";
	rig_refused(r, "the signature is wrong");
	r->m.method = "POST";
	r->m.path = "/hooks/";
	rig_refused(r, "the signature is wrong");
	r->m.path = "/hooks";
	*rig_header(r, "host") = "example.org";
	rig_refused(r, "the signature is wrong");
	*rig_header(r, "host") = "EXAMPLE.com:443";
	rig_good(r);
	*rig_header(r, "content-type") = "application/xml";
	rig_refused(r, "the signature is wrong");
}

ATTACK(host_twice)
{
	rig_sign(r);
	rig_add(r, "host", "example.com");
	rig_refused(r, "not known");
}

/* ---- the digest ---- */

ATTACK(the_body_is_changed)
{
	rig_sign(r);
	r->m.body = (const unsigned char *)"{\"hello\": \"World\"}";
	rig_refused(r, "Content-Digest is not the body's");
}

ATTACK(the_body_and_its_digest_are_changed)
{
	rig_sign(r);
	r->m.body = (const unsigned char *)"";
	r->m.body_len = 0;
	*rig_header(r, "content-digest") = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
	rig_refused(r, "the signature is wrong");
}

ATTACK(a_digest_of_a_weak_algorithm_only)
{
	rig_add(r, "content-digest", "md5=:Sd/dVLAcvNLSq16eXua5uQ==:");
	rig_sign(r);
	rig_refused(r, "neither sha-256 nor sha-512");
}

ATTACK(one_of_two_digests_is_wrong)
{
	rig_add(r, "content-digest", DIGEST ", sha-512=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
	rig_sign(r);
	rig_refused(r, "not the body's");
}

ATTACK(a_covered_digest_counts_also_where_it_is_not_asked_for)
{
	rig_add(r, "content-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
	rig_sign_input(r, "sig1", "(\"content-digest\";key=\"sha-256\" \"@path\")" NOW);
	r->rules.components = "@path";
	rig_refused(r, "not the body's");
}

ATTACK(a_digest_twice)
{
	rig_add(r, "content-digest", DIGEST);
	rig_add(r, "content-digest", DIGEST);
	rig_sign(r);
	rig_refused(r, "twice");
}

UNIT_MAIN("httpsig_attack",
	  no_signature_at_all, the_signature_is_stripped, the_signature_input_is_stripped, both_are_empty, an_empty_signature,
	  it_covers_nothing, an_attribute_in_a_header_is_not_covered, the_body_is_not_covered,
	  only_a_member_of_the_digest_is_covered, each_required_component_is,
	  what_is_asked_for_is_a_setting, content_type_is_asked_for_where_there_is_one, a_component_twice,
	  a_component_twice_in_another_order_of_parameters, a_component_by_different_parameters_is_two,
	  a_header_that_is_not_there, a_covered_header_is_removed, a_covered_header_is_added_to, an_ambiguous_query_parameter,
	  bs_mixed_with_sf, parameters_that_are_not_known, a_status_or_the_parameters_themselves_are_covered,
	  names_that_are_no_strings, a_value_with_a_line_end, another_method_host_path_or_type, host_twice, the_body_is_changed,
	  the_body_and_its_digest_are_changed, a_digest_of_a_weak_algorithm_only, one_of_two_digests_is_wrong,
	  a_covered_digest_counts_also_where_it_is_not_asked_for, a_digest_twice)
