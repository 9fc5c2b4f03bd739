#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# all: every test of the tree, quiet unless something fails; ends with a line that counts them. Called by `./dev test`, which has
# installed what is needed. Builds lie in build/: asan (gcc, address and undefined behaviour), plain (gcc; tests that replace malloc),
# clang, tsan.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
passed=0 failed=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }

# check NAME COMMAND...: one test.
check() {
	local name=$1
	shift
	if "$@" >"$out/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		say "FAILED: $name"
		cat "$out/log"
	fi
}

# unit DIR COMPILER [meson options]: builds it with warnings as errors and runs its unit tests and corpora.
unit() {
	local dir=build/$1 compiler=$2
	shift 2
	say "$dir: building"
	if [ ! -f "$dir/build.ninja" ] && ! CC=$compiler meson setup "$dir" -Dwerror=true "$@" >"$out/log" 2>&1; then
		cat "$out/log"
		failed=$((failed + 1))
		return
	fi
	if ! ninja -C "$dir" >"$out/log" 2>&1; then
		say "FAILED: build of $dir"
		grep -E 'error|warning|FAILED' "$out/log" | head -40
		failed=$((failed + 1))
		return
	fi
	say "$dir: unit tests"
	meson test -C "$dir" --no-rebuild --print-errorlogs --num-processes 2 >"$out/log" 2>&1
	again_meson "$dir"
	count_meson "$dir"
}

# What failed beside others runs once more, alone: on a busy machine a test with real sockets may be late. Both runs are told.
again_meson() {
	local names
	names=$(sed -n 's|^ *[0-9]*/[0-9]* limen:[a-z]* / \([a-z0-9_]*\) *\(FAIL\|TIMEOUT\) .*|\1|p' "$out/log" | sort -u)
	[ -n "$names" ] && [ "$(echo "$names" | wc -l)" -le 3 ] || return
	local ok_before
	ok_before=$(sed -n 's/^Ok: *//p' "$out/log")
	cp "$out/log" "$out/first"
	# shellcheck disable=SC2086
	meson test -C "$1" --no-rebuild --print-errorlogs --num-processes 1 $names >"$out/again" 2>&1 || return
	say "passed alone, failed among others in $1:" $names
	grep -E 'ERROR|LINE' "$out/first" | head -5
	printf 'Ok: %s\nFail: 0\nTimeout: 0\nUnexpected Pass: 0\n' "$((ok_before + $(echo "$names" | wc -l)))" >"$out/log"
}

count_meson() {
	local ok bad
	ok=$(sed -n 's/^Ok: *//p' "$out/log")
	bad=$(($(sed -n 's/^Fail: *//p' "$out/log") + $(sed -n 's/^Timeout: *//p' "$out/log") + $(sed -n 's/^Unexpected Pass: *//p' "$out/log")))
	passed=$((passed + ${ok:-0}))
	failed=$((failed + bad))
	if [ -z "$ok" ]; then
		failed=$((failed + 1))
		bad=1
	fi
	[ "$bad" -eq 0 ] || { say "FAILED in $1:"; cat "$out/log"; }
}

# scenarios DIR LIMEN [options]: the cases of tests/call, or of tests/clients.
scenarios() {
	say "scenarios: $*"
	local runner=tests/$1/run.py
	shift
	/usr/bin/python3 "$runner" "$@" >"$out/log" 2>&1
	local line
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$out/log" | tail -n 1)
	if [ -z "$line" ]; then
		failed=$((failed + 1))
		cat "$out/log"
		return
	fi
	passed=$((passed + $(echo "$line" | sed 's/ passed.*//')))
	local bad
	bad=$(echo "$line" | sed 's/.*, \([0-9]*\) failed.*/\1/')
	failed=$((failed + bad))
	grep -iE '^skip' "$out/log"
	if [ "$bad" -gt 0 ] || grep -q '^passed alone' "$out/log"; then # why it failed is wanted in both cases
		cat "$out/log"
	fi
}

headers_alone() {
	local h bad=0
	for h in $(git ls-files '*.h'); do # tests' own headers are told where the tree is
		gcc -std=gnu11 -D_GNU_SOURCE -DPROJECT_ROOT='""' -Wall -Werror -I. -fsyntax-only -x c "$h" $(pkg-config --cflags sofia-sip-ua) || bad=1
	done
	return $bad
}

formatted() {
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
}

say "style"
check "clang-format" formatted
check "headers compile alone" headers_alone
check "rooms use only what they may" /usr/bin/python3 tests/style/layers.py
check "READMEs name what there is" /usr/bin/python3 tests/style/readmes.py

unit asan gcc -Db_sanitize=address,undefined -Dbuildtype=debugoptimized
unit plain gcc -Dbuildtype=debugoptimized
unit clang clang -Dbuildtype=debugoptimized
for config in config/quickstart.json config/examples/*.json; do
	check "limen check $config" build/asan/sbc/limen check "$config"
done
scenarios call build/asan/sbc/limen --matrix full --jobs 8
scenarios clients build/asan/sbc/limen
say "storm: build/plain/sbc/limen"
check "registration storm" /usr/bin/python3 tests/storm/storm.py build/plain/sbc/limen build/plain/tests/storm/storm
unit tsan gcc -Db_sanitize=thread -Dbuildtype=debugoptimized
scenarios call build/tsan/sbc/limen --variant workers --jobs 8

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
