# make demo: Debian's redis-server, unmodified, inside Whittle.
.PHONY: demo
demo:
	@scripts/deps build run demo
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@demo/redis
