/* What decoding an object gave, kept for the next time. */
#ifndef TOOLS_ANALYZE_CACHE_H
#define TOOLS_ANALYZE_CACHE_H

#include "units.h"

/** cache_units() - units_find(), from the cache if it is there, and into it if not. */
void cache_units(const struct binary *o, struct units *u);

#endif
