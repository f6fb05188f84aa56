# make test   installs what the tests need (Debian, as root) and runs all of them
# make test-busy  runs the tests beside six busy loops, all at the lowest priority; FILTER='test(reader)' chooses some
# make lint   formatting, clippy and docs of Rust; formatting and lints of static/; licences, sources and versions of
#             dependencies. make format corrects the formatting
# make sbom   writes what is in the release binary to target/lockstep.cdx.json (CycloneDX)
# make fuzz   feeds the parsers with inputs that libFuzzer makes, LOCKSTEP_FUZZ_SECONDS (360) for each of them;
#             FUZZ="csv feed" chooses some
# make mutants  changes the code that decides about runs, and shows which changes no test notices (cargo-mutants 27);
#             SHARD=0/25 takes every 25th of 376 changes, which is hours of work
# make crashes  kills servers in the middle of their runs, 200 times on each database; prints what came of it
# make histories  records calls to servers under faults for LOCKSTEP_HISTORY_MINUTES on both databases, and checks them
# make bench  compares loading and polling with their references, and a sync with one that tells no progress; prints
#             ratios. make bench-progress is the second part alone
# make pictures    takes pictures of every page in every state into target/pictures
# make screenshot  draws the pictures of the README and of docs/tour.md anew

CARGO ?= cargo

.PHONY: pictures test test-busy fuzz mutants crashes histories lint lint-static lint-dependencies sbom format bench
.PHONY: bench-progress screenshot needs

test: needs
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --no-fail-fast; \
	else $(CARGO) test --no-fail-fast; fi

test-busy: needs
	@scripts/with-busy-loops $(CARGO) nextest run --profile busy --no-fail-fast -E '$(or $(FILTER),all())'

fuzz:
	@scripts/fuzz-parsers $(FUZZ)

mutants: needs
	$(CARGO) mutants --sharding round-robin --shard $(or $(SHARD),0/25)

crashes: export LOCKSTEP_CRASHES ?= 200
crashes: needs
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --profile crashes servers::crashes; \
	else $(CARGO) test servers::crashes -- --nocapture; fi

histories: export LOCKSTEP_HISTORY_MINUTES ?= 60
histories: needs
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --profile histories -E 'test(explains_every_answer)'; \
	else $(CARGO) test explains_every_answer -- --nocapture; fi

needs: node_modules/.package-lock.json
	@scripts/install-test-needs

lint: lint-static lint-dependencies
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items

lint-static: node_modules/.package-lock.json
	npm run --silent lint

lint-dependencies:
	@scripts/check-dependencies

sbom:
	@node scripts/sbom.mjs target/lockstep.cdx.json

format: node_modules/.package-lock.json
	$(CARGO) fmt
	npm run --silent format

# npm writes this file at the end of an installation.
node_modules/.package-lock.json: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

bench:
	@benches/compare
	@$(MAKE) --no-print-directory bench-progress

bench-progress:
	@$(CARGO) bench --quiet --bench progress

# Every page in every state, for people to look at: target/pictures.
pictures: needs
	$(CARGO) nextest run -E 'test(every_page_in_every_state)'

# The pictures of the README and of docs/tour.md.
screenshot: needs
	$(CARGO) nextest run -E 'test(the_tour_leads)'
	mkdir -p docs/pictures && cp target/pictures/tour/*.png docs/pictures/
