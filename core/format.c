/* format_text(): the formatting behind the log and behind files of /proc. C's printf without floating point. */
#include <core/log.h>

COMPONENT("log", "kernel messages, panics, backtraces");

struct out {
	char *to;
	size_t size, length; /* length counts what did not fit, too */
};

static void put(struct out *o, char c)
{
	if (o->length + 1 < o->size)
		o->to[o->length] = c;
	o->length++;
}

static void put_text(struct out *o, const char *text, size_t n)
{
	if (o->length + 1 < o->size)
		memcpy(o->to + o->length, text, MIN(n, o->size - 1 - o->length));
	o->length += n;
}

static void put_padded(struct out *o, const char *text, size_t n, int width, bool left)
{
	for (int i = (int)n; !left && i < width; i++)
		put(o, ' ');
	put_text(o, text, n);
	for (int i = (int)n; left && i < width; i++)
		put(o, ' ');
}

struct spec {
	int width, precision; /* precision -1: none */
	bool left, zero, alternate, plus;
	unsigned size; /* bytes of the argument */
};

/* Written from its end: the digits, zeroes up to what is the least, and what comes before them. */
static void put_number(struct out *o, uint64_t v, bool negative, unsigned base, bool upper, const struct spec *s)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[72], *end = text + sizeof(text), *at = end;
	bool prefix = s->alternate && base == 16, sign = negative || s->plus;
	int least = s->precision >= 0 ? s->precision : 1;

	if (s->zero && s->precision < 0 && !s->left)
		least = MAX(least, s->width - sign - 2 * prefix);
	if (base == 10) /* by a constant: no division */
		for (; v; v /= 10)
			*--at = (char)('0' + v % 10);
	for (; v; v /= base)
		*--at = digits[v % base];
	while (end - at < least && end - at < 40)
		*--at = '0';
	if (prefix) {
		*--at = upper ? 'X' : 'x';
		*--at = '0';
	}
	if (sign)
		*--at = negative ? '-' : '+';
	put_padded(o, at, (size_t)(end - at), s->width, s->left);
}

static uint64_t narrow(uint64_t v, unsigned size)
{
	return size == 8 ? v : v & ((1ull << size * 8) - 1);
}

int format_text_va(char *to, size_t size, const char *format, va_list args)
{
	struct out o = { to, size, 0 };

	for (; *format; format++) {
		struct spec s = { .precision = -1, .size = 4 };
		const char *text;
		int64_t number;

		if (*format != '%') {
			put(&o, *format);
			continue;
		}
		for (format++;; format++) {
			if (*format == '-')
				s.left = true;
			else if (*format == '0')
				s.zero = true;
			else if (*format == '#')
				s.alternate = true;
			else if (*format == '+')
				s.plus = true;
			else
				break;
		}
		if (*format == '*') {
			s.width = va_arg(args, int);
			format++;
		}
		for (; *format >= '0' && *format <= '9'; format++)
			s.width = s.width * 10 + *format - '0';
		if (*format == '.') {
			s.precision = 0;
			if (*++format == '*') {
				s.precision = va_arg(args, int);
				format++;
			}
			for (; *format >= '0' && *format <= '9'; format++)
				s.precision = s.precision * 10 + *format - '0';
		}
		for (;; format++) {
			if (*format == 'l' || *format == 'z' || *format == 'j' || *format == 't')
				s.size = 8;
			else if (*format == 'h')
				s.size /= 2;
			else
				break;
		}
		switch (*format) {
		case 'd':
		case 'i':
			number = s.size == 8 ? va_arg(args, int64_t) : va_arg(args, int);
			number = (int64_t)((uint64_t)number << (64 - s.size * 8)) >> (64 - s.size * 8);
			put_number(&o, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0, 10, false, &s);
			break;
		case 'u':
		case 'o':
		case 'x':
		case 'X':
			number = s.size == 8 ? va_arg(args, int64_t) : (int64_t)va_arg(args, unsigned);
			put_number(&o, narrow((uint64_t)number, s.size), false,
				   *format == 'u' ? 10 : *format == 'o' ? 8 : 16, *format == 'X', &s);
			break;
		case 'p':
			s.alternate = true;
			put_number(&o, (uint64_t)va_arg(args, void *), false, 16, false, &s);
			break;
		case 'c':
			put_padded(&o, (char[]){ (char)va_arg(args, int) }, 1, s.width, s.left);
			break;
		case 's':
			text = va_arg(args, const char *);
			if (!text)
				text = "(null)";
			put_padded(&o, text, s.precision >= 0 ? strnlen(text, (size_t)s.precision) : strlen(text),
				   s.width, s.left);
			break;
		case '%':
			put(&o, '%');
			break;
		default: /* our own mistake: show it */
			put(&o, '%');
			put(&o, *format);
			if (!*format)
				format--;
		}
	}
	if (size > 0)
		to[MIN(o.length, size - 1)] = '\0';
	return (int)o.length;
}

int format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = format_text_va(to, size, format, args);
	va_end(args);
	return n;
}
