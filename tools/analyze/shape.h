/* The shape of code: its instructions without the addresses that a linker puts into them, to tell known code again. */
#ifndef TOOLS_ANALYZE_SHAPE_H
#define TOOLS_ANALYZE_SHAPE_H

#include "reach.h"

/** shape_add() - append the shape of unit @unit of @m to @text. */
void shape_add(const struct member *m, size_t unit, struct buf *text);
/** shape_hash() - sixteen hexadecimal digits that stand for @text. */
char *shape_hash(const struct buf *text);
/** shape_of_object() - the hash of all code of @m. */
char *shape_of_object(const struct member *m);

#endif
