/* For reproducible.t: a program with a library of its own. */
int near(void);

int main(void)
{
	return near();
}
