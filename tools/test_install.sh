#!/usr/bin/env bash
# Installs into an empty folder, and sees the files there, and programs that find them by pkg-config and
# by find_package(Sluice) build and run. SLUICE_BUILD names the build folder, SLUICE_CC the compiler.
set -uo pipefail
build=${SLUICE_BUILD:?}
cc=${SLUICE_CC:-cc}
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
prefix=$top/stage/opt/somewhere
failures=0

expect() { # what, command...
  local what=$1 out
  shift
  if out=$("$@" 2>&1); then
    echo "ok $what"
  else
    echo "not ok $what"
    echo "$out" | sed 's/^/# /'
    failures=$((failures + 1))
  fi
}
same() { [[ $1 == "$2" ]] || { printf '%s\nis not\n%s\n' "$1" "$2"; return 1; }; }

DESTDIR=$top/stage expect "installs" cmake --install "$build" --prefix /opt/somewhere
for file in include/curl/curl.h include/curl/easy.h include/curl/multi.h include/sluice/sluice.h \
  lib/libcurl.so.4 lib/libcurl.so lib/libcurl-gnutls.so.4 lib/libsluice.so.0 lib/libsluice.so \
  lib/libsluice.a lib/pkgconfig/libcurl.pc lib/pkgconfig/sluice.pc lib/cmake/Sluice/SluiceConfig.cmake; do
  expect "has $file" test -s "$prefix/$file"
done
[[ -x $build/bin/sluice ]] && expect "has bin/sluice" test -x "$prefix/bin/sluice"
for page in "${SLUICE_SOURCE:?}"/docs/*.[13]; do
  [[ -e $page ]] || continue
  expect "has ${page##*/}" test -s "$prefix/share/man/man${page##*.}/${page##*/}"
done

for file in POLICY.md SSRF.md BROKER.md examples/broker.c examples/ssrf/fetch.py; do
  expect "has $file" test -s "$prefix/share/doc/Sluice/$file"
done

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
expect "libcurl.pc is of 8.22.0" same "$(pkg-config --modversion libcurl)" 8.22.0
for library in libcurl sluice; do
  expect "$library.pc names the headers" same "$(pkg-config --variable=includedir $library)" \
    "$prefix/lib/pkgconfig/../../include"
done

# Programs that call something need a library that has something to call.
if ! nm -D --defined-only "$prefix/lib/libcurl.so.4" | grep -q ' curl_version_info\b'; then
  echo "# the library has no curl_version_info(): programs were not tried"
  exit $((failures > 0))
fi

mkdir "$top/program"
cd "$top/program" || exit 2
cat >program.c <<'END'
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static void print(const char *const *names)
{
  for (; names && *names; names++)
    printf("%s\n", *names);
}

int main(int argc, char **argv)
{
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (argc < 2)
    printf("%s\n", info->version);
  else
    print(strcmp(argv[1], "protocols") ? info->feature_names : info->protocols);
  return 0;
}
END
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(Program C)
find_package(Sluice REQUIRED)
foreach(library IN ITEMS sluice static curl)
  add_executable(with_${library} program.c)
  target_link_libraries(with_${library} Sluice::${library})
endforeach()
END
for library in libcurl sluice; do
  # shellcheck disable=SC2046
  expect "a program builds with $library.pc" "$cc" program.c -o "with_$library.pc" \
    $(pkg-config --cflags --libs $library)
  expect "and runs" same "$(./with_$library.pc)" 8.22.0
done
expect "a project builds with find_package(Sluice)" \
  bash -c "cmake -S . -B b -G Ninja -DCMAKE_C_COMPILER='$cc' -DCMAKE_PREFIX_PATH='$prefix' && cmake --build b"
for library in sluice static curl; do
  expect "and runs with Sluice::$library" same "$(b/with_$library)" 8.22.0
done
for what in protocols features; do
  expect "libcurl.pc names the $what of the library" same \
    "$(pkg-config --variable=supported_$what libcurl | tr ' ' '\n' | sort)" \
    "$(./with_libcurl.pc $what | if [[ $what == protocols ]]; then tr a-z A-Z; else cat; fi | sort)"
done
exit $((failures > 0))
