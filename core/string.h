/* Memory and string functions as ISO C has them (core/string.c, arch/ARCH/string.S), and a bounded copy.
 *
 * The macros let the compiler expand calls of known size although the kernel is compiled -ffreestanding.
 */
#ifndef CORE_STRING_H
#define CORE_STRING_H

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/** strscpy() - copy at most @size - 1 bytes and end them with a zero. Return: length, or -E2BIG if cut off. */
ssize_t strscpy(char *to, const char *from, size_t size);

#define memcpy(to, from, n)  __builtin_memcpy(to, from, n)
#define memmove(to, from, n) __builtin_memmove(to, from, n)
#define memset(to, byte, n)  __builtin_memset(to, byte, n)
#define memcmp(a, b, n)      __builtin_memcmp(a, b, n)
#define strlen(s)            __builtin_strlen(s)

#endif
