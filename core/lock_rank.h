/* The order of locks: a thread may take a lock only if its rank is higher than that of every lock it holds.
 *
 * Checked at run time in a debug build (core/lock.c). One line of reason for each rank; locks of the same rank may be
 * held together only where a comment at the place says in which order.
 */
#ifndef CORE_LOCK_RANK_H
#define CORE_LOCK_RANK_H

enum lock_rank {
	RANK_NONE = 0,
	/* Sleeping locks, outermost first. */
	RANK_MOUNT,       /* the tree of mounts: held across path walks */
	RANK_RENAME,      /* one rename at a time: taken before the directories' locks */
	RANK_FILE,        /* position of an open file: held across its I/O, and across readdir */
	RANK_DIRECTORY,   /* entries of a directory: parent before child */
	RANK_AIO_CONTEXTS, /* the contexts of a process, and the start of their thread */
	RANK_AIO,         /* a context of asynchronous I/O: calls poll of its files, which may be epoll sets */
	RANK_EPOLL_NESTING, /* which epoll set is a member of which: taken before the sets */
	RANK_EPOLL,       /* an epoll set: calls poll of its members; one that is a member of another is a rank higher */
	RANK_EPOLL_LAST = RANK_EPOLL + 4,
	RANK_INODE,       /* contents and size of a file: its I/O copies from and to programs, which may fault */
	RANK_NETLINK,     /* a netlink socket: looks at other sockets while it answers */
	RANK_SOCKET,      /* state of one socket */
	RANK_SOCKET_PEER, /* its peer: AF_UNIX, lower address first */
	RANK_PIPE,        /* a pipe's ring: copies from and to programs */
	RANK_CALL,        /* what one family of calls keeps for itself: copies to programs under it, and takes nothing else */
	RANK_FUTEX_PI,    /* futexes with priority inheritance: their words are read and written under it */
	RANK_PROCESS,     /* life of a process and its threads: before its memory; files of /proc look at it */
	RANK_INODE_TABLE, /* inodes of a file system by number: unused ones go when memory is short, under most of the above */
	RANK_WRITE_BACK,  /* a disk's dirty pages on their way to it: they are write-protected in all address spaces */
	RANK_MM,          /* mappings of an address space: taken in faults, so inside whatever copies */
	RANK_DECODE,      /* the piece of a compressed file that was decoded last: read in a fault, from the disk */
	RANK_DISK,        /* what a file system knows of its disk: read in a fault */
	RANK_PAGE_CACHE,  /* pages of a file: looked up in a fault */
	/* Spinning locks. */
	RANK_SPIN,
	RANK_DENTRY = RANK_SPIN, /* names, mounts: a cached path is walked under it */
	RANK_FILES,       /* table of descriptors */
	RANK_NOTIFY,      /* watches of an inode: events are made under it */
	RANK_NOTIFY_QUEUE, /* watches and events of an inotify descriptor */
	RANK_PROCESS_TABLE, /* all processes: a look-up takes a reference and lets go */
	RANK_SYSV,        /* tables of System V IPC: mappings of segments come and go */
	RANK_FUTEX,       /* one bucket of the futex table */
	RANK_FUTEX_PEER,  /* the second bucket of a requeue, higher address */
	RANK_NET,         /* lwIP, whole: calls out to sockets and drivers */
	RANK_SOCKET_BUF,  /* a socket's queues: filled under lwIP's lock */
	RANK_UNIX_LIST,   /* all sockets of AF_UNIX */
	/* From here on taken by interrupts too, which may come while any of the above is held. */
	RANK_TTY,         /* console input: echoes */
	RANK_ITIMER,      /* POSIX timers of a process: armed under it */
	RANK_SIGNAL,      /* handlers and queues of a process */
	RANK_TIMERFD,     /* a timer descriptor: arms its timer under it */
	RANK_DEVICE,      /* a device's queues and registers */
	RANK_WAIT,        /* a wait queue: woken under most of the above */
	RANK_POLL,        /* ready list of an epoll set: filled by wake-ups */
	RANK_WAIT_NESTED, /* a wait queue woken from another's entry (epoll) */
	RANK_TIMER,       /* timers of a processor: armed under any lock */
	RANK_TIMER_SHARED, /* the one timer of a machine without one for each processor: programmed under theirs */
	RANK_TIDS,        /* threads by id: a last reference may go under most of the above */
	RANK_RUN_QUEUE,   /* threads ready on a processor: wake-ups end here */
	RANK_VMAP,        /* kernel address ranges and page tables: made of pages */
	RANK_RECLAIM,     /* page caches that can give pages back, under any allocation of pages; tries their locks */
	RANK_SLAB,        /* one class of objects */
	RANK_PAGES,       /* free pages: under every allocation */
	RANK_RANDOM,      /* pool of random numbers */
	RANK_LOG,         /* the log: may be called anywhere */
	RANK_CONSOLE,     /* what a console driver shares with its device: written to under the log's */
};

#endif
