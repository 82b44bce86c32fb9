/* Growing texts (fs/proc/text.h). */
#include <core/log.h>
#include <core/slab.h>
#include <fs/proc/text.h>

COMPONENT("proc", "/proc and its files");

#define ROOM_FIRST 768u

/* Room for @n more bytes. */
static bool reserve(struct text *t, size_t n)
{
	size_t room = t->room ? t->room : ROOM_FIRST;
	char *data;

	if (t->failed)
		return false;
	if (t->room - t->length >= n)
		return true;
	while (room - t->length < n)
		room *= 2;
	data = krealloc(t->data, room);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->room = room;
	return true;
}

void text_add(struct text *t, const char *format, ...)
{
	va_list args, again;
	size_t n;

	if (!reserve(t, 64))
		return;
	va_start(args, format);
	va_copy(again, args);
	n = (size_t)format_text_va(t->data + t->length, t->room - t->length, format, args);
	if (n >= t->room - t->length) { /* its zero did not fit either */
		if (!reserve(t, n + 1))
			n = 0;
		else
			(void)format_text_va(t->data + t->length, n + 1, format, again);
	}
	t->length += n;
	va_end(again);
	va_end(args);
}

void text_put(struct text *t, const void *data, size_t n)
{
	if (!reserve(t, n))
		return;
	memcpy(t->data + t->length, data, n);
	t->length += n;
}

void text_escaped(struct text *t, const char *string, const char *special)
{
	for (; *string; string++) {
		if (strchr(special, *string))
			text_add(t, "\\%03o", (unsigned char)*string);
		else
			text_put(t, string, 1);
	}
}

void text_column(struct text *t, size_t start, size_t width)
{
	size_t used = t->length - start;

	text_add(t, "%*s", used < width ? (int)(width - used) : 1, "");
}

void text_free(struct text *t)
{
	kfree(t->data);
	*t = (struct text){ NULL, 0, 0, false };
}
