/* Block devices: disks as file systems see them (block.c), and what a driver gives.
 *
 * Requests are of whole sectors of 512 bytes, in memory that is mapped directly, and may run at the same time. A
 * device that was registered stays. What a device answers is checked by its driver; the contents are not.
 */
#ifndef DRIVERS_BLOCK_H
#define DRIVERS_BLOCK_H

#include <core/wait.h>

#define BLOCK_SECTOR     512u
#define BLOCK_PIECES_MAX 32u
#define BLOCK_MAJOR      254u /* what Linux gives virtio disks, mostly */
#define BLOCK_MINORS     16u  /* a disk's, partitions included, of which there are none here */

/* One piece of memory, a multiple of BLOCK_SECTOR long. */
struct block_piece {
	void *data;
	uint32_t length;
};

struct block_device;

struct block_request {
	const struct block_piece *pieces;         /* borrowed until it is done */
	unsigned count;                           /* at most pieces_max of the device */
	bool write;
	uint64_t offset;                          /* bytes from the device's start */
	int result;                               /* 0 or -EIO, when @done is set */
	bool done;                                /* a */
};

struct block_ops {
	/* Begin; block_done() follows, maybe before it returns. May sleep until there is room. */
	void (*submit)(struct block_device *d, struct block_request *r);
	/* What was written before is to last; NULL: it always is. May sleep. -EIO. */
	int (*flush)(struct block_device *d);
	/* Contents of whole sectors, at most discard_max bytes, are not needed any more. May sleep. -EIO. */
	int (*discard)(struct block_device *d, uint64_t offset, uint64_t n);
	/*
	 * The device takes too long: from when it returns the device touches no memory, and what is under way is done, with
	 * -EIO, as is whatever comes later. NULL: submit() sees to that. May sleep.
	 */
	void (*stop)(struct block_device *d);
};

/* Of transfers that are done. All a. */
struct block_count {
	uint64_t requests, bytes, ns;
};

struct block_device {
	const struct block_ops *ops; /* I */
	char name[8];                /* I: "vda" */
	uint64_t size;               /* I: bytes, a multiple of BLOCK_SECTOR */
	bool read_only;              /* I */
	uint64_t discard_max;        /* I: bytes that one discard may have; 0: it cannot */
	unsigned pieces_max;         /* I: that one request may have, 1 to BLOCK_PIECES_MAX */
	struct wait_queue wait;      /* who waits for a request, or for room */
	struct block_count count[2]; /* read, written */
	unsigned under_way;          /* a: requests */
	bool stopped;                /* a: given up */
	struct block_device *next;   /* block.c's */
	const char *pattern;         /* likewise */
	void *file;                  /* a: fs/dev/block.c's */
};

/** block_register() - a disk was found; its name is @pattern with a letter for '*', or a number for '#'. Context: start-up. */
void block_register(struct block_device *d, const char *pattern);
/** block_find() - by name, with or without "/dev/"; NULL: there is none. */
struct block_device *block_find(const char *name);
/** block_at() - disk number @index, from 0, in the order in which they were found; NULL: there are fewer. */
struct block_device *block_at(unsigned index);
/* Where in the pieces of a request a driver has come to. */
struct block_place {
	const struct block_piece *piece;
	unsigned pieces;  /* left, this one included */
	uint32_t at;      /* bytes into it */
	uint64_t offset;  /* on the disk */
};
/** block_place_data() - what comes next. @n: set to its bytes, none of them over the end of a page. */
static inline char *block_place_data(const struct block_place *p, uint32_t *n)
{
	char *data = (char *)p->piece->data + p->at;
	uint32_t to_end = (uint32_t)(PAGE_SIZE - (uintptr_t)data % PAGE_SIZE);

	*n = MIN(p->piece->length - p->at, to_end);
	return data;
}
/** block_place_advance() - that is done. */
static inline void block_place_advance(struct block_place *p, uint32_t n)
{
	p->offset += n;
	p->at += n;
	if (p->at == p->piece->length) {
		p->piece++;
		p->pieces--;
		p->at = 0;
	}
}

/* How long a device may take for a request before its driver gives it up: whittle.disk_timeout=SECONDS. */
extern uint64_t block_timeout_ns;

/** block_done() - a driver finished @r, which may be gone when it returns. Context: any, also interrupt. */
void block_done(struct block_device *d, struct block_request *r, int result);
/** block_wait() - until @r, which was submitted, is done, or the device given up. Return: its result. May sleep. */
int block_wait(struct block_device *d, struct block_request *r);
/**
 * block_transfer() - read, or write, @count pieces, however many, from @offset on, and wait for it.
 * Return: 0; -EINVAL: not whole sectors within the device; -EROFS; -EIO. May sleep.
 */
int block_transfer(struct block_device *d, bool write, uint64_t offset, const struct block_piece *pieces, unsigned count);
/** block_flush() - what was written is to last. 0 or -EIO. May sleep. */
int block_flush(struct block_device *d);
/** block_discard() - @n bytes from @offset on are not needed any more. As block_transfer(); -EOPNOTSUPP. */
int block_discard(struct block_device *d, uint64_t offset, uint64_t n);

#endif
