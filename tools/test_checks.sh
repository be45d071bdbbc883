#!/usr/bin/env bash
# Sees each check of the tree pass on a small clean tree, and fail, naming the place, for each thing that
# it is there to find; likewise tests/test.h, and tools/exam with an exam of our own making.
set -uo pipefail
shopt -s nullglob
tools=$(cd "$(dirname "$0")" && pwd)
python=/usr/bin/python3
[[ -x $python ]] || python=python3
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
tree=$top/tree
failures=0

fresh() { # a tree without a fault
  rm -rf "$tree"
  mkdir -p "$tree"/src/{base,sys,gate,loop,wire,tls,ssh,dns,stream,proto,xfer,api} "$tree/cli"
  cd "$tree" || exit 2
  printf '#include <stdlib.h>\nvoid *sl_malloc(size_t n);\nvoid *sl_malloc(size_t n)\n{\n  return malloc(n);\n}\n' >src/base/mem.c
  printf '#include <sys/socket.h>\nint sl_gate(void);\nint sl_gate(void)\n{\n  return socket(1, 1, 0);\n}\n' >src/gate/gate.c
  printf '#include <stdlib.h>\nchar *sl_env(void);\nchar *sl_env(void)\n{\n  return getenv("A");\n}\n' >src/sys/env.c
  printf '#include "base/buf.h" // base\n/* #include "api/up.h" */\n#include <curl/curl.h>\n' >src/wire/url.h
  printf '#include "xfer/pool.h"\n#include "loop/timers.h"\n#include "api/options.def"\n' >src/api/easy.h
}

check() { # tool
  case $1 in
    layers) "$python" "$tools/layers" --root "$tree" ;;
    longest) "$python" "$tools/longest" --root "$tree" --check ;;
    symbols)
      for source in src/*/*.c; do
        object=build/CMakeFiles/sluice_objects.dir/$source.o
        mkdir -p "$(dirname "$object")"
        [[ $object -nt $source ]] ||
          "${SLUICE_CC:-cc}" -w -fno-builtin -D_GNU_SOURCE -c "$source" -o "$object" || return 99
      done
      "$python" "$tools/symbols" build
      ;;
    harness) "$compiler" $language -I"$tools/.." x_test.c -o x_test && ./x_test ;;
    exam) "$python" "$tools/exam" --exam "$tree/exam" --lib "$tree" --passed "$tree/passed" \
      --log "$tree/exam.log" ;;
  esac
}

passes() { # tool, what the tree has
  local out
  if out=$(check "$1" 2>&1); then
    echo "ok $1 accepts $2"
  else
    echo "not ok $1 accepts $2"
    echo "$out" | sed 's/^/# /'
    failures=$((failures + 1))
  fi
}

finds() { # tool, what the tree has, all that it must say
  local out status missing=()
  out=$(check "$1" 2>&1)
  status=$?
  for needle in "${@:3}"; do grep -qF -- "$needle" <<<"$out" || missing+=("$needle"); done
  if ((status == 1 && ${#missing[@]} == 0)); then
    echo "ok $1 finds $2"
  else
    echo "not ok $1 finds $2 (status $status)"
    printf '# does not say: %s\n' "${missing[@]}"
    echo "$out" | sed 's/^/# /'
    failures=$((failures + 1))
  fi
}

include() { # file, what, and what layers must say
  fresh
  echo "#include $2" >>"$1"
  finds layers "$2 in $1" "$1:$(wc -l <"$1"): #include $2: $3"
}

calls() { # file, functions, each of which symbols must name
  local source=$1 name body="" wanted=()
  shift
  fresh
  for name; do
    printf 'int %s();\n' "$name"
    body+=" + $name()"
    wanted+=("$source: calls $name;")
  done >"$source"
  printf 'int f(void)\n{\n  return 0%s;\n}\n' "$body" >>"$source"
  finds symbols "$* in $source" "${wanted[@]}"
}

function_of() { # lines, first statement
  echo "int f(int a,"
  echo "      int b)"
  echo "{"
  echo "  $2"
  for ((i = 0; i < $1 - 5; i++)); do echo "  a++; // }"; done
  echo "}"
}

fresh
passes layers "a clean tree"
include src/base/mem.c '"sys/env.h"' "sys/ lies above base/"
include src/base/mem.c '<curl/curl.h>' "base/ knows no curl types"
include src/base/mem.c '<sluice/sluice.h>' "base/ knows no curl types"
include src/sys/env.c '"gate/gate.h"' "gate/ lies above sys/"
include src/wire/url.h '"loop/timers.h"' "wire/ sees base/ only"
include src/wire/url.h '"sys/clock.h"' "wire/ sees base/ only"
include src/tls/tls.c '"gate/gate.h"' "tls/ sees base/ only"
include src/ssh/session.c '"gate/gate.h"' "ssh/ sees base/ only"
include src/dns/dns.c '"tls/tls.h"' "tls/ has the same rank as dns/"
include src/stream/tcp.c '"proto/http.h"' "proto/ lies above stream/"
include src/xfer/pool.h '"api/easy.h"' "api/ lies above xfer/"
include src/base/mem.c '"mem.h"' "our own headers are named from src/ on"
include src/base/mem.c '"../base/mem.h"' "our own headers are named from src/ on"
include src/base/mem.c 'HEADER' "an #include that names no file"
fresh
mkdir src/util
echo 'int x;' >src/util/x.c
finds layers "a folder that is no layer" "src/util/x.c: in none of the folders"
rm -rf src
finds layers "nothing to check" "no files"

fresh
passes symbols "a clean tree"
calls src/stream/tcp.c socket socketpair accept accept4 connect bind listen getaddrinfo gethostbyname
calls src/gate/policy.c socket
calls src/gate/broker.c socket connect accept4
fresh
printf "int socket();\nint f(void)\n{\n  return socket();\n}\n" >src/gate/broker_process.c
passes symbols "socket() in the process of the broker"
calls src/wire/url.c malloc calloc realloc free strdup strndup asprintf getline
calls src/gate/gate.c malloc
calls src/xfer/auth.c getenv secure_getenv
fresh
printf 'int sendto();\nint recv();\nint f(void)\n{\n  return sendto() + recv();\n}\n' >src/stream/udp.c
passes symbols "sendto() and recv() anywhere"
rm -rf src build
mkdir -p src/base
finds symbols "nothing to check" "no objects"

fresh
function_of 80 "a = b;" >src/base/f.c
passes longest "a function of 80 lines"
fresh
function_of 81 "a = b;" >src/base/f.c
finds longest "a function of 81 lines" "src/base/f.c:1: f has 81 lines, the cap is 80"
fresh
function_of 81 "a = b;" >cli/main.c
finds longest "one in cli/" "cli/main.c:1: f has 81 lines"
fresh
function_of 81 "/* CO_BEGIN */ a = '{';" >src/base/f.c
finds longest "one with a brace in quotes and CO_BEGIN in a comment" "src/base/f.c:1: f has 81 lines"
fresh
{ printf 'struct x {\n  int a;\n};\n#if A\nint g(void) {\n#else\nint h(void) {\n#endif\n}\n'
  function_of 81 "a = b;"; } >src/base/f.c
finds longest "one after a struct and an #if with two heads" "src/base/f.c:10: f has 81 lines"
fresh
function_of 120 "CO_BEGIN(&a);" >src/proto/f.c
passes longest "a coroutine of 120 lines"
fresh
function_of 121 "CO_BEGIN(&a);" >src/proto/f.c
finds longest "a coroutine of 121 lines" "src/proto/f.c:1: f has 121 lines, the cap is 120"
fresh
yes 'int x;' | head -n 800 >src/base/f.c
yes 'X(1)' | head -n 2000 >src/api/options.def
{ echo 'static const int table[] = {'; yes '  1,' | head -n 500; echo '};'; } >src/base/t.c
passes longest "800 lines, a long table, a longer .def"
fresh
yes 'int x;' | head -n 801 >src/base/f.c
finds longest "a file of 801 lines" "src/base/f.c: 801 lines, the cap is 800"
rm -rf src cli
finds longest "nothing to check" "no files"

harness() { # compiler, language options, statements of a test
  compiler=$1 language=$2
  fresh
  printf '#include "tests/test.h"\nTEST(one)\n{\n%s\n}\nTEST(two)\n{\n}\n' "$3" >x_test.c
}
for language in "-std=c11" "-x c++ -std=c++17"; do
  compiler=${SLUICE_CC:-cc}
  if [[ $language == *c++* ]]; then
    compiler=c++
    command -v c++ >/dev/null || continue
  fi
  harness "$compiler" "$language" \
    'CHECK(1); CHECK_INT(2, 2); CHECK_STR("a", "a"); CHECK_STR(NULL, NULL); CHECK_MEM("ab", "ac", 1);'
  passes harness "what holds ($language)"
  for row in 'CHECK(1 == 2);|does not hold: 1 == 2' 'CHECK_INT(1, -2);|1 is 1, not -2' \
    'CHECK_STR("a", "b");|should be "b" (1 bytes)' 'CHECK_STR(NULL, "b");|is        NULL' \
    'CHECK_STR("a", NULL);|should be NULL' 'CHECK_MEM("ab", "ac", 2);|should be "ac" (2 bytes)' \
    'REQUIRE(0); CHECK_INT(1, 1);|does not hold: 0'; do
    harness "$compiler" "$language" "${row%|*}"
    finds harness "${row%|*} ($language)" "x_test.c:4: " "${row#*|}" "not ok one" "ok two" "1 passed, 1 failed"
  done
done

exam() { # cases of the list, cases that fail, cases that fail but alone, exit status if it can not begin
  fresh
  touch libcurl.so.4
  echo "$1" >passed
  mkdir exam
  cat >exam/run <<END
#!/usr/bin/env bash
[[ "$4" ]] && exit "$4"
[[ " \$* " == *" -j 1 "* ]] && alone=1
[[ \$* =~ -j\ 1\ (.*) ]] && cases=\${BASH_REMATCH[1]}
for i in \${cases:-1 2 3 4 5 6}; do
  if [[ " $2 " == *" \$i "* ]] || { [[ ! \${alone:-} ]] && [[ " $3 " == *" \$i "* ]]; }; then
    echo "not ok \$i name: why"
  else
    echo "ok \$i name"
  fi
done
echo "0 passed, 0 failed, 0 skipped"
END
  chmod +x exam/run
}
exam "1-4" "5 6" "2" ""
passes exam "failures that are not in the list, and one that passes alone"
exam "1-4" "3 5" "" ""
finds exam "a case that passed before" "passed before: not ok 3 name: why" "3 passed, 1 failed"
exam "1-4 6" "" "" 2
finds exam "an exam that can not begin" "the exam did not end" "0 passed, 5 failed"
exam "" "" "" 2
finds exam "the same with an empty list" "0 passed, 1 failed"

echo "$failures failed"
exit $((failures > 0))
