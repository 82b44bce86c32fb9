/* What a Linux process owns (core/process.c). None of it is a global; it is passed along or reached by current->process.
 *
 * Parts that belong to higher floors hang here by pointers to types those floors define.
 */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include <core/thread.h>
#include <core/wait.h>

struct mm;             /* mm/mm.h */
struct files;          /* fs/files.h: the table of descriptors */
struct fs_context;     /* fs/vfs.h: root, working directory, umask */
struct signal_process; /* core/signal.h: handlers, process-wide queue */
struct itimers;        /* abi: interval and POSIX timers */
struct process;

#define GROUPS_MAX 64

/* Something that a process owns only in kernels that have it: whoever makes it says how it ends. */
struct process_part {
	void (*end)(struct process *p, struct process_part *part); /* the process has no threads any more; sets the pointer NULL */
};

struct credentials {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	unsigned group_count;
	uint32_t groups[GROUPS_MAX];
	uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding;
	bool keep_caps; /* PR_SET_KEEPCAPS */
};

struct resource_limit {
	uint64_t soft, hard;
};
#define RESOURCE_LIMITS 16 /* RLIM_NLIMITS */

struct process {
	struct mutex lock;               /* RANK_PROCESS: threads, exit, session ids */
	uint32_t refs;                   /* atomic */
	struct list table_node;          /* process.c */
	int32_t pid, ppid, pgid, sid;    /* I, but for pgid and sid: lock */
	struct list threads;             /* changed under lock and signals->lock, read under either; thread.process_node */
	unsigned thread_count;           /* as threads */
	struct thread *leader;           /* borrowed; NULL once it has ended: signals->lock */
	struct mm *mm;                   /* ref */
	struct files *files;             /* ref */
	struct fs_context *fs;           /* ref */
	struct signal_process *signals;  /* ref */
	struct credentials credentials;  /* lock for writing; words are read as they are */
	struct resource_limit limits[RESOURCE_LIMITS]; /* lock for writing */
	struct process_part *terminal;   /* ref: the one that controls it, fs/tty.c; NULL: none; lock */
	struct itimers *itimers;         /* owned */
	struct process_part *aio;        /* owned: contexts of io_setup(2), fs/aio.c; NULL until the first */
	int exit_status;                 /* as wait4(2) has it; set once under lock */
	bool exiting;                    /* a: every thread leaves at its next return to the program */
	uint64_t start_ns;
	uint64_t dead_run_time_ns;       /* of threads that ended; lock */
	struct io_counts dead_io;        /* likewise */
	uint64_t minor_faults, major_faults; /* a */
	char *executable;                /* owned: path of the program, for /proc/self/exe */
	uint64_t arg_start, arg_end, env_start, env_end; /* in the program's memory */
	uint64_t auxv[64];               /* what the program was given, for /proc/self/auxv; pairs */
	unsigned auxv_count;             /* words */
	uint32_t personality;            /* personality(2) */
	bool dumpable;                   /* prctl(PR_SET_DUMPABLE) */
	bool no_new_privs;
	int16_t oom_score_adj;           /* as /proc says; remembered: nothing is killed for want of memory */
};

/** process_create() - a process without threads; everything it owns is NULL, limits and credentials are set. */
struct process *process_create(void) __must_check;
void process_get(struct process *p);
void process_put(struct process *p);
/** process_by_pid() - a reference, or NULL. */
struct process *process_by_pid(int pid) __must_check;
/** process_next() - a reference to the process with the lowest id from @pid on, or NULL. */
struct process *process_next(int pid) __must_check;
/** process_io() - of all its threads, ended ones included. */
struct io_counts process_io(struct process *p);
/** process_run_time_ns() - of all its threads, ended ones included. Context: any. */
uint64_t process_run_time_ns(struct process *p);
/**
 * process_thread_attach() - @t belongs to @p from now on: thread_create() calls it once t->tid is set. The first thread
 * is the leader and gives the process its id. Return: 0, -ENOMEM, -EAGAIN if the process is ending.
 */
int process_thread_attach(struct process *p, struct thread *t) __must_check;
/** process_thread_detach() - undo the above for a thread that never ran. */
void process_thread_detach(struct thread *t);
/**
 * process_thread_exit() - the current thread ends: thread_exit() calls it first. Calls process_thread_ended(), takes the
 * thread out, and for the last one calls process_ended(). t->process stays until the thread itself is freed.
 */
void process_thread_exit(struct thread *t);
/** process_exit_all() - every thread of the current process ends; the status is as wait4(2) has it. */
void process_exit_all(int wait_status) __noreturn;
/**
 * process_ended() - the last thread of @p is gone. Declared here, defined above (exec/): frees what higher floors own,
 * and ends the machine if it was the first program.
 */
void process_ended(struct process *p);
/** mm_activate() - this processor runs in @mm from now on (NULL: in the kernel's tables). Interrupts off. Defined by mm/. */
void mm_activate(struct mm *mm);
/** process_thread_ended() - the current thread is about to end; defined above: clear_child_tid, robust futexes. */
void process_thread_ended(struct thread *t);

#endif
