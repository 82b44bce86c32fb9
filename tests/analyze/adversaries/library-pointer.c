/* LIBRARY: its address is taken from the table and called by a register. */
long hidden(long n);
int main(int argc, char **argv)
{
	long (*f)(long) = hidden;
	(void)argv;
	for (int i = 0; i < argc; i++)
		f(argc == 9 ? 39 : 148);
	return 0;
}
