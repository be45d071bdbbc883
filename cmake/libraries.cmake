# The libraries that Sluice stands on, by pkg-config.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(SLUICE_REQUIRES openssl libnghttp2 libcares zlib libbrotlidec libzstd libidn2 libpsl libssh2)
pkg_check_modules(SLUICE_DEPS REQUIRED IMPORTED_TARGET GLOBAL ${SLUICE_REQUIRES})
# Its headers only: sys/gss.c loads it at run time, when Kerberos is asked for.
pkg_check_modules(SLUICE_GSSAPI REQUIRED krb5-gssapi)

add_library(sluice_dependencies INTERFACE)
target_link_libraries(sluice_dependencies INTERFACE
  sluice_flags PkgConfig::SLUICE_DEPS Threads::Threads)
list(JOIN SLUICE_GSSAPI_CFLAGS " " gssapi_flags)
if(gssapi_flags)
  target_compile_options(sluice_dependencies INTERFACE "SHELL:${gssapi_flags}")
endif()
