/* icount: a QEMU plugin that counts the guest's instructions, and tells where they go.
 *
 *   out=FILE     two 64-bit words, mapped shared: the running count, and a command (see below)
 *   log=FILE     a line for each event: "EVENT COUNT"
 *   entry=ADDR   an event "entry" the first time that the instruction at ADDR runs
 *   hot=FILE     a profile: for each block of code that ran "ADDRESS INSTRUCTIONS", summed (bench/hot names them)
 *   from=NN,to=NN   limit the profile to what runs between these marks (hexadecimal)
 *
 * A program marks a point of its run by the no-op `nopl 0x123456NN(%rax,%rax,1)`, an event "mark-NN". Writing 1 to the
 * command word starts the profile anew, 2 writes it; 0 comes back when that is done. The end of the run is "exit".
 * Counts are exact with one virtual processor; a block of the profile that faults half-way counts whole.
 * QEMU 7.2 installs no header for plugins: what is used of its interface is declared here.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { PLUGIN_INLINE_ADD_U64 = 0 };
enum { PLUGIN_CB_NO_REGS = 0 };
typedef void (*plugin_vcpu_cb)(unsigned cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, plugin_vcpu_cb, int, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

enum { COMMAND_NONE, COMMAND_START, COMMAND_WRITE };

struct shared {
	uint64_t count;
	volatile uint64_t command;
};

/* One translated block; the same code translated again finds its block by address. Never freed: QEMU adds to it. */
struct block {
	struct block *next; /* in its bucket */
	uint64_t address;
	uint64_t instructions;
};

enum { BUCKETS = 1 << 16 };

static struct shared own_words, *words = &own_words;
static struct block *buckets[BUCKETS];
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t entry_address;
static bool entered;
static unsigned from_mark = 256, to_mark = 256; /* 256: none */
static const char *hot_path;
static FILE *events;

static void say(const char *event, unsigned n)
{
	if (!events)
		return;
	fprintf(events, event, n);
	fprintf(events, " %" PRIu64 "\n", words->count);
	fflush(events);
}

static void profile_start(void)
{
	pthread_mutex_lock(&blocks_lock);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct block *b = buckets[i]; b; b = b->next)
			b->instructions = 0;
	pthread_mutex_unlock(&blocks_lock);
}

static void profile_write(void)
{
	FILE *f = fopen(hot_path, "w");

	if (!f) {
		perror(hot_path);
		return;
	}
	pthread_mutex_lock(&blocks_lock);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct block *b = buckets[i]; b; b = b->next)
			if (b->instructions)
				fprintf(f, "%016" PRIx64 " %" PRIu64 "\n", b->address, b->instructions);
	pthread_mutex_unlock(&blocks_lock);
	fclose(f);
}

static struct block *block_at(uint64_t address)
{
	struct block **bucket = &buckets[(address ^ address >> 16) % BUCKETS], *b;

	pthread_mutex_lock(&blocks_lock);
	for (b = *bucket; b && b->address != address; b = b->next)
		;
	if (!b && (b = calloc(1, sizeof(*b)))) {
		b->address = address;
		b->next = *bucket;
		*bucket = b;
	}
	pthread_mutex_unlock(&blocks_lock);
	if (!b)
		abort();
	return b;
}

/* The command word has no interrupt: look at it a hundred times a second. */
static void *obey(void *unused)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)unused;
	for (;;) {
		if (words->command == COMMAND_START)
			profile_start();
		else if (words->command == COMMAND_WRITE)
			profile_write();
		words->command = COMMAND_NONE;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void on_mark(unsigned cpu, void *data)
{
	unsigned n = (unsigned)(uintptr_t)data;

	(void)cpu;
	say("mark-%02x", n);
	if (n == from_mark)
		profile_start();
	if (n == to_mark && hot_path)
		profile_write();
}

static void on_entry(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (entered)
		return;
	entered = true;
	say("entry", 0);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (hot_path)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, PLUGIN_INLINE_ADD_U64,
							 &block_at(qemu_plugin_tb_vaddr(tb))->instructions, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *b = qemu_plugin_insn_data(insn);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64, &words->count, 1);
		if (qemu_plugin_insn_size(insn) == 8 && !memcmp(b, "\x0f\x1f\x84\x00", 4) &&
		    !memcmp(b + 5, "\x56\x34\x12", 3))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)b[4]);
		if (entry_address && qemu_plugin_insn_vaddr(insn) == entry_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_entry, PLUGIN_CB_NO_REGS, NULL);
	}
}

static void on_end(qemu_plugin_id_t id, void *unused)
{
	(void)id;
	(void)unused;
	say("exit", 0);
	if (hot_path && to_mark == 256)
		profile_write();
}

static int map_words(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*words)) == 0)
		p = mmap(NULL, sizeof(*words), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		return -1;
	}
	words = p;
	return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	pthread_t thread;

	(void)info;
	for (int i = 0; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t n = value ? (size_t)(value++ - argv[i]) : 0;

		if (n == 3 && !strncmp(argv[i], "out", n)) {
			if (map_words(value))
				return -1;
		} else if (n == 3 && !strncmp(argv[i], "log", n)) {
			events = fopen(value, "w");
		} else if (n == 5 && !strncmp(argv[i], "entry", n)) {
			entry_address = strtoull(value, NULL, 0);
		} else if (n == 3 && !strncmp(argv[i], "hot", n)) {
			hot_path = strdup(value);
		} else if (n == 4 && !strncmp(argv[i], "from", n)) {
			from_mark = (unsigned)strtoul(value, NULL, 16);
		} else if (n == 2 && !strncmp(argv[i], "to", n)) {
			to_mark = (unsigned)strtoul(value, NULL, 16);
		} else {
			fprintf(stderr, "icount: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	if (hot_path && words != &own_words && pthread_create(&thread, NULL, obey, NULL))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
