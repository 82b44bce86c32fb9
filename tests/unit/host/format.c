/* format_text() by the host's own printf, for tests that do not name core/format.c. */
#include <core/log.h>

int vsnprintf(char *to, size_t size, const char *format, va_list args);

int format_text_va(char *to, size_t size, const char *format, va_list args)
{
	return vsnprintf(to, size, format, args);
}

int format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}
