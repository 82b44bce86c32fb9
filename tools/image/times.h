/* The times of files in an image: zero, so that the same input gives the same bytes, but for sources of compiled Python. */
#ifndef TOOLS_IMAGE_TIMES_H
#define TOOLS_IMAGE_TIMES_H

#include <stdbool.h>
#include <time.h>

/**
 * times_matter() - whether a file below @dir has to keep its time: a Python source that has a compiled form, in which the
 * source's time and size are noted as they are.
 */
bool times_matter(const char *dir);

/**
 * times_settle() - set every time below @root, which is ours, to zero, but for those that have to be kept.
 * Return: the newest of these, or 0.
 */
time_t times_settle(const char *root);

#endif
