#!/usr/bin/env bash
# The shared library: its SONAME, nothing exported but what its headers declare, all of that exported, and a program of
# somebody else's that uses it.
#
#   library_test.sh BUILD
set -euo pipefail
build=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d -t kiz-library-XXXXXX)
trap 'rm -rf "$work"' EXIT
wrong() { echo "FAIL  $*"; exit 1; }

library=$(find "$build/packaging/library" -name 'libkiz.so.*.*.*' | head -1)
[ -n "$library" ] || wrong "no libkiz.so.VERSION was built"
soname=$(objdump -p "$library" | awk '/SONAME/ {print $2}')
[ "$soname" = libkiz.so.0 ] || wrong "SONAME is $soname"

exported=$(nm -DC --defined-only --with-symbol-versions "$library" | awk '$2 != "A"' | cut -d' ' -f3-)
[ -n "$exported" ] || wrong "nothing is exported"
foreign=$(grep -v '^kiz::.*@@KIZ_0$' <<<"$exported" || true)
[ -z "$foreign" ] || wrong "exported and not ours: $(head -5 <<<"$foreign")"
inner=$(grep -E '^kiz::(Sql|ReplicaCore|ControlLog|Membership)::|json' <<<"$exported" || true)
[ -z "$inner" ] || wrong "exported and no promise: $(head -5 <<<"$inner")"
echo "ok    $(wc -l <<<"$exported") functions of kiz are exported, nothing else"

include=$work/include
mkdir -p "$include"
cp -r "$root/protocol/include/kiz" "$include/"
cp -r "$root/libclient/include/kiz" "$include/"
sed -n '/<<.CODE/,/^CODE/p' "$root/packaging/debian/tests/library" | sed '1d;$d' >"$work/opens.cc"
# Every function of the class is named, so that the linker asks for it.
cat >"$work/all.cc" <<'CODE'
#include <kiz/replica.h>

template <class F>
bool named(F f) { return f != nullptr; }

int main() {
  using namespace kiz;
  bool all = named(&Replica::open) && named(&Replica::create) && named(&Replica::identity) && named(&Replica::membership) &&
             named(&Replica::control) && named(&Replica::now_ms) && named(&Replica::space) && named(&Replica::read) &&
             named(&Replica::scan) && named(&Replica::find_by_prefix) && named(&Replica::conflicts) &&
             named(&Replica::conflict_count) && named(&Replica::history) && named(&Replica::author_of) &&
             named(&Replica::actor_of) && named(&Replica::spaces) && named(&Replica::state_hash) && named(&Replica::figures) &&
             named(&Replica::verify) && named(&Replica::commit) && named(&Replica::undo_last) && named(&Replica::random) &&
             named(&Edit::set) && named(&Edit::add) && named(&Edit::remove) && named(&Edit::del) && named(&Edit::undo) &&
             named(&to_hex) && named(&from_hex) && named(&exit_code) && named(static_cast<std::string_view (*)(Errc)>(&name));
  KIZ_ASSERT(all);
  return 0;
}
CODE
compiler=${CXX:-g++}
ln -s "$library" "$work/libkiz.so"
ln -s "$library" "$work/$soname"
for program in all opens; do
  "$compiler" -std=c++20 -Wall -Wextra -Werror -I"$include" -o "$work/$program" "$work/$program.cc" -L"$work" -lkiz \
    || wrong "$program does not link with what is exported"
  (cd "$work" && LD_LIBRARY_PATH=$work "./$program" >/dev/null) || wrong "$program ended with $?"
done
echo "ok    a program with nothing but the headers and libkiz.so opens and makes a replica"
