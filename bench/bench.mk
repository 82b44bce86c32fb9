# make bench: instruction counts, sizes and least memory; a table and build/bench.json. BENCH="ops start" does a part.
BENCH_DIR = $(BUILD)/bench
BENCH_FILES = $(BENCH_DIR)/icount.so $(BENCH_DIR)/microbench $(BENCH_DIR)/variants $(BENCH_DIR)/hello $(BENCH_DIR)/gadgets $(BUILD)/gate

$(BENCH_DIR)/icount.so: bench/icount.c
	@mkdir -p $(@D)
	@gcc -std=gnu11 -O2 -g -Wall -Wextra -shared -fPIC -fvisibility=hidden -pthread -o $@ $<
$(BENCH_DIR)/gadgets: bench/gadgets.c
	@mkdir -p $(@D)
	@gcc -std=gnu11 -O2 -Wall -Wextra -o $@ $< -lcapstone
$(BENCH_DIR)/%: bench/%.c bench/mark.h
	@mkdir -p $(@D)
	@gcc -std=gnu11 -O2 -Wall -Wextra -static -pthread -o $@ $<

.PHONY: bench bench-files
bench-files: $(BENCH_FILES)
bench:
	@scripts/deps build run demo
	@$(MAKE) --no-print-directory -j2 all bench-files
	@bench/run $(BENCH)
