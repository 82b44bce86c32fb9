/* LIBRARY: long hidden(long n). The number is given to a function of another library. */
long hidden(long n);
int main(void) { return hidden(148) == 0; }
