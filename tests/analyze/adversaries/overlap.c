/* The instruction lies inside another: a jump leads into its middle. */
int main(void)
{
	long result;
	__asm__ volatile("mov $148, %%eax\n xor %%edi, %%edi\n xor %%esi, %%esi\n jmp 1f + 1\n1: .byte 0x05, 0x0f, 0x05, 0x90, 0x90\n"
			 : "=a"(result) : : "rcx", "r11", "rdi", "rsi", "memory");
	return result == 0;
}
