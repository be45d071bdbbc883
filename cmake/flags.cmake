# Compiler flags: `sluice_flags` for all our code, `sluice_internals` for code that sees src/ as well.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

set(warnings -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2)
if(SLUICE_WERROR)
  list(APPEND warnings -Werror)
endif()

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(sluice_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE>)
target_compile_options(sluice_flags INTERFACE ${warnings}
  "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>")
target_link_options(sluice_flags INTERFACE -Wl,--as-needed -Wl,--gc-sections)

if(SLUICE_SANITIZE)
  set(sanitize -fsanitize=${SLUICE_SANITIZE})
  target_compile_options(sluice_flags INTERFACE
    ${sanitize} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE ${sanitize})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(sluice_flags INTERFACE _FORTIFY_SOURCE=2)
  set(code_generation -fstack-protector-strong -ffunction-sections -fdata-sections -fno-plt)
  target_compile_options(sluice_flags INTERFACE ${code_generation})
  target_link_options(sluice_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

add_library(sluice_internals INTERFACE)
target_link_libraries(sluice_internals INTERFACE sluice_flags)
target_compile_definitions(sluice_internals INTERFACE BUILDING_LIBCURL)
# not -I: <sys/random.h> is the system's, "sys/random.h" is ours
target_compile_options(sluice_internals INTERFACE "SHELL:-iquote ${PROJECT_SOURCE_DIR}/src")

# In a coroutine (base/co.h) a local does not survive an await: a jump past its initialiser, harmless
# in a `goto out`, is a mistake there.
function(sluice_coroutine_warnings)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(flag -Wjump-misses-init)
  else()
    set(flag -Wconditional-uninitialized)
  endif()
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} found REGEX "^ *CO_BEGIN\\(" LIMIT_COUNT 1)
    if(found)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${flag})
    endif()
  endforeach()
endfunction()
