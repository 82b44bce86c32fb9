/* The battery clock of a PC (Motorola MC146818 data sheet): seconds since the epoch at start, taken to be UTC. x86 only. */
#include <arch/port.h>
#include <core/clock.h>

COMPONENT("rtc", "battery clock");

/* What a profile names to have this file: the function has a weak default, which would satisfy its own name. */
extern const char rtc_driver[];
const char rtc_driver[] = "mc146818";

#define RTC_INDEX 0x70
#define RTC_DATA  0x71

enum rtc_register {
	RTC_SECONDS = 0, RTC_MINUTES = 2, RTC_HOURS = 4, RTC_DAY = 7, RTC_MONTH = 8, RTC_YEAR = 9,
	RTC_STATUS_A = 10, RTC_STATUS_B = 11,
};
#define STATUS_A_UPDATING 0x80
#define STATUS_B_24H      0x02
#define STATUS_B_BINARY   0x04

static uint8_t rtc_read(enum rtc_register r)
{
	outb(RTC_INDEX, (uint8_t)r);
	return inb(RTC_DATA);
}

static unsigned decode(uint8_t v, bool binary)
{
	return binary ? v : (v >> 4) * 10u + (v & 15);
}

/* Days from the epoch to a date of the Gregorian calendar; years are counted from March, so that leap days end them. */
static uint64_t days_from_epoch(unsigned year, unsigned month, unsigned day)
{
	unsigned y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return y * 365ull + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

uint64_t clock_rtc_seconds(void)
{
	uint8_t status_b, hours;
	unsigned seconds, minutes, hour, day, month, year;
	bool binary;

	status_b = rtc_read(RTC_STATUS_B);
	if (status_b == 0xff)
		return 0; /* nobody answers */
	for (unsigned tries = 0; tries < 10000 && rtc_read(RTC_STATUS_A) & STATUS_A_UPDATING; tries++)
		;
	binary = status_b & STATUS_B_BINARY;
	seconds = decode(rtc_read(RTC_SECONDS), binary);
	minutes = decode(rtc_read(RTC_MINUTES), binary);
	hours = rtc_read(RTC_HOURS);
	hour = decode(hours & 0x7f, binary);
	if (!(status_b & STATUS_B_24H))
		hour = hour % 12 + (hours & 0x80 ? 12 : 0);
	day = decode(rtc_read(RTC_DAY), binary);
	month = decode(rtc_read(RTC_MONTH), binary);
	year = 2000 + decode(rtc_read(RTC_YEAR), binary);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return 0;
	return ((days_from_epoch(year, month, day) * 24 + hour) * 60 + minutes) * 60 + seconds;
}
