/* whittle.record: what a program uses, for `whittle run --record`: each call with each of the codes that select a part of
 * the kernel, and each path, once, when it is first asked for, as a message of its own:
 *
 *   recorded call NUMBER ARGUMENT…   six arguments in hex; those that are no code as they were at the first time
 *   recorded path "TEXT"             bytes other than printable ASCII, and " and \, as three octal digits
 *
 * As with strace it is the table of calls that is exchanged at start: without the parameter it costs nothing. What was seen
 * is a table of hashes, written atomically; when it is full, lines come more than once. Paths are cut at 4095 bytes.
 */
#include <abi/strace.h>
#include <abi/syscall.h>
#include <arch/signal.h>
#include <core/init.h>
#include <core/log.h>
#include <core/param.h>
#include <core/slab.h>
#include <core/thread.h>
#include <core/uaccess.h>
#include <linux/limits.h>

COMPONENT("strace", "prints system calls as strace(1) does");

#define SEEN_SIZE 16384u
#define ARGUMENTS 6

static syscall_function recorded[SYSCALL_TABLE_SIZE]; /* the table as it was */
static uint64_t *seen;                                /* keys, 0 for none */
static bool wanted;

/* Calls that are the door to more than one thing, and which arguments say to what, a bit each. */
static const struct {
	uint16_t number, arguments;
} doors[] = {
	{ __NR_socket, 7 },	{ __NR_socketpair, 7 },	 { __NR_setsockopt, 6 }, { __NR_getsockopt, 6 },
	{ __NR_ioctl, 2 },	{ __NR_fcntl, 2 },	 { __NR_prctl, 1 },	 { __NR_clone, 1 },
	{ __NR_futex, 2 },	{ __NR_madvise, 4 },
};

static uint64_t mix(uint64_t key, uint64_t with)
{
	key = (key ^ with) * 0x9e3779b97f4a7c15ull;
	return key ^ key >> 32;
}

static bool is_new(uint64_t key)
{
	key |= 1;
	for (unsigned i = 0; i < SEEN_SIZE; i++) {
		uint64_t *at = &seen[(key + i) % SEEN_SIZE], found = 0;

		if (__atomic_compare_exchange_n(at, &found, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
		if (found == key)
			return false;
	}
	return true;
}

static void note_call(uint64_t number, const long *args)
{
	uint64_t key = mix(1, number);
	char line[160];
	size_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(doors); i++) {
		for (unsigned j = 0; doors[i].number == number && j < ARGUMENTS; j++)
			key = doors[i].arguments >> j & 1 ? mix(key, (uint32_t)args[j]) : key;
	}
	if (!is_new(key))
		return;
	n = (size_t)format_text(line, sizeof(line), "recorded call %lu %lx %lx %lx %lx %lx %lx\n", (unsigned long)number,
				(unsigned long)args[0], (unsigned long)args[1], (unsigned long)args[2],
				(unsigned long)args[3], (unsigned long)args[4], (unsigned long)args[5]);
	log_write(line, n);
}

static void note_path(const char __user *from)
{
	static const char head[] = "recorded path \"";
	char *path = kmalloc(PATH_MAX), *line = kmalloc(PATH_MAX * 4 + sizeof(head) + 2), *to = line;
	ssize_t length = path ? strncpy_from_user(path, from, PATH_MAX) : -1;
	uint64_t key = 2;

	if (length > 0 && line) {
		length = MIN(length, (ssize_t)PATH_MAX - 1);
		memcpy(to, head, sizeof(head) - 1);
		to += sizeof(head) - 1;
		for (ssize_t i = 0; i < length; i++) {
			uint8_t c = (uint8_t)path[i];

			key = mix(key, c);
			if (c >= ' ' && c < 127 && c != '"' && c != '\\')
				*to++ = (char)c;
			else
				to += format_text(to, 5, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
		}
		*to++ = '"';
		*to++ = '\n';
		if (is_new(key))
			log_write(line, (size_t)(to - line));
	}
	kfree(path);
	kfree(line);
}

static long record(long a, long b, long c, long d, long e, long f)
{
	uint64_t number = arch_syscall_number(current->frame);
	const long args[ARGUMENTS] = { a, b, c, d, e, f };
	const char *kinds;

	if (number >= SYSCALL_TABLE_SIZE)
		return -ENOSYS;
	kinds = strace_arguments(number);
	note_call(number, args);
	for (unsigned i = 0; i < ARGUMENTS && kinds[i]; i++) {
		if (kinds[i] == 'p')
			note_path((const char __user *)args[i]);
	}
	return recorded[number] ? recorded[number](a, b, c, d, e, f) : trap_unknown_syscall(number);
}

static int set_record(char *value)
{
	wanted = strcmp(value, "1") == 0;
	return wanted || strcmp(value, "0") == 0 ? 0 : -EINVAL;
}
BOOT_PARAM(record, "whittle.record", set_record);

static void record_start(void)
{
	seen = wanted ? kzalloc(SEEN_SIZE * sizeof(*seen)) : NULL;
	if (wanted && !seen)
		panic("no memory to record what the program uses");
	for (unsigned i = 0; seen && i < SYSCALL_TABLE_SIZE; i++) {
		recorded[i] = syscall_table[i];
		syscall_table[i] = record;
	}
}
INITCALL(80, record_start);
