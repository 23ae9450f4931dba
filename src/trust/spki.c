/* SPDX-License-Identifier: EUPL-1.2 */
#include "config.h"
#include "trust/spki.h"

#include <string.h>
#include "base/die.h"

#define EXPONENT_MOST 8u	/* bytes: larger ones are of no use, and slow */

enum { INTEGER = 0x02, BIT_STRING = 0x03, SEQUENCE = 0x30 };

/* AlgorithmIdentifier of each kind: RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3. */
static const unsigned char rsa[] = { SEQUENCE, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0 };
static const unsigned char p256[] = { SEQUENCE, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1,
				      6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static const unsigned char p384[] = { SEQUENCE, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22 };
static const unsigned char ed25519[] = { SEQUENCE, 5, 6, 3, 0x2b, 0x65, 0x70 };

static const struct {
	struct span algorithm;
	size_t len;		/* of each number; 0: it varies */
	const char *fault;
} kinds[] = {
	[KEY_RSA] = { { rsa, sizeof rsa }, 0, NULL },
	[KEY_P256] = { { p256, sizeof p256 }, 32, "a coordinate of a point on P-256 has to be 32 bytes" },
	[KEY_P384] = { { p384, sizeof p384 }, 48, "a coordinate of a point on P-384 has to be 48 bytes" },
	[KEY_ED25519] = { { ed25519, sizeof ed25519 }, 32, "an Ed25519 key has to be 32 bytes" },
};

static struct span trim(struct span number)
{
	const unsigned char *p = number.p;

	for (; number.len && !*p; number.len--)
		p++;
	return (struct span){ p, number.len };
}

static bool odd(struct span number)
{
	return number.len && (((const unsigned char *)number.p)[number.len - 1] & 1);
}

/* CVE-2017-15361: keys of some chips are powers of 65537 modulo small primes, and can be factored. */
static bool has_roca(struct span n)
{
	static const unsigned char primes[] = { 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157 };

	for (size_t i = 0; i < sizeof primes; i++) {
		unsigned rest = 0, power = 1;

		for (size_t at = 0; at < n.len; at++)
			rest = (rest << 8 | ((const unsigned char *)n.p)[at]) % primes[i];
		do
			power = power * (65537 % primes[i]) % primes[i];
		while (power != rest && power != 1);
		if (power != rest)
			return false;
	}
	return true;
}

static const char *rsa_fault(struct span n, struct span e)
{
	n = trim(n);
	e = trim(e);
	if (n.len < RSA_LEAST || n.len > RSA_MOST || (n.len == RSA_LEAST && !(*(const unsigned char *)n.p & 0x80)))
		return "an RSA key has to have 2048 to 8192 bits";
	if (!odd(n))
		return "the modulus of an RSA key is odd";
	if (!odd(e) || e.len > EXPONENT_MOST || (e.len == 1 && *(const unsigned char *)e.p == 1))
		return "the exponent of an RSA key has to be odd, more than 1 and less than 2^64";
	return has_roca(n) ? "this RSA key can be factored (ROCA, CVE-2017-15361)" : NULL;
}

const char *spki_fault(enum key_kind kind, const struct span numbers[2])
{
	if (kind == KEY_RSA)
		return rsa_fault(numbers[0], numbers[1]);
	if (numbers[0].len != kinds[kind].len || (kind != KEY_ED25519 && numbers[1].len != kinds[kind].len))
		return kinds[kind].fault;
	return NULL;
}

/* Makes what is in b from there on the inside of a value (X.690 8.1). */
static void wrap(struct buf *b, size_t from, unsigned char tag)
{
	size_t len = b->len - from, n = len > 255 ? 4 : len > 127 ? 3 : 2;
	unsigned char head[4] = { tag, (unsigned char)len };

	must(len <= 0xffff);
	if (n > 2)
		head[1] = (unsigned char)(0x80 | (n - 2));
	if (n == 4)
		head[2] = (unsigned char)(len >> 8);
	if (n > 2)
		head[n - 1] = (unsigned char)len;
	buf_put(b, head, n);
	memmove(b->p + from + n, b->p + from, len);
	memcpy(b->p + from, head, n);
}

static void put_integer(struct buf *b, struct span number)
{
	size_t from = b->len;

	number = trim(number);
	if (*(const unsigned char *)number.p & 0x80)
		buf_char(b, '\0');
	buf_put(b, number.p, number.len);
	wrap(b, from, INTEGER);
}

void spki_put(enum key_kind kind, const struct span numbers[2], struct buf *out)
{
	size_t from = out->len, key;

	buf_put(out, kinds[kind].algorithm.p, kinds[kind].algorithm.len);
	key = out->len;
	buf_char(out, '\0');	/* no unused bits */
	if (kind == KEY_RSA) {
		put_integer(out, numbers[0]);
		put_integer(out, numbers[1]);
		wrap(out, key + 1, SEQUENCE);
	} else {
		if (kind != KEY_ED25519)
			buf_char(out, 4);	/* uncompressed (SEC 1, 2.3.3) */
		buf_put(out, numbers[0].p, numbers[0].len);
		if (kind != KEY_ED25519)
			buf_put(out, numbers[1].p, numbers[1].len);
	}
	wrap(out, key, BIT_STRING);
	wrap(out, from, SEQUENCE);
}

/* The value at the front of *in, which becomes what follows it. */
static bool take(struct span *in, unsigned char tag, struct span *inside)
{
	const unsigned char *p = in->p;
	size_t head = 2, len;

	if (in->len < head || p[0] != tag)
		return false;
	len = p[1];
	if (len & 0x80) {
		head += len & 0x7f;
		if (head > 4 || in->len < head)
			return false;
		len = head == 4 ? (size_t)p[2] << 8 | p[3] : p[2];
	}
	if (len > in->len - head)
		return false;
	*inside = (struct span){ p + head, len };
	*in = (struct span){ p + head + len, in->len - head - len };
	return true;
}

static bool rsa_numbers(struct span key, struct span numbers[2])
{
	struct span inside;

	if (!take(&key, SEQUENCE, &inside) || !take(&inside, INTEGER, &numbers[0]) || !take(&inside, INTEGER, &numbers[1]))
		return false;
	numbers[0] = trim(numbers[0]);
	numbers[1] = trim(numbers[1]);
	return true;
}

bool spki_numbers(enum key_kind kind, struct span spki, struct span numbers[2])
{
	const size_t len = kinds[kind].len;
	struct span inside, key;
	const unsigned char *p;

	if (!take(&spki, SEQUENCE, &inside) || !take(&inside, SEQUENCE, &key) || !take(&inside, BIT_STRING, &key) || !key.len)
		return false;
	p = (const unsigned char *)key.p + 1;	/* behind the number of unused bits */
	key.len--;
	if (kind == KEY_RSA)
		return rsa_numbers((struct span){ p, key.len }, numbers);
	if (kind == KEY_ED25519) {
		numbers[0] = (struct span){ p, len };
		numbers[1] = (struct span){ p, 0 };
		return key.len == len;
	}
	numbers[0] = (struct span){ p + 1, len };
	numbers[1] = (struct span){ p + 1 + len, len };
	return key.len == 1 + 2 * len && *p == 4;
}
