# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libtrust.a
libtrust_a_SOURCES = \
	src/trust/claims.c src/trust/claims.h \
	src/trust/ask.c src/trust/ask.h \
	src/trust/crypto.c src/trust/crypto.h \
	src/trust/digest_field.c src/trust/digest_field.h \
	src/trust/field.c src/trust/field.h \
	src/trust/httpsig.c src/trust/httpsig.h src/trust/httpsig_base.c src/trust/httpsig_make.c \
	src/trust/issuers.c src/trust/issuers.h \
	src/trust/jwk.c src/trust/jwk.h \
	src/trust/jws.c src/trust/jws.h \
	src/trust/known.c src/trust/known.h \
	src/trust/spki.c src/trust/spki.h \
	src/trust/origin.c src/trust/origin.h \
	src/trust/proof.h src/trust/proofs.c \
	src/trust/rate.c src/trust/rate.h \
	src/trust/scheme.c src/trust/scheme.h src/trust/scheme_adr.c src/trust/scheme_hmac.c src/trust/scheme_jws.c \
	src/trust/scheme_rfc9421.c src/trust/scheme_standard.c \
	src/trust/sign.c src/trust/sign.h src/trust/template.c src/trust/template.h \
	src/trust/signature.c src/trust/static.c src/trust/subject.c src/trust/subject.h src/trust/tls.c src/trust/token.c src/trust/zgw.c \
	src/trust/sfv.c src/trust/sfv.h src/trust/sfv_print.c \
	src/trust/target.c src/trust/target.h \
	src/trust/trust.c src/trust/trust.h

if HAVE_CHECK
check_PROGRAMS += tests/unit/trust_test tests/unit/rate_test
TESTS += tests/unit/trust_test tests/unit/rate_test
check_PROGRAMS += tests/unit/jwk_test tests/unit/jws_test
TESTS += tests/unit/jwk_test tests/unit/jws_test
check_PROGRAMS += tests/unit/sfv_test tests/unit/digest_field_test tests/unit/httpsig_test tests/unit/httpsig_attack_test
TESTS += tests/unit/sfv_test tests/unit/digest_field_test tests/unit/httpsig_test tests/unit/httpsig_attack_test
check_PROGRAMS += tests/unit/sfv_test tests/unit/digest_field_test tests/unit/httpsig_test tests/unit/httpsig_attack_test tests/unit/httpsig_key_test
TESTS += tests/unit/sfv_test tests/unit/digest_field_test tests/unit/httpsig_test tests/unit/httpsig_attack_test tests/unit/httpsig_key_test
tests_unit_trust_test_SOURCES = tests/unit/trust_test.c tests/unit/unit.h
tests_unit_trust_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_trust_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_trust_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_rate_test_SOURCES = tests/unit/rate_test.c tests/unit/unit.h
tests_unit_rate_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_rate_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_rate_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_jwk_test_SOURCES = tests/unit/jwk_test.c tests/unit/keys.h tests/unit/unit.h
tests_unit_jwk_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_jwk_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_jwk_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_jws_test_SOURCES = tests/unit/jws_test.c tests/unit/keys.h tests/unit/unit.h
tests_unit_jws_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_jws_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_jws_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/token_test tests/unit/bearer_test tests/unit/zgw_test tests/unit/issuers_test \
	tests/unit/introspection_test
TESTS += tests/unit/token_test tests/unit/bearer_test tests/unit/zgw_test tests/unit/issuers_test \
	tests/unit/introspection_test
tests_unit_token_test_SOURCES = tests/unit/token_test.c tests/unit/token_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_token_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_token_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_token_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_bearer_test_SOURCES = tests/unit/bearer_test.c tests/unit/token_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_bearer_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_bearer_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_bearer_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_zgw_test_SOURCES = tests/unit/zgw_test.c tests/unit/token_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_zgw_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_zgw_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_zgw_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_issuers_test_SOURCES = tests/unit/issuers_test.c tests/unit/token_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_issuers_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_issuers_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_issuers_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
tests_unit_introspection_test_SOURCES = tests/unit/introspection_test.c tests/unit/token_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_introspection_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_introspection_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_introspection_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS) -lpthread
check_PROGRAMS += tests/unit/tls_test
TESTS += tests/unit/tls_test
tests_unit_tls_test_SOURCES = tests/unit/tls_test.c tests/unit/unit.h
tests_unit_tls_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_tls_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_tls_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_sfv_test_SOURCES = tests/unit/sfv_test.c tests/unit/unit.h
tests_unit_sfv_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_sfv_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_sfv_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_digest_field_test_SOURCES = tests/unit/digest_field_test.c tests/unit/unit.h
tests_unit_digest_field_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_digest_field_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_digest_field_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_httpsig_test_SOURCES = tests/unit/httpsig_test.c tests/unit/httpsig_rig.c tests/unit/httpsig_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_httpsig_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_httpsig_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_httpsig_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_unit_httpsig_attack_test_SOURCES = tests/unit/httpsig_attack_test.c tests/unit/httpsig_rig.c tests/unit/httpsig_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_httpsig_attack_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_httpsig_attack_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_httpsig_attack_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/template_test tests/unit/standard_test tests/unit/signature_test tests/unit/adr_test
TESTS += tests/unit/template_test tests/unit/standard_test tests/unit/signature_test tests/unit/adr_test
tests_unit_template_test_SOURCES = tests/unit/template_test.c tests/unit/signature_rig.h tests/unit/unit.h
tests_unit_template_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_template_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_template_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_standard_test_SOURCES = tests/unit/standard_test.c tests/unit/signature_rig.h tests/unit/unit.h
tests_unit_standard_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_standard_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_standard_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_signature_test_SOURCES = tests/unit/signature_test.c tests/unit/signature_keys.h tests/unit/signature_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_signature_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_signature_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_signature_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_adr_test_SOURCES = tests/unit/adr_test.c tests/unit/signature_keys.h tests/unit/signature_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_adr_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_adr_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_adr_test_LDADD = libtrust.a libconf.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(INIH_LIBS) $(CHECK_LIBS)
tests_unit_httpsig_key_test_SOURCES = tests/unit/httpsig_key_test.c tests/unit/httpsig_rig.c tests/unit/httpsig_rig.h tests/unit/keys.h tests/unit/unit.h
tests_unit_httpsig_key_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_httpsig_key_test_CFLAGS = $(UNIT_CFLAGS)
tests_unit_httpsig_key_test_LDADD = libtrust.a libpvevent.a libbase.a $(CRYPTO_LIBS) $(CHECK_LIBS)
endif
