/* SPDX-License-Identifier: EUPL-1.2
 * Keys for tests: made for them, and used nowhere else. */
#ifndef TESTS_UNIT_KEYS_H
#define TESTS_UNIT_KEYS_H

#include "trust/crypto.h"

#define RSA_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDXOqMIJkXcdMc7\n" \
	"cwWDRB6v7umrFXa5lMTWN7fY+R2+Prw7wdZouBX9r+TWmScNrKPh0/dXpSokzwsE\n" \
	"unCFEb8fdmiuUtlapiJ+ZnbCXxHiPq2Oqco41y7nI1XSSZKXXQvo2Vdw18ah5MA+\n" \
	"U1jFi+IAhYCTWmpZYN+ZBeijOuuA4vlq8JDsmHNjoMKVfnafSvdjvES8nREoKiOK\n" \
	"wP51BDcV4vESiwtCpxuVH75U/aYHIah8EqEdXSiflbhNL9uZ0b1fmJeYKuYoDsIU\n" \
	"WhjQtVvs4YvaLmjtiUnInfq9eKzGpRR0cBFEvMgdW9r2kJKQ55hvndhkck/eJsft\n" \
	"ubPNEBqfAgMBAAECggEAC01beVaVLZX+Tltkaze9Cs0XfTHz2Zv72Cn14BF44+Ak\n" \
	"f1jW+wnLsdY2RKSnPdsWggng/7u/Ik6zC+0EcqBzcmID7j+QhWebARs9WkimxkQ3\n" \
	"VfoJkgGOx3l+DLxrU8KBmRkss9LI7gB2re8vhrQpSpC4J0TEt+vT4hPC2yuBaXOp\n" \
	"L9WglRHMad86foHjN16dUR0VgGZmxbuFj5L/oMpLfz0zTlKFcjeBzb8t8g5YD/Bg\n" \
	"iwxet1wHcrwlE6gFD2ma0sGKtgzcETyxk8/dK6c71syxZLzNSZuaI+BanMY3kNFN\n" \
	"wBdzun6CcGmOVv+O+pVIfIDaNOOgAN4PAaSwuJMsfQKBgQDvrLF4dpzY7SF2SB//\n" \
	"8Sk8ztFPoBgtOuSuMMbxuzJ23If3ST1InmYkVtP+z1rITb1mGbELmJa+AEnt96Xr\n" \
	"KAZ1ziFxN19YxMNW2kxK673ysEJe+cPuG5XP4xwShMPcvu9xH5KWQcecn1hVb2vS\n" \
	"WJwBKOYMIu5W1jI3DjwMKsGglQKBgQDl460xeihGBZsN1mWplBJtuUzNzKw6UQBU\n" \
	"8vwUjVeWYRmfxwK4zg/xm7nmVYYk7Yp1O5hjEVi/lrwXHY5ZXwlWWB+smeGZW1pi\n" \
	"X9ixoFoyTNXovns2/JUi1EATgTVTnd4i39c1UNKCykwRCP3/U3bEVTw6EbKe8zJt\n" \
	"abkP8N29YwKBgQC6h5+TTlThqyPYx2dILStX7OoP21wVj3k8bC/ZIES1JwsWlMSC\n" \
	"SOzbqUvSSxSvQXl/Bc25Zacj9luTPaK+smbctnFmiJ7HGlOgu8KWqIQrZawx+JbZ\n" \
	"MFTW9zz42KUKnvsBAn52PHma1pTL4Sx8B4RajrcDiQgPQyLPoF9xZLFPRQKBgQCp\n" \
	"oC46FL3EtPws4KaQ0t4qMhD2xW/Lc9s/0y6nZ4daQXlryKc8f2eKSfKIf1CEzPVd\n" \
	"/UQ6zSDj9TACCl/vl81G9a0haUXqJ1rwvXIh1oTXGpS3sF0wPH06fsxs1+jmMtUm\n" \
	"fG3KPEGoGea4px7rl8VJpu7Slh5rZF0wGFNh7MNgqwKBgQDG0RYCT710S3UgVHDI\n" \
	"6P0rzS0nXAyXqYH3+5pOJnkW+VQH2JGggcngTAsrrbKda5fzZKk8dxzcqqrc6HdT\n" \
	"WtQFgN30KKrUtiFB/uOMRN1bXcRaHXrL3hRBVn3Phmp17/aKuq5B7vksACX7lHXU\n" \
	"edfdLxfBdr3EcNqJknLKM1oLVA==\n" \
	"-----END PRIVATE KEY-----\n"

#define RSA_PUBLIC_PEM \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1zqjCCZF3HTHO3MFg0Qe\n" \
	"r+7pqxV2uZTE1je32Pkdvj68O8HWaLgV/a/k1pknDayj4dP3V6UqJM8LBLpwhRG/\n" \
	"H3ZorlLZWqYifmZ2wl8R4j6tjqnKONcu5yNV0kmSl10L6NlXcNfGoeTAPlNYxYvi\n" \
	"AIWAk1pqWWDfmQXoozrrgOL5avCQ7JhzY6DClX52n0r3Y7xEvJ0RKCojisD+dQQ3\n" \
	"FeLxEosLQqcblR++VP2mByGofBKhHV0on5W4TS/bmdG9X5iXmCrmKA7CFFoY0LVb\n" \
	"7OGL2i5o7YlJyJ36vXisxqUUdHARRLzIHVva9pCSkOeYb53YZHJP3ibH7bmzzRAa\n" \
	"nwIDAQAB\n" \
	"-----END PUBLIC KEY-----\n"

#define P256_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY7QeN98UShT9b5+n\n" \
	"qd7xhkcx3q+eUDqvUSmZaFZPdzmhRANCAATi5u3Q2yR4JLnhWxAbTod+Alm77NfN\n" \
	"LLqMxgHlkHKuSF6n721bfco46xoAnB6/3dtm65ie/dQ6fo9thsvI9S/n\n" \
	"-----END PRIVATE KEY-----\n"

#define P256_PUBLIC_PEM \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4ubt0NskeCS54VsQG06HfgJZu+zX\n" \
	"zSy6jMYB5ZByrkhep+9tW33KOOsaAJwev93bZuuYnv3UOn6PbYbLyPUv5w==\n" \
	"-----END PUBLIC KEY-----\n"

#define P256_CERT_PEM \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBfjCCASWgAwIBAgIUPAkeMQSekTHKXuRjPWPksIi4DsQwCgYIKoZIzj0EAwIw\n" \
	"FDESMBAGA1UEAwwJdm9vcmJlZWxkMCAXDTI2MTEyNjEwNDIzNloYDzIxMjYxMTAy\n" \
	"MTA0MjM2WjAUMRIwEAYDVQQDDAl2b29yYmVlbGQwWTATBgcqhkjOPQIBBggqhkjO\n" \
	"PQMBBwNCAATi5u3Q2yR4JLnhWxAbTod+Alm77NfNLLqMxgHlkHKuSF6n721bfco4\n" \
	"6xoAnB6/3dtm65ie/dQ6fo9thsvI9S/no1MwUTAdBgNVHQ4EFgQUpv7JyMtorgRs\n" \
	"wO0/kH2Phr0U/tcwHwYDVR0jBBgwFoAUpv7JyMtorgRswO0/kH2Phr0U/tcwDwYD\n" \
	"VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiA1kDoSxnQ7MRmumr2i4I6s\n" \
	"K8t8Y20f6Lm5Q43LlIo9fAIgQv3IoH/AQ+n5FNOI0bgbC+6aAMhwPNaJ5gsZ8oyE\n" \
	"+1E=\n" \
	"-----END CERTIFICATE-----\n"

#define P256_LOCKED_PEM \
	"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
	"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiJjWitKiB/UgICCAAw\n" \
	"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEHyrzG6BuhjWjErhfUypkY4EgZBh\n" \
	"zrDLUddaGf9bJnC/MOy3belLA3SE86WbuxayYJNiHKnoPltaHUe/rNqXKczE6DQ4\n" \
	"XcNu4nfbWVGZ/Z/U1pKIbshtS6sp1CG4KZ6W6S6FNrOQBGhBaQelRQ+rFD+kUHaB\n" \
	"u94efWXBe6ZWE+mPixBxgVG64xnRJehSx36JTHFn02vKgtH6XrKg/rqfFYMua2s=\n" \
	"-----END ENCRYPTED PRIVATE KEY-----\n"

#define P384_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDMjHecVRIh1ZRy+1Xi\n" \
	"2pYewJLKXqTismtbBUQVRgIW7F8tWxUfjP8FDfwAFN3C+SqhZANiAAQqihGSM1bP\n" \
	"TddKoZKpWfO+TApZLBcAAazgpMPXk0JbZ6OS8ZkLEPOzHln9FDcS1+eteWE6x78g\n" \
	"yrNlZ46VGG3Ke2Ly+CKmzINVqLv5wR0tC2ujh/9DlF2x43UH17HYc/8=\n" \
	"-----END PRIVATE KEY-----\n"

#define ED25519_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIIj8i1bovvr1T48OlVLPVihDEMNRjU34DndPPDzB4CkF\n" \
	"-----END PRIVATE KEY-----\n"

#define OTHER_P256_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrrpQyZrkUnmSscsT\n" \
	"VNyRHxypwBr9bMJXnjRHyPUL0GOhRANCAASjZ5nx/CzXr+hLEewvsIJIBcZPsVU7\n" \
	"chRj62ubJN+wFPQt4ZlXbPmO6DlX+DmlibrJ2pp7YSXvOgvKj94qUDhF\n" \
	"-----END PRIVATE KEY-----\n"

/* The private key of a text that has one; for key_free. */
static inline struct key *keys_private(const char *pem)
{
	struct err err;
	struct key *key = key_pem(pem, true, &pem, &err);

	ck_assert_msg(key != NULL, "%s", err.text);
	return key;
}

#endif
