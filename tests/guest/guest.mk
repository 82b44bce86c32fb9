# Programs that run inside Whittle, and on the build host: the suites with three libcs, and smaller ones.
GUEST = $(BUILD)/guest
GUEST_CFLAGS = -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-result -Wno-clobbered -Wno-format-truncation \
	-Wno-infinite-recursion -Wno-array-bounds -Wno-dangling-pointer -pthread
SUITE = $(sort $(wildcard tests/guest/suite/*.c))
# Programs of one source each, static.
GUEST_STATIC = die filter loader-sum net-echo map_calls leaks pressure disk_write huge borders stop random_calls clock_rate timers \
	slaac races bad_pointers no_memory disk_pattern
GUEST_PROGRAMS = $(addprefix $(GUEST)/,suite-static suite-glibc suite-musl die hello-static hello-glibc hello-musl \
	hello-pie addresses $(GUEST_STATIC)) $(GUEST)/data.stamp

.PHONY: guest-programs
guest-programs: $$(GUEST_PROGRAMS)

$(GUEST)/suite-static: GUEST_CC = gcc -static
$(GUEST)/suite-glibc: GUEST_CC = gcc
$(GUEST)/suite-musl: GUEST_CC = musl-gcc
$(GUEST)/suite-static $(GUEST)/suite-glibc $(GUEST)/suite-musl: $(SUITE) tests/guest/suite/suite.h
	@mkdir -p $(@D)
	@echo '  GUEST   $@'
	@$(GUEST_CC) $(GUEST_CFLAGS) -o $@ $(SUITE)

$(GUEST)/hello-static: GUEST_CC = gcc -static
$(GUEST)/hello-glibc: GUEST_CC = gcc -no-pie
$(GUEST)/hello-pie: GUEST_CC = gcc -static-pie
$(GUEST)/hello-musl: GUEST_CC = musl-gcc
$(GUEST)/addresses: tests/guest/addresses.c
	@mkdir -p $(@D)
	@gcc -static-pie $(GUEST_CFLAGS) -o $@ $<
$(GUEST)/hello-%: tests/guest/hello.c
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_CFLAGS) -o $@ $<
$(GUEST_STATIC:%=$(GUEST)/%): $(GUEST)/%: tests/guest/%.c
	@mkdir -p $(@D)
	@gcc -static $(GUEST_CFLAGS) -o $@ $<

# Files that the suite "root" looks for in its image.
$(GUEST)/data.stamp: tests/guest/guest.mk
	@rm -rf $(GUEST)/data && mkdir -p $(GUEST)/data/many
	@LC_ALL=C awk 'BEGIN { for (i = 0; i < 1000003; i++) printf "%c", 97 + (int(i / 100) + i) % 26 }' > $(GUEST)/data/large
	@for i in $$(seq 500); do echo $$i | awk '{ printf "%4d", $$1 }' > $(GUEST)/data/many/number-$$i; done
	@: > $(GUEST)/data/empty && printf '#!/bin/sh\n' > $(GUEST)/data/script && chmod 755 $(GUEST)/data/script
	@ln -s large $(GUEST)/data/link
	@printf 'hard\n' > $(GUEST)/data/hard && ln $(GUEST)/data/hard $(GUEST)/data/hard2
	@touch $@

# Clients go through it one by one (tests/gate.c).
$(BUILD)/gate: tests/gate.c
	@mkdir -p $(@D)
	@gcc -std=gnu11 -O2 -Wall -Wextra -pthread -o $@ $<
guest-programs: $(BUILD)/gate

# What the kernel offers to programs, from its linker sets and sources; and as a header for programs that try all of it.
$(BUILD)/calls: scripts/calls $(COMP)/kernel.a $(BUILD)/whittle
	@mkdir -p $(BUILD)/coverage
	@$(BUILD)/whittle kernel --for all -o $(BUILD)/coverage/all.elf > /dev/null
	@scripts/calls $(BUILD)/coverage/all.elf.debug > $@
$(GUEST)/calls.h: $(BUILD)/calls tests/guest/guest.mk
	@mkdir -p $(@D)
	@awk -F '\t' ' \
		$$1 == "call" { printf "CALL(%s, %s, \"%s\")\n", $$2, $$3, $$5; next } \
		$$1 == "option" { split($$3, n, ":"); printf "OPTION(%s, %s, %s)\n", $$2, n[1], n[2]; next } \
		$$1 ~ /^(ioctl|prctl|fcntl)$$/ { printf "%s(%s, %s)\n", toupper($$1), $$2, $$3 } \
		END { print "#undef CALL\n#undef OPTION\n#undef IOCTL\n#undef PRCTL\n#undef FCNTL" }' $< > $@.new
	@(printf '#ifndef CALL\n#define CALL(name, number, arguments)\n#endif\n'; for m in IOCTL PRCTL FCNTL; do \
		printf "#ifndef $$m\n#define $$m(name, number)\n#endif\n"; done; \
		printf '#ifndef OPTION\n#define OPTION(name, level, number)\n#endif\n'; cat $@.new) > $@ && rm $@.new
$(GUEST)/random_calls $(GUEST)/bad_pointers: GUEST_CFLAGS += -I$(GUEST)
$(GUEST)/random_calls $(GUEST)/bad_pointers: $(GUEST)/calls.h

# What programs find, for people.
.PHONY: compat
compat: $(BUILD)/calls
	@scripts/compat $< > docs/COMPAT.md
guest-programs: $(BUILD)/calls
