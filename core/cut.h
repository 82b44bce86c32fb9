/* What a program asks for that was cut out of this kernel (core/cut.c): said once, by name, with how to add it.
 *
 * The call fails as if the thing had never been; with whittle.cut=kill the program ends by SIGSYS instead, which it can
 * neither catch nor ignore. Context: a system call, may sleep; locks may be held.
 */
#ifndef CORE_CUT_H
#define CORE_CUT_H

/**
 * cut_asked() - entry @number of the linker set @set is asked for and not here; the caller fails with @error.
 * Return: whether it was cut, and is said. Otherwise no kernel has it.
 */
#define cut_asked(set, number, error) cut_report(set, (uint32_t)(number), #error)
bool cut_report(const char *set, uint32_t number, const char *error);
/** cut_missing() - say that @what is not here, and that --with @with adds it. */
void cut_missing(const char *what, const char *with, const char *error);

/**
 * cut_place() - where the program is: an address, and of which file. exec/report.c defines it.
 * @size: of @text, at least 64 bytes.
 */
void cut_place(uint64_t address, char *text, size_t size);

#endif
