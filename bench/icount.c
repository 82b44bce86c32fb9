/* icount: a QEMU plugin that counts the guest's instructions, and tells where they go.
 *
 *   out=FILE     64-bit words, mapped shared: the running counts, in the order of struct shared, and a command (see below)
 *   log=FILE     a line for each event: "EVENT COUNT", and the other counts, in the same order
 *   entry=ADDR   an event "entry" the first time that the instruction at ADDR runs
 *   hot=FILE     a profile: for each block of code that ran "ADDRESS INSTRUCTIONS", summed (bench/hot names them)
 *   from=NN,to=NN   limit the profile to what runs between these marks (hexadecimal)
 *   io=FILE      count what leaves the machine: accesses of I/O ports, of device memory, and of the local APIC, HLT, WRMSR;
 *                where it does so goes to FILE: "ADDRESS TIMES KIND" (bench/hot names them). It slows the machine down.
 *   at=ADDR      count runs of the instruction at ADDR (the kernel's end of an interrupt, say); up to 4 times
 *
 * A program marks a point of its run by the no-op `nopl 0x123456NN(%rax,%rax,1)`, an event "mark-NN". Writing 1 to the
 * command word starts the profile anew, 2 writes it; 0 comes back when that is done. The end of the run is "exit".
 * Counts are exact with one virtual processor; a block of the profile that faults half-way counts whole. A string
 * instruction on a port counts as one access, whatever its length: a hypervisor takes it at once.
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
enum { PLUGIN_MEM_RW = 3 };
typedef void (*plugin_vcpu_cb)(unsigned cpu, void *data);
typedef void (*plugin_mem_cb)(unsigned cpu, uint32_t access, uint64_t address, void *data);
struct qemu_plugin_hwaddr;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, plugin_vcpu_cb, int, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, plugin_mem_cb, int, int, void *);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t access, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *);
bool qemu_plugin_mem_is_store(uint32_t access);
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

enum kind { PORT_READ, PORT_WRITE, MEMORY_READ, MEMORY_WRITE, APIC_READ, APIC_WRITE, HALT, MSR_WRITE, KINDS };
static const char *const kind_names[KINDS] = { "in", "out", "read", "write", "apic-read", "apic-write", "hlt", "wrmsr" };

struct shared {
	uint64_t count;
	volatile uint64_t command;
	uint64_t io[KINDS];
	uint64_t at;
};

/* An instruction that left the machine. Never freed. */
struct site {
	struct site *next;
	uint64_t address;
	uint64_t times[KINDS];
	enum kind kind; /* of what its bytes say; of others the access does */
};

/* One translated block; the same code translated again finds its block by address. Never freed: QEMU adds to it. */
struct block {
	struct block *next; /* in its bucket */
	uint64_t address;
	uint64_t instructions;
};

enum { BUCKETS = 1 << 16, AT_MOST = 4 };
#define LOCAL_APIC 0xfee00000u

static struct shared own_words, *words = &own_words;
static struct block *buckets[BUCKETS];
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t entry_address;
static bool entered;
static unsigned from_mark = 256, to_mark = 256; /* 256: none */
static const char *hot_path, *io_path;
static struct site *sites[BUCKETS];
static uint64_t at_addresses[AT_MOST];
static unsigned at_count;
static FILE *events;

static void say(const char *event, unsigned n)
{
	if (!events)
		return;
	fprintf(events, event, n);
	fprintf(events, " %" PRIu64, words->count);
	for (unsigned i = 0; i < KINDS; i++)
		fprintf(events, " %" PRIu64, words->io[i]);
	fprintf(events, " %" PRIu64 "\n", words->at);
	fflush(events);
}

static void profile_start(void)
{
	pthread_mutex_lock(&blocks_lock);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct site *s = sites[i]; s; s = s->next)
			memset(s->times, 0, sizeof(s->times));
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct block *b = buckets[i]; b; b = b->next)
			b->instructions = 0;
	pthread_mutex_unlock(&blocks_lock);
}

static void io_write(void)
{
	FILE *f = fopen(io_path, "w");

	if (!f) {
		perror(io_path);
		return;
	}
	pthread_mutex_lock(&blocks_lock);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct site *s = sites[i]; s; s = s->next)
			for (unsigned k = 0; k < KINDS; k++)
				if (s->times[k])
					fprintf(f, "%016" PRIx64 " %" PRIu64 " %s\n", s->address, s->times[k],
						kind_names[k]);
	pthread_mutex_unlock(&blocks_lock);
	fclose(f);
}

static void profile_write(void)
{
	FILE *f;

	if (io_path)
		io_write();
	f = hot_path ? fopen(hot_path, "w") : NULL;
	if (!f) {
		if (hot_path)
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

static struct site *site_at(uint64_t address)
{
	struct site **bucket = &sites[(address ^ address >> 16) % BUCKETS], *s;

	pthread_mutex_lock(&blocks_lock);
	for (s = *bucket; s && s->address != address; s = s->next)
		;
	if (!s && (s = calloc(1, sizeof(*s)))) {
		s->address = address;
		s->next = *bucket;
		*bucket = s;
	}
	pthread_mutex_unlock(&blocks_lock);
	if (!s)
		abort();
	return s;
}

static void left(struct site *s, enum kind kind)
{
	__atomic_fetch_add(&words->io[kind], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->times[kind], 1, __ATOMIC_RELAXED);
}

static void on_leave(unsigned cpu, void *data)
{
	struct site *s = data;

	(void)cpu;
	left(s, s->kind);
}

/* Each round of a string instruction arrives here; rounds follow one another with nothing between. */
static void on_string(unsigned cpu, void *data)
{
	static struct site *last;
	static uint64_t last_count;
	struct site *s = data;

	(void)cpu;
	if (s != last || words->count > last_count + 1)
		left(s, s->kind);
	last = s;
	last_count = words->count;
}

static void on_access(unsigned cpu, uint32_t access, uint64_t address, void *data)
{
	const struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(access, address);

	(void)cpu;
	if (!where || !qemu_plugin_hwaddr_is_io(where))
		return;
	if (qemu_plugin_hwaddr_phys_addr(where) >> 12 == LOCAL_APIC >> 12)
		left(data, qemu_plugin_mem_is_store(access) ? APIC_WRITE : APIC_READ);
	else
		left(data, qemu_plugin_mem_is_store(access) ? MEMORY_WRITE : MEMORY_READ);
}

/* What the bytes of an instruction say of it; KINDS: nothing. */
static enum kind kind_of(const uint8_t *b, size_t size, bool *string)
{
	size_t i = 0;

	*string = false;
	while (i < size && (b[i] == 0x66 || b[i] == 0xf2 || b[i] == 0xf3 || b[i] == 0x67 || (b[i] & 0xf0) == 0x40)) {
		*string |= b[i] == 0xf2 || b[i] == 0xf3;
		i++;
	}
	if (i == size)
		return KINDS;
	switch (b[i]) {
	case 0xe4: case 0xe5: case 0xec: case 0xed: case 0x6c: case 0x6d:
		return PORT_READ;
	case 0xe6: case 0xe7: case 0xee: case 0xef: case 0x6e: case 0x6f:
		return PORT_WRITE;
	case 0xf4:
		return HALT;
	case 0x0f:
		return i + 1 < size && b[i + 1] == 0x30 ? MSR_WRITE : KINDS;
	default:
		return KINDS;
	}
}

static void watch_io(struct qemu_plugin_insn *insn)
{
	struct site *s = site_at(qemu_plugin_insn_vaddr(insn));
	bool string;

	s->kind = kind_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn), &string);
	if (s->kind == KINDS)
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, PLUGIN_CB_NO_REGS, PLUGIN_MEM_RW, s);
	else
		qemu_plugin_register_vcpu_insn_exec_cb(insn, string ? on_string : on_leave, PLUGIN_CB_NO_REGS, s);
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
	if (n == to_mark)
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
		if (io_path)
			watch_io(insn);
		for (unsigned a = 0; a < at_count; a++)
			if (qemu_plugin_insn_vaddr(insn) == at_addresses[a])
				qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_INLINE_ADD_U64, &words->at, 1);
		if (entry_address && qemu_plugin_insn_vaddr(insn) == entry_address)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_entry, PLUGIN_CB_NO_REGS, NULL);
	}
}

static void on_end(qemu_plugin_id_t id, void *unused)
{
	(void)id;
	(void)unused;
	say("exit", 0);
	if (to_mark == 256)
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
		} else if (n == 2 && !strncmp(argv[i], "io", n)) {
			io_path = strdup(value);
		} else if (n == 2 && !strncmp(argv[i], "at", n) && at_count < AT_MOST) {
			at_addresses[at_count++] = strtoull(value, NULL, 0);
		} else if (n == 4 && !strncmp(argv[i], "from", n)) {
			from_mark = (unsigned)strtoul(value, NULL, 16);
		} else if (n == 2 && !strncmp(argv[i], "to", n)) {
			to_mark = (unsigned)strtoul(value, NULL, 16);
		} else {
			fprintf(stderr, "icount: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	if (words != &own_words && pthread_create(&thread, NULL, obey, NULL))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
