/* The log and panic(), to TAP comments. */
#include <core/log.h>

int vsnprintf(char *to, size_t size, const char *format, va_list args);
void host_log(const char *text);
void host_panic(const char *text) __noreturn;

void log_print(enum log_level level, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host_log(text);
}

void panic(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host_panic(text);
}
