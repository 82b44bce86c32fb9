/* Files of /proc/sys: what the kernel's limits and names are (sysctl(8), proc(5)). Those of networks are with them. */
#include <core/process.h>
#include <core/random.h>
#include <core/uname.h>
#include <fs/files.h>
#include <fs/inotify.h>
#include <fs/pipe.h>
#include <fs/proc/procfile.h>
#include <fs/sysv_shm.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <mm/commit.h>
#include <mm/mm.h>

COMPONENT("proc", "/proc and its files");

static int show_ostype(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", system_names.sysname);
	return 0;
}
PROC_FILE(sys_ostype, "sys/kernel/ostype", show_ostype);

static int show_osrelease(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", system_names.release);
	return 0;
}
PROC_FILE(sys_osrelease, "sys/kernel/osrelease", show_osrelease);

static int show_version(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", system_names.version);
	return 0;
}
PROC_FILE(sys_version, "sys/kernel/version", show_version);

static int set_name(char *name, const char *text, size_t n)
{
	char new[__NEW_UTS_LEN + 1] = { 0 };
	size_t len = 0;

	while (len < n && text[len] != '\n')
		len++;
	if (len > __NEW_UTS_LEN)
		return -EINVAL;
	memcpy(new, text, len);
	memcpy(name, new, sizeof(new));
	return 0;
}

static int show_hostname(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", system_names.nodename);
	return 0;
}

static int write_hostname(const struct proc_target *of, char *text, size_t n)
{
	return set_name(system_names.nodename, text, n);
}
PROC_WRITABLE(sys_hostname, "sys/kernel/hostname", show_hostname, write_hostname);

static int show_domainname(struct text *out, const struct proc_target *of)
{
	text_add(out, "%s\n", system_names.domainname);
	return 0;
}

static int write_domainname(const struct proc_target *of, char *text, size_t n)
{
	return set_name(system_names.domainname, text, n);
}
PROC_WRITABLE(sys_domainname, "sys/kernel/domainname", show_domainname, write_domainname);

PROC_NUMBER(sys_pid_max, "sys/kernel/pid_max", TID_MAX);
PROC_NUMBER(sys_threads_max, "sys/kernel/threads-max", TID_MAX); /* nothing but ids and memory limits them */
PROC_NUMBER(sys_ngroups_max, "sys/kernel/ngroups_max", GROUPS_MAX);
PROC_NUMBER(sys_cap_last_cap, "sys/kernel/cap_last_cap", CAP_LAST_CAP);

PROC_CONSTANT(sys_tainted, "sys/kernel/tainted", "0\n");
PROC_CONSTANT(sys_overflow_uid, "sys/kernel/overflowuid", "65534\n");
PROC_CONSTANT(sys_overflow_gid, "sys/kernel/overflowgid", "65534\n");
PROC_NUMBER(sys_shmmax, "sys/kernel/shmmax", SHMMAX);
PROC_NUMBER(sys_shmall, "sys/kernel/shmall", SHMALL);
PROC_NUMBER(sys_shmmni, "sys/kernel/shmmni", SHMMNI);

/* A decimal number alone, up to @most. Return: it, or -1. */
static int64_t parse_number(const char *text, size_t n, uint64_t most)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < n && text[i] >= '0' && text[i] <= '9' && value <= most; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	return i && (i == n || (i + 1 == n && text[i] == '\n')) && value <= most ? (int64_t)value : -1;
}

static int show_overcommit_memory(struct text *out, const struct proc_target *of)
{
	text_add(out, "%u\n", READ_ONCE(commit_mode));
	return 0;
}

static int write_overcommit_memory(const struct proc_target *of, char *text, size_t n)
{
	int64_t value = parse_number(text, n, COMMIT_NEVER);

	if (value < 0)
		return -EINVAL;
	WRITE_ONCE(commit_mode, (unsigned)value);
	return 0;
}
PROC_WRITABLE(sys_overcommit_memory, "sys/vm/overcommit_memory", show_overcommit_memory, write_overcommit_memory);

static int show_overcommit_ratio(struct text *out, const struct proc_target *of)
{
	text_add(out, "%u\n", READ_ONCE(commit_ratio));
	return 0;
}

static int write_overcommit_ratio(const struct proc_target *of, char *text, size_t n)
{
	int64_t value = parse_number(text, n, INT32_MAX);

	if (value < 0)
		return -EINVAL;
	WRITE_ONCE(commit_kib, 0); /* the one that was written last counts */
	WRITE_ONCE(commit_ratio, (unsigned)value);
	return 0;
}
PROC_WRITABLE(sys_overcommit_ratio, "sys/vm/overcommit_ratio", show_overcommit_ratio, write_overcommit_ratio);

static int show_overcommit_kbytes(struct text *out, const struct proc_target *of)
{
	text_add(out, "%lu\n", (unsigned long)READ_ONCE(commit_kib));
	return 0;
}

static int write_overcommit_kbytes(const struct proc_target *of, char *text, size_t n)
{
	int64_t value = parse_number(text, n, INT64_MAX / 16);

	if (value < 0)
		return -EINVAL;
	WRITE_ONCE(commit_kib, (uint64_t)value);
	return 0;
}
PROC_WRITABLE(sys_overcommit_kbytes, "sys/vm/overcommit_kbytes", show_overcommit_kbytes, write_overcommit_kbytes);

PROC_CONSTANT(sys_swappiness, "sys/vm/swappiness", "0\n"); /* there is nothing to swap to */
PROC_CONSTANT(sys_nr_hugepages, "sys/vm/nr_hugepages", "0\n");
PROC_NUMBER(sys_max_map_count, "sys/vm/max_map_count", MAP_COUNT_MAX);
PROC_NUMBER(sys_mmap_min_addr, "sys/vm/mmap_min_addr", VMA_LOWEST);

PROC_NUMBER(sys_file_max, "sys/fs/file-max", INT64_MAX); /* as many as there is memory for */
PROC_NUMBER(sys_nr_open, "sys/fs/nr_open", FILES_MAX);
PROC_NUMBER(sys_inotify_instances, "sys/fs/inotify/max_user_instances", INOTIFY_INSTANCES_MAX);
PROC_NUMBER(sys_inotify_watches, "sys/fs/inotify/max_user_watches", INOTIFY_WATCHES_MAX);
PROC_NUMBER(sys_inotify_events, "sys/fs/inotify/max_queued_events", INOTIFY_EVENTS_MAX);
PROC_NUMBER(sys_pipe_max_size, "sys/fs/pipe-max-size", PIPE_CAPACITY_MAX);

/* RFC 9562, 5.4: a random one. */
static void random_uuid(uint8_t uuid[16])
{
	random_bytes(uuid, 16);
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static void add_uuid(struct text *out, const uint8_t uuid[16])
{
	for (unsigned i = 0; i < 16; i++)
		text_add(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	text_put(out, "\n", 1);
}

static int show_uuid(struct text *out, const struct proc_target *of)
{
	uint8_t uuid[16];

	random_uuid(uuid);
	add_uuid(out, uuid);
	return 0;
}
PROC_FILE(sys_uuid, "sys/kernel/random/uuid", show_uuid);

static int show_boot_id(struct text *out, const struct proc_target *of)
{
	static uint8_t id[16]; /* lock */
	static bool made;      /* lock */
	static struct mutex lock = MUTEX_INIT(lock, RANK_PROCESS);

	mutex_lock(&lock);
	if (!made)
		random_uuid(id);
	made = true;
	mutex_unlock(&lock);
	add_uuid(out, id);
	return 0;
}
PROC_FILE(sys_boot_id, "sys/kernel/random/boot_id", show_boot_id);

/* Bits of the generator's key, which it has from its first use on. */
PROC_CONSTANT(sys_entropy_avail, "sys/kernel/random/entropy_avail", "256\n");
PROC_CONSTANT(sys_poolsize, "sys/kernel/random/poolsize", "256\n");
