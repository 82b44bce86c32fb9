# Tests: make check (all but the long ones), make check-long (all), make check-fresh (in a fresh Debian), make unit.
# tests/run runs them; each is an executable that prints TAP.

# Unit tests: kernel sources compiled for the host, see tests/unit/README.
UNIT       = $(BUILD)/unit
UNIT_TESTS := $(sort $(wildcard tests/unit/*_test.c))
UNIT_PROGRAMS = $(UNIT_TESTS:tests/unit/%.c=$(UNIT)/%)
UNIT_FLAGS = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
UNIT_CFLAGS = $(filter-out -O2 -mpreferred-stack-boundary=3 -mno-red-zone -Wframe-larger-than=2048 -Iarch/$(ARCH)/include \
	-fstack-protector% -mstack-protector%,$(KERNEL_CFLAGS)) -Itests/unit/host/include -Iarch/$(ARCH)/include $(UNIT_FLAGS) -DWHITTLE_UNIT_TEST
UNIT_HOST  := $(patsubst tests/unit/host/%.c,$(UNIT)/host/%.o,$(wildcard tests/unit/host/*.c tests/unit/host/libc/*.c))
unit_sources = $(shell sed -n 's|.*/\* UNIT: *\(.*\)\*/.*|\1|p' $1)

include tests/guest/guest.mk
include tests/fuzz/fuzz.mk

.PHONY: unit check check-long check-fresh
unit: $$(UNIT_PROGRAMS)

$(UNIT)/host/libc/%.o: tests/unit/host/libc/%.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -g -Wall -Wextra $(UNIT_FLAGS) -c -o $@ $<
$(UNIT)/host/%.o: tests/unit/host/%.c | $(UAPI)/linux
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<
$(UNIT)/host.a: $(UNIT_HOST)
	@rm -f $@
	@$(AR) rcsD $@ $^
$(UNIT)/o/%.o: %.c | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '  HOSTCC  $<'
	@$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

define unit_program
$(UNIT)/$(notdir $(basename $1)): $(patsubst %.c,$(UNIT)/o/%.o,$1 $(call unit_sources,$1)) $(UNIT)/host.a
	@$(CC) $(UNIT_FLAGS) -o $$@ $$^
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_program,$t)))
# The copies in assembly, beside those of the host's libc.
$(UNIT)/string_test: $(UNIT)/o/arch-string.o
$(UNIT)/o/arch-string.o: arch/$(ARCH)/string.S
	@mkdir -p $(@D)
	@$(CC) -Dmemcpy=kernel_memcpy -Dmemmove=kernel_memmove -Dmemset=kernel_memset -c -o $@ $<
-include $(shell find $(UNIT) -name '*.d' 2>/dev/null)

check:
	@scripts/deps
	@tests/run
check-long:
	@scripts/deps
	@tests/run --long
check-fresh:
	@scripts/deps fresh test
	@tests/fresh

# docs/profiles.md and docs/drivers.md; the latter from what the tests of drivers last printed (tests/run tests/drivers/*.t).
.PHONY: tables
tables: all
	@scripts/profile_table > $(BUILD)/profiles.md && mv $(BUILD)/profiles.md docs/profiles.md
	@scripts/driver_table > $(BUILD)/drivers.md && mv $(BUILD)/drivers.md docs/drivers.md
