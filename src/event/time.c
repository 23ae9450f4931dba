/* SPDX-License-Identifier: EUPL-1.2 */
#include "event/time.h"

#include <stddef.h>

struct moment {
	int year, month, day, hour, minute, second, ms;
	int offset;		/* minutes east of UTC */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* n digits at *s, which is moved behind them; at most max. */
static bool number(const char **s, int n, int max, int *out)
{
	*out = 0;
	for (; n; n--, ++*s) {
		if (!is_digit(**s))
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return *out <= max;
}

static bool sign(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool date(const char **s, struct moment *m)
{
	return number(s, 4, 9999, &m->year) && sign(s, '-') && number(s, 2, 12, &m->month) && sign(s, '-') &&
	       number(s, 2, 31, &m->day) && m->month >= 1 && m->day >= 1 && m->day <= days_in(m->year, m->month);
}

static bool fraction(const char **s, struct moment *m)
{
	int unit = 100;

	if (!sign(s, '.'))
		return true;
	if (!is_digit(**s))
		return false;
	for (; is_digit(**s); ++*s, unit /= 10)
		m->ms += unit * (**s - '0');
	return true;
}

static bool clock_time(const char **s, struct moment *m)
{
	return number(s, 2, 23, &m->hour) && sign(s, ':') && number(s, 2, 59, &m->minute) && sign(s, ':') &&
	       number(s, 2, 60, &m->second) && fraction(s, m);
}

static bool offset(const char **s, enum time_rule rule, struct moment *m)
{
	int hours, minutes, east = **s == '-' ? -1 : 1;

	if (!**s)
		return rule == TIME_OFFSET_OPTIONAL;
	if (sign(s, 'Z') || sign(s, 'z'))
		return true;
	if (!sign(s, '+') && !sign(s, '-'))
		return false;
	if (!number(s, 2, 23, &hours) || !sign(s, ':') || !number(s, 2, 59, &minutes))
		return false;
	m->offset = east * (hours * 60 + minutes);
	return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t days_since(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t minutes_utc(const struct moment *m)
{
	return days_since(m->year, m->month, m->day) * 1440 + m->hour * 60 + m->minute - m->offset;
}

bool time_parse(const char *s, enum time_rule rule, int64_t *ms)
{
	struct moment m = {0};
	int64_t minutes;

	if (!date(&s, &m) || (*s != 'T' && *s != 't'))
		return false;
	s++;
	if (!clock_time(&s, &m) || !offset(&s, rule, &m) || *s)
		return false;
	minutes = minutes_utc(&m);
	if (m.second == 60 && ((minutes % 1440) + 1440) % 1440 != 1439)
		return false;
	if (ms)
		*ms = (minutes * 60 + m.second) * 1000 + m.ms;
	return true;
}
