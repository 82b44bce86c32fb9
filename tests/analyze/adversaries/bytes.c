/* Code in bytes between data, in no function, with no unwind information. */
__asm__(".text\n.byte 0xff, 0x06, 0x17, 0x0f\nhidden:\n.byte 0xb8, 148, 0, 0, 0, 0x31, 0xff, 0x31, 0xf6, 0x0f, 0x05, 0xc3\n"
	".byte 0x06, 0x0e, 0xea\n");
extern char hidden[];
int main(void) { return ((long (*)(void))hidden)() == 0; }
