/* A text that grows while it is written: what a file of /proc reads as (fs/proc/text.c).
 *
 * Running out of memory is remembered and asked for once, at the end: whoever writes need not look at each line.
 */
#ifndef FS_PROC_TEXT_H
#define FS_PROC_TEXT_H

struct text {
	char *data;    /* owned; NULL: nothing yet */
	size_t length; /* bytes written; no zero behind them */
	size_t room;
	bool failed;   /* there was no memory for some of it */
};

/** text_add() - formatted as by format_text(). */
void text_add(struct text *t, const char *format, ...) __printf(2, 3);
/** text_put() - @n bytes as they are. */
void text_put(struct text *t, const void *data, size_t n);
/** text_escaped() - a string in which the bytes of @special are written in octal, as getmntent(3) reads them. */
void text_escaped(struct text *t, const char *string, const char *special);
/** text_column() - spaces until @width bytes stand behind position @start; one at least. */
void text_column(struct text *t, size_t start, size_t width);
void text_free(struct text *t);

#endif
