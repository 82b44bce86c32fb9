/* Making an image: one ELF file with a kernel and its boot area, and a manifest beside it. */
#ifndef TOOLS_IMAGE_IMAGE_H
#define TOOLS_IMAGE_IMAGE_H

#include "root.h"
#include "tools/elf/kernel_file.h"
#include "tools/link/link.h"

enum root_place { ROOT_EMBED, ROOT_FILE, ROOT_NONE };

/* What is asked of an image, by the command line of `whittle build` and of `whittle run PROGRAM`. */
struct image_request {
	struct selection selection;
	enum root_place place;
	struct strings copies, env; /* HOST:GUEST, K=V */
	struct strings env_file;    /* K=V, from --env-file; those of env win */
	struct strings dns;         /* addresses */
	const char *directory, *user, *hostname; /* or NULL */
	bool described;             /* by -f: what does not concern an image that is made already is passed over */
	char *source;               /* PROGRAM, DIR or TAR */
	char **args;                /* what followed "--", NULL-terminated, or NULL */
};

/** image_make() - write @output, .debug, .map, .json and for ROOT_FILE .erofs; not committed (outputs_commit()). */
void image_make(const struct image_request *request, const char *output);
/** image_default_name() - NAME.img from what the source is called. */
char *image_default_name(const struct image_request *request);
/** image_hint() - tell of a @program that is known to need what is not there yet, unless @args see to it already. */
void image_hint(const char *program, const struct strings *args);
/** image_params() - kernel parameters for environment, directory, user, host name and name servers, in @text. */
void image_params(const struct image_request *request, struct buf *text);
/** manifest_kernel() - what the manifest says of the kernel, for `whittle verify` (kernel_part.c). */
json_t *manifest_kernel(const struct component_set *set, const struct kernel *kernel, const struct kernel_file *file);

#endif
