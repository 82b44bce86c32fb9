/* Entering the kernel by hand; each file hides the number, 148, in its own way. */
static inline long enter(long number)
{
	long result = number;
	__asm__ volatile("syscall" : "+a"(result) : "D"(0L), "S"(0L), "d"(0L) : "rcx", "r11", "memory");
	return result;
}
