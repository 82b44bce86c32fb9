/* Codes of ioctl(2), fcntl(2) and prctl(2) as entries of sets, so that a kernel holds only those its program uses. */
#ifndef ABI_CODE_H
#define ABI_CODE_H

struct file;

struct prctl_code {
	const char *name;
	long (*call)(unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);
	uint64_t option;
};
SET_DECLARE(prctl, struct prctl_code, 24);

struct fcntl_code {
	const char *name;
	long (*call)(int fd, struct file *file, unsigned long arg);
	uint64_t command;
};
SET_DECLARE(fcntl, struct fcntl_code, 24);

struct ioctl_code {
	const char *name;
	long (*call)(int fd, struct file *file, unsigned long arg);
	uint64_t request;
};
SET_DECLARE(ioctl, struct ioctl_code, 24);

/* Names are pasted in the outermost macro: PR_SET_NAME must not become 15 on the way. */
#define CODE_ENTRY_(type, symbol, place)                                                           \
	extern const struct type symbol;                                                           \
	const struct type symbol __attribute__((section(place), aligned(8)))
#define PRCTL(ident, fn) CODE_ENTRY_(prctl_code, set_prctl_##ident, ".set.prctl." #ident) = { #ident, fn, ident }
#define FCNTL(ident, fn) CODE_ENTRY_(fcntl_code, set_fcntl_##ident, ".set.fcntl." #ident) = { #ident, fn, ident }
#define IOCTL(ident, fn) CODE_ENTRY_(ioctl_code, set_ioctl_##ident, ".set.ioctl." #ident) = { #ident, fn, ident }

#endif
