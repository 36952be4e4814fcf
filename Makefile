# For those who type make: every target is the word of ./run, which needs nothing but /bin/sh.
.PHONY: setup demo test soak check docs
setup demo test check docs:
	@./run $@

N ?= 3
soak:
	@./run soak $(N)
