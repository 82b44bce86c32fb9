/* The options that say what an image is, shared by `whittle build` and `whittle run PROGRAM`. */
#ifndef TOOLS_IMAGE_OPTIONS_H
#define TOOLS_IMAGE_OPTIONS_H

#include "image.h"
#include "tools/verbs.h"

/** image_argp - --for, --with, --without, --root, --copy, -e, -w, -u, -f and their like as a child parser; its input is an image_request. */
extern const struct argp image_argp;

#endif
